// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// A connection that is leased to one, for transactions, session settings, locks.
///
/// It may be used wherever a task is, in an actor for instance, and by helpers of any isolation:
/// the work is done on the connection's worker. It is given back with `release`, and then refuses
/// what it is asked. A lease that is dropped is given back, too, and logged with the place that
/// took it, as is one that is held for long.
public final class PostgresConnection: Sendable {
    private let shard: Shard
    private let lease: Lease
    private let request: Lease.Request
    private let past = Atomic<UInt8>(0)
    private let actions = Lock<[@Sendable () throws -> Void]>([])

    /// What has happened with it.
    private struct Past: OptionSet {
        let rawValue: UInt8

        static let released = Past(rawValue: 1)
        /// Something was asked, so that a transaction may have begun.
        static let asked = Past(rawValue: 2)
        /// A task was cancelled before it asked.
        static let cancelled = Past(rawValue: 4)
        /// The server has rolled the transaction back in answer to its commit.
        static let rolledBack = Past(rawValue: 8)
    }

    init(_ lease: Lease, _ shard: Shard, _ request: Lease.Request) {
        self.lease = lease
        self.shard = shard
        self.request = request
    }

    deinit {
        if hasBeen(.released) { return }
        shard.context.report(
            .warning,
            "A database connection taken at \(request.file):\(request.line) was not released.")
        shard.end(lease) { _ in .session }
    }

    /// The number of the server's process, as in `pg_stat_activity`; 0 once released.
    public var process: Int32 { hasBeen(.released) ? 0 : lease.process }

    /// Asks on this connection. Queries are answered in their order; several may be under way.
    ///
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    @discardableResult
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
    @discardableResult
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
    @discardableResult
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
    @discardableResult
    nonisolated(nonsending) public func query(
        _ sql: String, parameters: [any PostgresEncodable], timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query = try begin(sql, timeout)
        try query.encode(list: parameters)
        return try await query.run()
    }

    @usableFromInline
    func begin(_ statement: Statement, _ timeout: Duration?) throws(PostgresError) -> Query {
        guard statement.isText else { throw Statement.isNoText }
        if let refusal = statement.leaseRefusal { throw refusal }
        let query = try begin(timeout)
        query.operation.take(statement)
        return query
    }

    @usableFromInline
    func begin(_ sql: String, _ timeout: Duration?) throws(PostgresError) -> Query {
        guard Statement.isText(sql) else { throw Statement.isNoText }
        if let refusal = CopyCommand.refusal(of: sql) { throw refusal }
        let query = try begin(timeout)
        query.operation.take(sql)
        return query
    }

    /// A query that copies rows.
    func begin(
        _ sql: String, _ command: CopyCommand, _ timeout: Duration?
    ) throws(PostgresError) -> (Query, CopyExchange) {
        guard CopyCommand(sql) == command else {
            throw PostgresError(
                .misuse,
                command == .fromClient
                    ? "copyIn is for COPY ... FROM STDIN." : "copyOut is for COPY ... TO STDOUT.")
        }
        // A simple query may have several, and the server would do all of them.
        guard SQLText.isOneStatement(sql) else {
            throw PostgresError(.misuse, "A COPY is a statement of its own.")
        }
        guard Statement.isText(sql) else { throw Statement.isNoText }
        let query = try begin(timeout)
        query.operation.take(sql)
        let exchange = CopyExchange(command, sql, on: shard.worker)
        query.operation.take(exchange)
        return (query, exchange)
    }

    private func begin(_ timeout: Duration?) throws(PostgresError) -> Query {
        if hasBeen(.released) { throw Lease.isOver }
        // What a task asks that was cancelled is not sent, whatever it was to undo.
        note(Task.isCancelled ? [.asked, .cancelled] : .asked)
        return shard.makeQueryAnywhere(timeout, lease)
    }

    // MARK: - The end

    /// Has something done once the transaction is committed, such as telling others what it
    /// changed: in the order of the calls, before
    /// ``PostgresPool/withTransaction(_:isolation:file:line:_:)`` returns, on the thread where that
    /// goes on. Nothing is done where the transaction is rolled back or its commit fails; of a
    /// transaction that is repeated, what the last attempt has asked for.
    ///
    /// ```swift
    /// try await pool.withTransaction { connection in
    ///     try await connection.query("update issues set status = 'closed' where id = $1", id)
    ///     try connection.afterCommit { try hub.publish(ServerSentEvent("closed"), to: "issues") }
    /// }
    /// ```
    ///
    /// - Parameter action: What it throws is logged, and undoes nothing: the change is made.
    /// - Throws: ``PostgresError`` of the kind `misuse` outside of a transaction of the pool's.
    public func afterCommit(_ action: @escaping @Sendable () throws -> Void) throws(PostgresError) {
        guard request.transaction != nil, !hasBeen(.released) else {
            throw PostgresError(
                .misuse, "afterCommit is for a connection within withTransaction.")
        }
        actions.withLock { actions in actions.append(action) }
    }

    /// The transaction was committed.
    func performActions() {
        for action in actions.withLock({ actions in actions }) {
            do {
                try action()
            } catch {
                shard.context.report(
                    .warning,
                    """
                    What was to be done after a commit failed (\(request.file):\(request.line)): \
                    \(error)
                    """)
            }
        }
    }

    nonisolated(nonsending) func commit() async throws {
        guard hasBeen(.asked) else { return }
        do {
            let rows = try await query("commit")
            guard rows.tag == "COMMIT" else {
                throw PostgresError(
                    .server, "The transaction was rolled back, as one of its queries had failed.",
                    sqlState: "25P02")
            }
        } catch let error as PostgresError where error.kind == .server {
            note(.rolledBack)
            throw error
        }
    }

    /// Calls `body` in a task of its own, which goes on when the caller's is cancelled: for what
    /// has to be done whatever happens, such as giving up a lock. What the connection had under way
    /// is over by then; each query has its `timeout` as always.
    ///
    /// - Throws: What `body` throws.
    nonisolated(nonsending) public func withCancellationShield<Result: Sendable>(
        _ body: sending @escaping (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        try await Task(executorPreference: shard.worker.taskExecutor) {
            try await body(self)
        }.value
    }

    func release(discarding: Bool = false) {
        let past = note(.released)
        if past.contains(.released) { return }
        let isDiscarding = discarding || past.contains(.cancelled) || Task.isCancelled
        let isTransaction = request.transaction != nil
        let isRolledBack = past.contains(.rolledBack)
        shard.end(lease) { connection in
            guard isDiscarding || connection.leaseWasCancelled else { return nil }
            let isUndone = isTransaction && (isRolledBack || connection.isInTransaction)
            return isUndone ? .transaction : .session
        }
    }

    private func hasBeen(_ event: Past) -> Bool {
        Past(rawValue: past.load(ordering: .acquiring)).contains(event)
    }

    /// Returns what had happened before.
    @discardableResult
    private func note(_ event: Past) -> Past {
        Past(rawValue: past.bitwiseOr(event.rawValue, ordering: .acquiringAndReleasing).oldValue)
    }
}
