// SPDX-License-Identifier: MIT

/// A handler in a place of its own, where it is called without being retained.
@safe
final class RouteHandler: @unchecked Sendable {
    let handle: Server.Handler
    /// The same for a task that has begun for this request: to be called on the worker's thread.
    /// `nil` where nothing waits.
    let waiting: Server.AsyncHandler?

    init(_ handle: @escaping Server.Handler) {
        self.handle = handle
        waiting = nil
    }

    /// One that begins a task.
    init(waiting: @escaping Server.AsyncHandler) {
        handle = { request, response in try response.run(for: request, waiting) }
        self.waiting = waiting
    }

    /// One that begins a task, in which middleware is called that waits.
    fileprivate init(_ middleware: WaitingMiddleware, around within: @escaping Server.AsyncHandler)
    {
        handle = { request, response in try response.run(for: request, within, in: middleware) }
        waiting = { request, response in
            response.withhold()
            try await middleware.pass(request, &response, within)
        }
    }

    /// One that begins a task, or is called in one that has begun.
    init(_ handle: @escaping Server.Handler, waiting: Server.AsyncHandler?) {
        self.handle = handle
        self.waiting = waiting
    }
}

/// Middleware in a place of its own: what an array of closures holds are thunks around them, and
/// one that takes a closure allocates another thunk in each call.
@safe
final class RouteMiddleware: @unchecked Sendable {
    typealias Pass = (Request, inout ResponseWriter, Server.Handler) throws -> Void

    private enum Kind {
        case passing(Pass)
        /// It, and what is within it, are one task.
        case waiting(WaitingMiddleware)
    }

    private let kind: Kind

    init(_ pass: @escaping Pass) {
        kind = .passing(pass)
    }

    init(waiting: @escaping WaitingMiddleware.Pass) {
        kind = .waiting(WaitingMiddleware(waiting))
    }
}

/// The same for middleware that waits.
final class WaitingMiddleware: Sendable {
    typealias Pass =
        @concurrent @Sendable (Request, inout ResponseWriter, Server.AsyncHandler)
        async throws -> Void

    let pass: Pass

    init(_ pass: @escaping Pass) {
        self.pass = pass
    }
}

extension RouteMiddleware {
    /// A handler that passes requests through this middleware.
    func around(_ next: RouteHandler) -> RouteHandler {
        switch kind {
        case .passing(let pass):
            let handle = next.handle
            return RouteHandler(
                { request, response in try pass(request, &response, handle) },
                waiting: next.waiting.map { waiting in Self.passing(pass, to: waiting) })
        case .waiting(let middleware):
            return RouteHandler(middleware, around: next.within)
        }
    }

    /// Where a task has begun already, what waits is called once this middleware has returned: as
    /// without one, the answer is still to come then.
    private static func passing(
        _ pass: @escaping Pass, to within: @escaping Server.AsyncHandler
    ) -> Server.AsyncHandler {
        // Called on the worker alone.
        nonisolated(unsafe) let pass = pass
        return { request, response in
            var goesOn = false
            try requireWorker()
            try unsafe pass(request, &response) { _, _ in goesOn = true }
            if goesOn { try await within(request, &response) }
        }
    }
}

extension RouteHandler {
    /// What middleware that waits calls as its next. What failed has not answered, so that the
    /// middleware can.
    fileprivate var within: Server.AsyncHandler {
        guard let waiting else {
            return { request, response in
                try requireWorker()
                do {
                    try self.handle(request, &response)
                } catch {
                    response.dropWithheld()
                    throw error
                }
            }
        }
        return { request, response in
            do {
                try await waiting(request, &response)
            } catch {
                response.dropWithheld()
                throw error
            }
        }
    }
}

/// What is not `Sendable` belongs to the worker, and is not called by a task that has outlived it.
private func requireWorker() throws {
    if WorkerExecutor.ofThread == nil { throw CancellationError() }
}
