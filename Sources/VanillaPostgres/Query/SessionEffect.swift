// SPDX-License-Identifier: MIT

/// What a statement leaves in the session of its connection, as far as its text says. On a
/// connection that is shared, that would meet the queries of other requests.
enum SessionEffect {
    /// Commands that leave something, besides a transaction. RESET, UNLISTEN, DISCARD and
    /// DEALLOCATE only take away, which the pool mends.
    private static let commands: Set<String> = ["set", "listen", "prepare", "declare"]
    /// What the functions have in common that lock until the session ends.
    private static let lock = Array("advisory_lock".utf8)

    /// Why a statement is not sent on a shared connection; nil where it may be.
    static func refusal(of sql: String) -> PostgresError? {
        // It is refused for its size, which is found out faster.
        guard sql.utf8.count <= PostgresParameters.sizeLimit else { return nil }
        let command = SQLText.command(of: sql)
        if command == "begin" || command == "start" {
            return PostgresError(
                .misuse, "A transaction was begun on a shared connection: use withTransaction.")
        }
        if commands.contains(command) {
            return PostgresError(
                .misuse,
                "\(command.uppercased()) is for a session, and this connection is shared: use withConnection."
            )
        }
        if command == "copy", let refusal = CopyCommand.refusal(of: sql) { return refusal }
        if contains(sql, lock) {
            return PostgresError(
                .misuse,
                "A lock of the session was asked for on a shared connection: use withConnection, or pg_advisory_xact_lock in a transaction."
            )
        }
        return nil
    }

    /// Whether a text has a word in it, in whichever letters.
    private static func contains(_ sql: String, _ word: [UInt8]) -> Bool {
        var text = sql
        return text.withUTF8 { bytes in
            guard bytes.count >= word.count else { return false }
            return (0...bytes.count - word.count).contains { start in
                // Within both.
                word.indices.allSatisfy { unsafe (bytes[start + $0] | 0x20) == (word[$0] | 0x20) }
            }
        }
    }
}
