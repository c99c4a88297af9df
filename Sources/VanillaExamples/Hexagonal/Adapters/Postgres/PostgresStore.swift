// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import Vanilla
import VanillaPostgres

/// Keeps everything in PostgreSQL. Queries run on the loop of the worker that asks: there is no
/// thread for them, and so the store is for handlers alone.
final class PostgresStore: Sendable {
    private let pool: PostgresPool
    private let migration = PostgresMigration()

    /// Nothing is connected yet: a database may come later than this program, and go and come back.
    ///
    /// - Parameter workers: Among how many the connections are divided.
    /// - Throws: ``PostgresError`` for a malformed connection string.
    init(connection: String, workers: Int) throws(PostgresError) {
        pool = try PostgresPool(.shared(connection, among: workers))
    }
}

extension PostgresPool.Configuration {
    /// Ten connections, or one for each worker where there are more: a worker has its own.
    static func shared(_ connection: String, among workers: Int) -> Self {
        var configuration = Self(connection)
        configuration.maximumInProcess = max(10, workers)
        configuration.maximum = max(1, 10 / workers)
        configuration.minimum = min(2, configuration.maximum)
        configuration.lifetime = .seconds(3600)
        configuration.idleTimeout = .seconds(600)
        configuration.acquireTimeout = .seconds(5)
        return configuration
    }
}

extension PostgresStore: UserStore {
    private static let insertUser = Statement(
        "insert into hexagonal_users (name, password_hash) values ($1, $2) returning id")
    private static let selectUser = Statement(
        "select id, password_hash from hexagonal_users where name = $1", .reads)
    private static let selectUsers = Statement(
        "select id, name from hexagonal_users where id > $1 order by id limit $2", .reads)

    func addUser(named name: UserName, passwordHash: PasswordHash) async throws -> User {
        let rows = try await query(Self.insertUser, name.text, passwordHash.text)
        return try User(id: rows[0][0], name: name)
    }

    func findUser(named name: UserName) async throws -> (user: User, passwordHash: PasswordHash)? {
        let rows = try await query(Self.selectUser, name.text)
        guard let row = rows.first else { return nil }
        return (try User(id: row[0], name: name), PasswordHash(try row[1]))
    }

    func listUsers(_ page: Page) async throws -> [User] {
        try await query(Self.selectUsers, page.after, Int64(page.limit)).map { row in
            try User(id: row[0], name: UserName(row[1]))
        }
    }
}

extension PostgresStore: ProductStore {
    private static let insertProduct = Statement(
        "insert into hexagonal_products (name, price, currency) values ($1, $2, $3) returning id")
    private static let selectProducts = Statement(
        "select id, name, price, currency from hexagonal_products where id > $1 order by id limit $2",
        .reads)

    func addProduct(named name: ProductName, price: Price) async throws -> Product {
        let rows = try await query(
            Self.insertProduct, name.text, price.amount.minorUnits, price.currency.code)
        return try Product(id: rows[0][0], name: name, price: price)
    }

    func listProducts(_ page: Page) async throws -> [Product] {
        try await query(Self.selectProducts, page.after, Int64(page.limit)).map { row in
            let price = try Price(amount: Amount(row[2]), currency: Currency(row[3]))
            return try Product(id: row[0], name: ProductName(row[1]), price: price)
        }
    }
}

extension PostgresStore {
    /// Asks a database that is up to date. What goes wrong is in the application's words, where it
    /// has some.
    private func query<each Parameter: PostgresEncodable & Sendable>(
        _ statement: Statement, _ parameters: repeat each Parameter
    ) async throws -> PostgresRows {
        do {
            try await migration.run(on: pool)
            return try await pool.query(statement, repeat each parameters)
        } catch let error as PostgresError where error.sqlState == "23505" {
            throw ApplicationError.nameTaken
        } catch let error as RequestError where error.status == .serviceUnavailable {
            throw ApplicationError.busy
        }
    }
}
