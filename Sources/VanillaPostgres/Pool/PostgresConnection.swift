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
    /// A transaction was begun for it, and the server has rolled that back in answer to its commit.
    private var isTransaction = false
    private var isRolledBack = false

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
        shard.worker.run { lost.value.endLease(.session) }
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

    /// Asks on this connection, with as many parameters as are known at run time.
    ///
    /// - Parameter parameters: The values of `$1`, `$2` ... A NULL is one with its type, such as
    ///   `Int?.none`.
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    nonisolated(nonsending) public func query(
        _ statement: Statement, parameters: [any PostgresEncodable], timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query = try begin(statement, timeout)
        try query.encode(list: parameters)
        return try await query.run()
    }

    /// Asks what is not worth preparing, with as many parameters as are known at run time.
    ///
    /// - Parameter parameters: The values of `$1`, `$2` ... A NULL is one with its type, such as
    ///   `Int?.none`.
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    nonisolated(nonsending) public func query(
        _ sql: String, parameters: [any PostgresEncodable], timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query = try begin(sql, timeout)
        try query.encode(list: parameters)
        return try await query.run()
    }

    @usableFromInline
    func begin(_ statement: Statement, _ timeout: Duration?) throws -> Query {
        let query = try begin(timeout)
        try query.operation.take(statement)
        return query
    }

    @usableFromInline
    func begin(_ sql: String, _ timeout: Duration?) throws -> Query {
        let query = try begin(timeout)
        try query.operation.take(sql)
        return query
    }

    private func begin(_ timeout: Duration?) throws -> Query {
        guard shard.worker.isCurrent else {
            throw PostgresError(.misuse, "A connection is used on its worker's thread.")
        }
        guard let connection else {
            throw PostgresError(.misuse, "The connection was released.")
        }
        if let loss = connection.loss { throw unavailable(loss) }
        // It is not sent then, whatever it was to undo.
        if Task.isCancelled { connection.leaseWasCancelled = true }
        let query = shard.makeQuery(timeout)
        query.operation.lease(connection.number)
        return query
    }

    // MARK: - Transactions

    func begin(_ options: TransactionOptions) {
        isTransaction = true
        connection?.begin(options.sql, isReadOnly: options.isReadOnly)
    }

    nonisolated(nonsending) func commit() async throws {
        // Nothing was asked, so that nothing began.
        if let connection, connection.beginning != nil {
            connection.forgetBeginning()
            return
        }
        do {
            let rows = try await query("commit")
            guard rows.tag == "COMMIT" else {
                throw PostgresError(
                    .server, "The transaction was rolled back, as one of its queries had failed.",
                    sqlState: "25P02")
            }
        } catch let error as PostgresError where error.kind == .server {
            isRolledBack = true
            throw error
        }
    }

    // MARK: - The end

    /// Calls `body` in a task of its own, which goes on when the caller's is cancelled: for what
    /// has to be done whatever happens, such as giving up a lock. What the connection had under way
    /// is over by then; each query has its `timeout` as always.
    ///
    /// - Throws: What `body` throws.
    nonisolated(nonsending) public func withCancellationShield<Result: Sendable>(
        _ body: sending @escaping (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        // The caller waits, so that one task at a time uses it.
        let box = Box(self)
        return try await Task(executorPreference: shard.worker.taskExecutor) {
            try await body(box.value)
        }.value
    }

    func release(discarding: Bool = false) {
        guard let connection else { return }
        self.connection = nil
        let isDiscarding = discarding || Task.isCancelled
        let (isTransaction, isRolledBack) = (isTransaction, isRolledBack)
        // Its worker takes it back.
        let box = Box(connection)
        let end: @Sendable () -> Void = {
            let connection = box.value
            guard isDiscarding || connection.leaseWasCancelled else {
                return connection.endLease(nil)
            }
            let isUndone = isTransaction && (isRolledBack || connection.isInTransaction)
            connection.endLease(isUndone ? .transaction : .session)
        }
        shard.worker.isCurrent ? end() : shard.worker.run(end)
    }
}
