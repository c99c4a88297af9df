// SPDX-License-Identifier: MIT

internal import Vanilla

/// Connections to a PostgreSQL server, on the workers' own loops.
///
/// ```swift
/// let pool = try PostgresPool(.init("host=db user=shop dbname=shop"))
/// let findUser = Statement("select name from users where id = $1", .reads)
///
/// let rows = try await pool.query(findUser, id)
/// ```
///
/// Made once, and used in any async handler of a server: each worker has connections of its own, so
/// that nothing is locked and no thread is changed. The queries that the requests of one turn of
/// the loop ask leave together and share a few connections, each with many queries under way; a
/// handler that needs a connection for itself takes it by ``withConnection(file:line:_:)`` or
/// ``withTransaction(_:file:line:_:)``.
///
/// What says that there is no database for now is a `RequestError` with the status 503 and a
/// Retry-After, so that a handler that does not catch it has answered. What the database refuses is
/// a ``PostgresError``.
///
/// The work is done on the worker of the caller's task, as `Worker.current` says, wherever the
/// caller is: in a handler, its child tasks, an actor that these call. For a task that belongs to
/// no worker, such as one made by `Task { }`, it is done on the workers of the server that uses the
/// pool, one after the other, and the task comes back to where it was. Where no server runs in the
/// process, every function throws a ``PostgresError`` of the kind `stopped`.
public final class PostgresPool: Sendable {
    let table: ShardTable

    /// A pool that opens connections when it is first used on a worker: see ``open()``.
    ///
    /// - Throws: ``PostgresError`` of the kind `misuse` for a connection string that libpq does not
    ///   understand, or a bound that makes no sense.
    public init(_ configuration: Configuration) throws(PostgresError) {
        table = ShardTable(try Shared(configuration))
    }

    deinit {
        for shard in table.removeShards() { shard.worker.run { shard.end() } }
    }

    /// Opens the minimum of connections of the caller's worker now, rather than with its first
    /// query; soon, where the caller is on another thread. For a task that belongs to no worker, of
    /// the one that would work for it next.
    ///
    /// - Throws: ``PostgresError`` of the kind `stopped` where no server runs.
    public func open() throws(PostgresError) {
        let worker = try table.worker()
        if worker.isCurrent {
            table.find(for: worker)?.grow()
        } else {
            worker.run { [table] in
                if worker.isCurrent { table.find(for: worker)?.grow() }
            }
        }
    }

    // MARK: - Queries

    /// Asks, on a connection shared with other requests.
    ///
    /// - Parameter timeout: How long it may be under way; the connection's `statement_timeout`
    ///   unless set, which is also the most, as the server ends it then: see the configuration's
    ///   `statementTimeout`.
    /// - Throws: ``PostgresError`` when the database refuses it, `RequestError` with the status 503
    ///   when there is none, `CancellationError` when the task was cancelled.
    @inlinable
    @discardableResult
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ statement: Statement, _ parameters: repeat each Parameter, timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query =
            if let query = try begin(statement, timeout, in: #isolation) {
                query
            } else {
                try await beginOnNewShard(statement, timeout)
            }
        try query.encode(repeat each parameters)
        return try await query.run()
    }

    /// Asks what is not worth preparing. Parameters are bound here, too: nothing is ever pasted
    /// into the text.
    ///
    /// - Throws: ``PostgresError`` when the database refuses it, `RequestError` with the status 503
    ///   when there is none, `CancellationError` when the task was cancelled.
    @inlinable
    @discardableResult
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ sql: String, _ parameters: repeat each Parameter, timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query =
            if let query = try begin(sql, timeout, in: #isolation) {
                query
            } else {
                try await beginOnNewShard(sql, timeout)
            }
        try query.encode(repeat each parameters)
        return try await query.run()
    }

    /// Asks on a connection shared with other requests, with as many parameters as are known at run
    /// time.
    ///
    /// - Parameter parameters: The values of `$1`, `$2` ... A NULL is one with its type, such as
    ///   `Int?.none`.
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` throws.
    @inlinable
    @discardableResult
    nonisolated(nonsending) public func query(
        _ statement: Statement, parameters: [any PostgresEncodable], timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let query =
            if let query = try begin(statement, timeout, in: #isolation) {
                query
            } else {
                try await beginOnNewShard(statement, timeout)
            }
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
        let query =
            if let query = try begin(sql, timeout, in: #isolation) {
                query
            } else {
                try await beginOnNewShard(sql, timeout)
            }
        try query.encode(list: parameters)
        return try await query.run()
    }

    /// A query to fill; `nil` where the task's worker has no shard yet, and this is another thread.
    @usableFromInline
    func begin(
        _ statement: Statement, _ timeout: Duration?, in isolation: (any Actor)?
    ) throws(PostgresError) -> Query? {
        guard statement.isText else { throw Statement.isNoText }
        if let refusal = statement.refusal { throw refusal }
        guard let query = try makeQuery(timeout, in: isolation) else { return nil }
        query.operation.take(statement)
        return query
    }

    @usableFromInline
    func begin(
        _ sql: String, _ timeout: Duration?, in isolation: (any Actor)?
    ) throws(PostgresError) -> Query? {
        guard Statement.isText(sql) else { throw Statement.isNoText }
        if let refusal = SessionEffect.refusal(of: sql) { throw refusal }
        guard let query = try makeQuery(timeout, in: isolation) else { return nil }
        query.operation.take(sql)
        return query
    }

    @inline(__always)
    private func makeQuery(
        _ timeout: Duration?, in isolation: (any Actor)?
    ) throws(PostgresError) -> Query? {
        if let shard = table.findHere(in: isolation) { return shard.makeQuery(timeout) }
        return try table.find(in: isolation)?.makeQueryAnywhere(timeout)
    }

    @usableFromInline
    nonisolated(nonsending) func beginOnNewShard(
        _ statement: Statement, _ timeout: Duration?
    ) async throws -> Query {
        let query = try await table.makeElsewhere().makeQueryAnywhere(timeout)
        query.operation.take(statement)
        return query
    }

    @usableFromInline
    nonisolated(nonsending) func beginOnNewShard(
        _ sql: String, _ timeout: Duration?
    ) async throws -> Query {
        let query = try await table.makeElsewhere().makeQueryAnywhere(timeout)
        query.operation.take(sql)
        return query
    }

    // MARK: - Leases

    /// Takes a connection for one's own, until it is released. Tasks that ask are served in their
    /// order.
    ///
    /// - Throws: `RequestError` with the status 503 when there is none in time, or too many wait;
    ///   `CancellationError`.
    nonisolated(nonsending) public func acquire(
        file: String = #fileID, line: Int = #line
    ) async throws -> PostgresConnection {
        try await acquire(Lease.Request(file: file, line: line, transaction: nil))
    }

    private nonisolated(nonsending) func acquire(
        _ request: Lease.Request
    ) async throws -> PostgresConnection {
        let shard =
            if let shard = try table.find(in: #isolation) {
                shard
            } else {
                try await table.makeElsewhere()
            }
        return PostgresConnection(try await shard.acquire(request), shard, request)
    }

    /// Gives a connection back. What it has under way is cancelled, and what it has not committed
    /// is rolled back, before another request gets it. Releasing it once more does nothing.
    ///
    /// - Parameter discarding: Whether everything that was set in its session is undone: settings,
    ///   roles, locks, temporary tables. Otherwise it stays for whoever comes next, unless the task
    ///   that releases it, or one that asked on it, was cancelled.
    public func release(_ connection: PostgresConnection, discarding: Bool = false) {
        connection.release(discarding: discarding)
    }

    /// Calls `body`, where the caller runs, with a connection for its own. When it throws, or its
    /// task is cancelled, what was set in the session is undone as by ``release(_:discarding:)``.
    ///
    /// - Throws: As `acquire`, and what `body` throws.
    public func withConnection<Result>(
        isolation: isolated (any Actor)? = #isolation,
        file: String = #fileID, line: Int = #line,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await acquire(file: file, line: line)
        var isDone = false
        defer { connection.release(discarding: !isDone) }
        let result = try await body(connection)
        isDone = true
        return result
    }

    /// Calls `body`, where the caller runs, within a transaction, which is committed when it
    /// returns and rolled back when it throws. The BEGIN leaves with the first query.
    ///
    /// - Throws: As `acquire`, what `body` throws, and ``PostgresError`` when the commit fails.
    public func withTransaction<Result>(
        _ options: TransactionOptions = .init(), isolation: isolated (any Actor)? = #isolation,
        file: String = #fileID, line: Int = #line,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let request = Lease.Request(file: file, line: line, transaction: options.beginning)
        var attempts = 0
        while true {
            do {
                let connection = try await acquire(request)
                var isDone = false
                defer { connection.release(discarding: !isDone) }
                let result = try await body(connection)
                try await connection.commit()
                isDone = true
                connection.performActions()
                return result
            } catch let error as PostgresError where error.isSerializationFailure {
                attempts += 1
                guard attempts <= options.repeats else { throw error }
            }
        }
    }
}
