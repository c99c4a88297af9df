// SPDX-License-Identifier: MIT

// The same functions for handlers that are `nonisolated(nonsending)`: those of a module with the
// upcoming feature NonisolatedNonsendingByDefault, which cannot be converted to others. Generic by
// their error alone, so that they differ from the others for the compiler, and a closure takes
// those.
extension Routes {
    /// Adds a route for GET with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func get<Failure: Error>(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on([.get], path, body: body, handler)
    }

    /// Adds a route for POST with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func post<Failure: Error>(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on([.post], path, body: body, handler)
    }

    /// Adds a route for PUT with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func put<Failure: Error>(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on([.put], path, body: body, handler)
    }

    /// Adds a route for PATCH with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func patch<Failure: Error>(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on([.patch], path, body: body, handler)
    }

    /// Adds a route for DELETE with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func delete<Failure: Error>(
        _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on([.delete], path, body: body, handler)
    }

    /// Adds a route for any methods with an asynchronous handler that is `nonisolated(nonsending)`.
    public mutating func on<Failure: Error>(
        _ methods: [Method], _ path: String, body: Request.BodyDelivery = .whole,
        _ handler:
            nonisolated(nonsending) @escaping @Sendable (Request, inout ResponseWriter)
            async throws(Failure) -> Void
    ) {
        on(methods, path, body: body) { request, response in
            try await handler(request, &response)
        }
    }

    /// Passes requests through asynchronous middleware that is `nonisolated(nonsending)`.
    public mutating func use<Failure: Error>(
        _ middleware:
            nonisolated(nonsending) @escaping @Sendable (
                Request, inout ResponseWriter, Server.AsyncHandler
            ) async throws(Failure) -> Void
    ) {
        use { request, response, next in try await middleware(request, &response, next) }
    }
}
