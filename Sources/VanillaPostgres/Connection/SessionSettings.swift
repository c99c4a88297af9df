// SPDX-License-Identifier: MIT

/// What a new connection says about its session: whether that is its own, and how long a statement
/// may take.
///
/// A timeout that is sent with `options` would overrule that of the role or the database. So the
/// server is asked for its own first, and told the pool's only where nobody has set one.
struct SessionSettings {
    /// Whether the settings that were sent were taken. Where a pooler ignores them, each
    /// transaction may meet another server, which has another session.
    let areTaken: Bool
    /// How long a statement may take where somebody has said so, in milliseconds; zero for as long
    /// as it likes.
    let timeout: Int64?
    /// Nobody had, and the server was told the pool's.
    let isTimeoutSet: Bool

    /// Drawn for each connection, so that no other one has set it.
    struct Mark {
        private let text = String(UInt64.random(in: 0 ... .max), radix: 36)

        /// For `options`.
        var option: String { "-c vanilla.connection=\(text)" }

        fileprivate var isSet: String {
            "coalesce(current_setting('vanilla.connection', true) = '\(text)', false)"
        }
    }

    /// Asks for them, and sets the timeout where nobody has.
    ///
    /// - Parameter timeout: In milliseconds; nil where the program has set one.
    static func question(_ mark: Mark, timeout: Int64?) -> String {
        guard let timeout else { return "select \(mark.isSet), null::text, null::text" }
        return """
            select \(mark.isSet), case when source <> 'default' then setting end, \
            case when source = 'default' and \(mark.isSet) \
            then set_config('statement_timeout', '\(timeout)', false) end \
            from pg_settings where name = 'statement_timeout'
            """
    }

    /// Reads the answer.
    init(_ rows: PostgresRows) throws {
        let row = rows[0]
        areTaken = try row[0]
        let setting: String? = try row[1]
        timeout = setting.flatMap { Int64($0) }
        let set: String? = try row[2]
        isTimeoutSet = set != nil
    }

    /// Of a server that does not know the question.
    static let unknown = SessionSettings()

    private init() {
        areTaken = true
        timeout = nil
        isTimeoutSet = false
    }
}
