// SPDX-License-Identifier: MIT

/// The shape of the database, step by step: what was released is never changed, only added to.
enum SQLiteMigrations {
    static let all = [
        """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            password_hash TEXT NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE products (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            price INTEGER NOT NULL,
            currency TEXT NOT NULL
        ) STRICT
        """,
    ]

    /// Brings a database up to date: all of it, or nothing and an error. Programs that start at the
    /// same time do so one after the other.
    static func run(_ steps: [String] = all, on connection: SQLiteConnection) throws {
        try connection.transaction {
            let version = try connection.rows("PRAGMA user_version") { row in row.integer(0) }[0]
            guard version <= steps.count else {
                throw NewerDatabase(version: version, known: steps.count)
            }
            for step in steps.dropFirst(Int(version)) { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = \(steps.count)")
        }
    }
}
