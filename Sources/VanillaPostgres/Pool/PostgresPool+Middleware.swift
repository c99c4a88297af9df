// SPDX-License-Identifier: MIT

public import Vanilla

extension PostgresPool {
    /// Middleware: a transaction around each request that passes, committed when the handler has
    /// returned and before its answer leaves, rolled back when it throws.
    ///
    /// ```swift
    /// routes.group("/projects") { projects in
    ///     projects.use(pool.transaction)
    ///     projects.post("") { request, response in
    ///         let name = try request.form().require("name")
    ///         try await request.transaction.query("insert into projects (name) values ($1)", name)
    ///         response.send(status: .created)
    ///     }
    /// }
    /// ```
    ///
    /// It holds a connection from its beginning to the end of the handler, and the server knows of
    /// the transaction with the first query. An answer that is streamed leaves before the commit.
    ///
    /// - Throws: As ``withTransaction(_:isolation:file:line:_:)``.
    @concurrent public func transaction(
        _ request: Request, _ response: inout ResponseWriter, _ next: Server.AsyncHandler
    ) async throws {
        try await withTransaction { connection in
            request.storage[PostgresConnection.self] = connection
            try await next(request, &response)
        }
    }
}

extension Request {
    /// The transaction that ``PostgresPool/transaction(_:_:_:)`` has begun for this request.
    ///
    /// - Throws: `RouteError` of the kind `unknownValue` where its route does not pass that
    ///   middleware: a mistake in the program, answered 500 and logged.
    public var transaction: PostgresConnection {
        get throws { try storage.require(PostgresConnection.self) }
    }
}
