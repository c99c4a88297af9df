// SPDX-License-Identifier: MIT

/// What the database, or the way to it, refused.
///
/// A statement that the database refused throws it as it is. What says that there is no database to
/// be had, for now, is the `cause` of a `RequestError` that answers 503 with Retry-After.
public struct PostgresError: Error, Sendable {
    /// What went wrong.
    public let kind: Kind
    /// The sentence about it.
    public let message: String
    /// The five characters of the SQL standard, such as `23505` for a unique key that exists; empty
    /// where the server did not say.
    public let sqlState: String
    /// More about it, where the server said more.
    public let detail: String?
    /// What to do about it, where the server knows.
    public let hint: String?
    /// The constraint that was violated.
    public let constraint: String?
    /// Where in the statement it is, in characters from 1.
    public let position: Int?
    /// A cached plan that a schema change made unusable.
    let isStalePlan: Bool
    /// The server has ended the connection with it.
    let isFatal: Bool

    init(
        _ kind: Kind, _ message: String, sqlState: String = "", detail: String? = nil,
        hint: String? = nil, constraint: String? = nil, position: Int? = nil,
        isStalePlan: Bool = false, isFatal: Bool = false
    ) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        self.position = position
        self.isStalePlan = isStalePlan
        self.isFatal = isFatal
    }
}

extension PostgresError {
    /// The error of a value that cannot be sent, for types that are made ``PostgresEncodable``.
    public init(encoding message: String) {
        self.init(.encoding, message)
    }
}

extension PostgresError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// The database refused a statement: see ``PostgresError/sqlState``.
        public static let server = Kind("server")
        /// A parameter cannot be sent, such as a text with a NUL in it.
        public static let encoding = Kind("encoding")
        /// A column is not what was asked for.
        public static let decoding = Kind("decoding")
        /// A connection could not be opened, or was lost.
        public static let connection = Kind("connection")
        /// No connection, or no answer, came in time.
        public static let timeout = Kind("timeout")
        /// As many wait as may wait.
        public static let exhausted = Kind("exhausted")
        /// The worker stops, no server runs, or the pool was released.
        public static let stopped = Kind("stopped")
        /// The pool was used wrongly, for example a connection that was released.
        public static let misuse = Kind("misuse")
    }
}

extension PostgresError: CustomStringConvertible {
    /// The state and the sentences, for people, with the server's hint last.
    public var description: String {
        var text = sqlState.isEmpty ? message : "\(sqlState): \(message)"
        if let detail { text += " (\(detail))" }
        if let hint { text += " Hint: \(hint)" }
        return text
    }
}

// MARK: - What it means for who asked

extension PostgresError {
    /// There is such a row already: ``constraint`` names the index that says so.
    public var isUniqueViolation: Bool { sqlState == "23505" }

    /// What a row refers to is not there, or what is to go is referred to: ``constraint`` names the
    /// key.
    public var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// The same transaction may succeed when it is tried again.
    public var isSerializationFailure: Bool { sqlState == "40001" || sqlState == "40P01" }
}

// MARK: - What it means for the connection

extension PostgresError {
    /// The connection has no future: the server goes down, is not what it was, or cannot be
    /// reached.
    var endsConnection: Bool {
        if isFatal { return true }
        return switch sqlState {
        case "57P01", "57P02", "57P03", "57P05": true
        // What a wrong number of parameters is called, too; where it is the connection, that ends.
        case "08P01": false
        default: sqlState.hasPrefix("08")
        }
    }

    /// The server has become a standby, or always was one.
    var refusesWrites: Bool { sqlState == "25006" }

    /// The statement is not prepared, or no longer as it was; nothing was done.
    var wantsPreparing: Bool { sqlState == "26000" || isStalePlan }

    /// What a parameter meets whose type was left open, and was found when the statement was
    /// prepared, where the column has another one now. Nothing was done.
    var mayWantPreparing: Bool {
        switch sqlState {
        case "22003", "22007", "22008", "22P02", "22P03", "42804", "42846", "42883": true
        default: false
        }
    }

    /// The query was cancelled, by a timeout or by us.
    var isCancelled: Bool { sqlState == "57014" }
}
