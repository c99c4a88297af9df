// SPDX-License-Identifier: MIT

extension ResponseWriter {
    /// Has an asynchronous handler answer this request: from a handler that has looked at it, or
    /// without a router.
    ///
    /// ```swift
    /// let server = try Server(port: 3000) { request, response in
    ///     try response.answer(request) { request, response in
    ///         response.send(try await load(request.path))
    ///     }
    /// }
    /// ```
    ///
    /// It runs here until it first waits. Fields that were added before stay. What is done with this
    /// writer afterwards comes too late.
    ///
    /// - Throws: ``VanillaError`` of the kind `alreadyAnswered` or `outOfResources`.
    public mutating func answer(
        _ request: Request, with handler: @escaping Server.AsyncHandler
    ) throws(VanillaError) {
        try AsyncRunner.begin(request, &self, handler)
    }
}
