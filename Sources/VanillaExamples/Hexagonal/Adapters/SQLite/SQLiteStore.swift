// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain

/// Keeps everything in a file. One thread writes, some read at the same time (WAL), and those of
/// the server do neither: they wait for nothing.
final class SQLiteStore: Sendable {
    private let writer: ThreadPool<SQLiteConnection>
    private let readers: ThreadPool<SQLiteConnection>

    /// Opens a file, makes it where there is none, and brings it up to date.
    ///
    /// - Throws: ``SQLiteError``, or ``NewerDatabase``.
    init(path: String, readers: Int = 2, maximumWaiting limit: Int = 1000) throws {
        let writing = try Self.connect(path)
        try SQLiteMigrations.run(on: writing)
        let reading = try (0..<readers).map { _ in
            let connection = try Self.connect(path)
            try connection.execute("PRAGMA query_only = ON")
            return connection
        }
        writer = ThreadPool([writing], maximumWaiting: limit)
        self.readers = ThreadPool(reading, maximumWaiting: limit)
    }

    /// What was answered is on the disk: each commit waits for it.
    private static func connect(_ path: String) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path)
        try connection.executeOnceFree("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL")
        return connection
    }

    /// Ends what was begun, and closes the file.
    func close() {
        readers.close()
        writer.close()
    }
}

extension SQLiteStore: UserStore {
    func addUser(named name: UserName, passwordHash: PasswordHash) async throws -> User {
        try await write { connection in
            try connection.rows(
                "INSERT INTO users (name, password_hash) VALUES (?, ?) RETURNING id",
                [.text(name.text), .text(passwordHash.text)]
            ) { row in User(id: row.integer(0), name: name) }[0]
        }
    }

    func findUser(named name: UserName) async throws -> (user: User, passwordHash: PasswordHash)? {
        try await read { connection in
            try connection.rows(
                "SELECT id, password_hash FROM users WHERE name = ?", [.text(name.text)]
            ) { row in
                (User(id: row.integer(0), name: name), PasswordHash(row.text(1)))
            }.first
        }
    }

    func listUsers(_ page: Page) async throws -> [User] {
        try await read { connection in
            try connection.rows(
                "SELECT id, name FROM users WHERE id > ? ORDER BY id LIMIT ?", page.values
            ) { row in
                try User(id: row.integer(0), name: UserName(row.text(1)))
            }
        }
    }
}

extension SQLiteStore: ProductStore {
    func addProduct(named name: ProductName, price: Price) async throws -> Product {
        try await write { connection in
            try connection.rows(
                "INSERT INTO products (name, price, currency) VALUES (?, ?, ?) RETURNING id",
                [
                    .text(name.text), .integer(price.amount.minorUnits),
                    .text(price.currency.code),
                ]
            ) { row in Product(id: row.integer(0), name: name, price: price) }[0]
        }
    }

    func listProducts(_ page: Page) async throws -> [Product] {
        try await read { connection in
            try connection.rows(
                "SELECT id, name, price, currency FROM products WHERE id > ? ORDER BY id LIMIT ?",
                page.values
            ) { row in
                let price = try Price(
                    amount: Amount(row.integer(2)), currency: Currency(row.text(3)))
                return try Product(
                    id: row.integer(0), name: ProductName(row.text(1)), price: price)
            }
        }
    }
}

extension SQLiteStore {
    private typealias Work<Result> = @Sendable (SQLiteConnection) throws -> Result

    private func write<Result: Sendable>(_ work: @escaping Work<Result>) async throws -> Result {
        try await Self.run(work, by: writer)
    }

    private func read<Result: Sendable>(_ work: @escaping Work<Result>) async throws -> Result {
        try await Self.run(work, by: readers)
    }

    /// In the application's words, where it has some.
    private static func run<Result: Sendable>(
        _ work: @escaping Work<Result>, by threads: ThreadPool<SQLiteConnection>
    ) async throws -> Result {
        do {
            return try await threads.run { connection in try work(connection) }
        } catch let error as SQLiteError where error.isDuplicate {
            throw ApplicationError.nameTaken
        } catch let error as SQLiteError where error.isBusy {
            throw ApplicationError.busy
        }
    }
}

extension Page {
    fileprivate var values: [SQLiteValue] { [.integer(after), .integer(Int64(limit))] }
}
