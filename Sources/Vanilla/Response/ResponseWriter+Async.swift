// SPDX-License-Identifier: MIT

extension ResponseWriter {
    /// Runs an asynchronous handler for this request: from a handler that has looked at the
    /// request, or without a router.
    ///
    /// ```swift
    /// let server = try Server(port: 3000) { request, response in
    ///     try response.run(for: request) { request, response in
    ///         response.send(try await load(request.path))
    ///     }
    /// }
    /// ```
    ///
    /// The handler begins in this turn of the worker, after the turn's events. Fields that were
    /// added before stay. Do nothing with this writer afterwards: it comes too late.
    ///
    /// - Throws: ``ResponseError`` of the kind `alreadyAnswered`, `outOfMemory` or `notOnWorker`.
    public mutating func run(
        for request: Request, _ handler: @escaping Server.AsyncHandler
    ) throws(ResponseError) {
        try run(for: request, handler, in: nil)
    }

    /// The same with middleware that waits around the handler.
    mutating func run(
        for request: Request, _ handler: @escaping Server.AsyncHandler,
        in middleware: WaitingMiddleware?
    ) throws(ResponseError) {
        guard let executor = WorkerExecutor.ofThread else {
            throw ResponseError(
                .notOnWorker,
                "An asynchronous handler cannot begin here: this is no worker's thread.")
        }
        executor.add(try AsyncCall(request, &self, handler, in: middleware))
    }

    /// Runs an asynchronous handler that is `nonisolated(nonsending)` for this request, as a method
    /// is in a module with the upcoming feature NonisolatedNonsendingByDefault.
    ///
    /// - Throws: ``ResponseError`` of the kind `alreadyAnswered`, `outOfMemory` or `notOnWorker`.
    public mutating func run<Failure: Error>(
        for request: Request,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) throws(ResponseError) {
        try run(for: request) { request, response in try await handler(request, &response) }
    }
}
