// SPDX-License-Identifier: MIT

internal import Vanilla

/// A connection that is leased to one, for transactions, session settings, locks.
///
/// On the worker's thread, and given back with `release`: a lease that is dropped is given back,
/// too, and logged with the place that took it, as is one that is held for long.
public final class PostgresConnection {
    private let shard: Shard
    private var connection: Connection?
    private let file: String
    private let line: Int

    init(_ connection: Connection, _ shard: Shard, file: String, line: Int) {
        self.connection = connection
        self.shard = shard
        self.file = file
        self.line = line
        connection.watchLease(file, line)
    }

    deinit {
        guard let connection else { return }
        // The last reference may go on any thread.
        let lost = Box(connection)
        shard.context.report(
            .warning, "A database connection taken at \(file):\(line) was not released.")
        shard.worker.run { lost.value.endLease() }
    }

    /// The number of the server's process, as in `pg_stat_activity`; 0 once released.
    public var process: Int32 { connection?.process ?? 0 }

    /// Asks on this connection. Queries are answered in their order; several may be under way.
    ///
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ statement: Statement, _ parameters: repeat each Parameter, timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query = try begin(statement, timeout)
        try query.encode(repeat each parameters)
        return try await query.run()
    }

    /// Asks what is not worth preparing on this connection.
    ///
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ sql: String, _ parameters: repeat each Parameter, timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query = try begin(sql, timeout)
        try query.encode(repeat each parameters)
        return try await query.run()
    }

    @usableFromInline
    func begin(_ statement: Statement, _ timeout: Duration?) throws(PostgresError) -> Query {
        let query = try begin(timeout)
        try query.operation.take(statement)
        return query
    }

    @usableFromInline
    func begin(_ sql: String, _ timeout: Duration?) throws(PostgresError) -> Query {
        let query = try begin(timeout)
        try query.operation.take(sql)
        return query
    }

    private func begin(_ timeout: Duration?) throws(PostgresError) -> Query {
        guard shard.worker.isCurrent else {
            throw PostgresError(.misuse, "A connection is used on its worker's thread.")
        }
        guard let connection else {
            throw PostgresError(.misuse, "The connection was released.")
        }
        let query = shard.makeQuery(timeout)
        query.operation.lease(connection.number)
        return query
    }

    // MARK: - Transactions

    func begin(_ options: TransactionOptions) {
        connection?.begin(options.sql, isReadOnly: options.isReadOnly)
    }

    nonisolated(nonsending) func commit() async throws {
        // Nothing was asked, so that nothing began.
        if let connection, connection.beginning != nil {
            connection.forgetBeginning()
            return
        }
        let rows = try await query("commit")
        guard rows.tag == "COMMIT" else {
            throw PostgresError(
                .server, "The transaction was rolled back, as one of its queries had failed.",
                sqlState: "25P02")
        }
    }

    func release() {
        guard let connection else { return }
        self.connection = nil
        if shard.worker.isCurrent { return connection.endLease() }
        // Its worker takes it back.
        let box = Box(connection)
        shard.worker.run { box.value.endLease() }
    }
}
