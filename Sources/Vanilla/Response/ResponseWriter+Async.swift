// SPDX-License-Identifier: MIT

extension ResponseWriter {
    /// Has an asynchronous handler answer this request: from a handler that has looked at it, or
    /// without a router.
    ///
    /// ```swift
    /// let server = try Server(port: 3000) { request, response in
    ///     try response.run(for: request) { request, response in
    ///         response.send(try await load(request.path))
    ///     }
    /// }
    /// ```
    ///
    /// It runs in this turn of the worker, when what came with it has been seen. Fields that were
    /// added before stay. What is done with this writer afterwards comes too late.
    ///
    /// - Throws: ``ResponseError`` of the kind `alreadyAnswered` or `outOfMemory`.
    public mutating func run(
        for request: Request, _ handler: @escaping Server.AsyncHandler
    ) throws(ResponseError) {
        guard let executor = WorkerExecutor.current else {
            throw ResponseError(
                .notOnWorker,
                "An asynchronous handler cannot begin here: this is no worker's thread.")
        }
        executor.add(try AsyncCall(request, &self, handler))
    }
}
