// SPDX-License-Identifier: MIT

// The same functions for handlers that wait. Which is meant is seen by the closure: one in which
// something is awaited is asynchronous.
extension Routes {
    /// Adds a route for GET with an asynchronous handler.
    ///
    /// ```swift
    /// routes.get("/users/:id") { request, response in
    ///     let id = try request.parameters.require("id", as: Int.self)
    ///     let name = try await directory.name(of: id)
    ///     response.send(name)
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - path: As ``Router`` says, after the group's prefix; empty for the prefix itself.
    ///   - body: How a request's body reaches the handler.
    ///   - handler: Called for each request that takes this route; see ``Server/AsyncHandler``.
    public mutating func get(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        on([.get], path, body: body, handler)
    }

    /// Adds a route for POST with an asynchronous handler.
    public mutating func post(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        on([.post], path, body: body, handler)
    }

    /// Adds a route for PUT with an asynchronous handler.
    public mutating func put(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        on([.put], path, body: body, handler)
    }

    /// Adds a route for PATCH with an asynchronous handler.
    public mutating func patch(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        on([.patch], path, body: body, handler)
    }

    /// Adds a route for DELETE with an asynchronous handler.
    public mutating func delete(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        on([.delete], path, body: body, handler)
    }

    /// Adds a route for any methods with an asynchronous handler.
    public mutating func on(
        _ methods: [Method], _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.AsyncHandler
    ) {
        add(methods, path, body: body, RouteHandler(waiting: handler))
    }
}

extension Routes {
    /// Answers a request by waiting for `next`, or by itself, in a task on the worker of its
    /// connection.
    ///
    /// ```swift
    /// routes.use { request, response, next in
    ///     guard let token = request.headers[.authorization],
    ///         let user = try await users.find(by: token)
    ///     else { throw RequestError(.unauthorized) }
    ///     request.storage[CurrentUser.self] = user
    ///     do {
    ///         try await next(request, &response)
    ///     } catch let error as StoreError {
    ///         response.send("Try again.", status: .serviceUnavailable)
    ///     }
    /// }
    /// ```
    ///
    /// Once `next` has returned, an asynchronous handler has too: `response.status` is that of its
    /// answer, and what it threw is caught. The answer is held until all asynchronous middleware
    /// has returned, so that its status and headers can be changed; where an error is thrown it is
    /// forgotten. What is streamed is not held. Synchronous middleware within it comes before the
    /// handler, and has returned by then. The request and the response are its own as those of a
    /// ``Server/AsyncHandler``, and so is the cancellation.
    public typealias AsyncMiddleware =
        @concurrent @Sendable (Request, inout ResponseWriter, Server.AsyncHandler)
        async throws -> Void

    /// Passes every request that takes a route of this group through asynchronous middleware, in
    /// the order of ``use(_:)``. It and what is within it, asynchronous or not, are one task.
    public mutating func use(_ middleware: @escaping AsyncMiddleware) {
        add(RouteMiddleware(waiting: middleware))
    }
}
