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

    fileprivate init(_ handle: @escaping Server.Handler, waiting: Server.AsyncHandler?) {
        self.handle = handle
        self.waiting = waiting
    }
}

/// Middleware in a place of its own: what an array of closures holds are thunks around them, and
/// one that takes a closure allocates another thunk in each call.
@safe
final class RouteMiddleware: @unchecked Sendable {
    typealias Pass = (Request, inout ResponseWriter, Server.Handler) throws -> Void
    typealias AsyncPass =
        @concurrent @Sendable (Request, inout ResponseWriter, Server.AsyncHandler)
        async throws -> Void

    private let pass: Pass
    private let waiting: AsyncPass?

    init(_ pass: @escaping Pass) {
        self.pass = pass
        waiting = nil
    }

    /// One that waits: it, and what is within it, are one task.
    init(waiting: @escaping AsyncPass) {
        pass = { _, _, _ in }
        self.waiting = waiting
    }
}

extension RouteMiddleware {
    /// A handler that passes requests through this middleware.
    func around(_ next: RouteHandler) -> RouteHandler {
        if let waiting {
            // What failed has not answered, so that this middleware can.
            let within: Server.AsyncHandler = { request, response in
                do {
                    if let waiting = next.waiting {
                        try await waiting(request, &response)
                    } else {
                        try next.handleInTask(request, &response)
                    }
                } catch {
                    response.dropWithheld()
                    throw error
                }
            }
            return RouteHandler(waiting: { request, response in
                response.withhold()
                try await waiting(request, &response, within)
            })
        }
        let (pass, handle) = (pass, next.handle)
        return RouteHandler(
            { request, response in try pass(request, &response, handle) },
            waiting: next.waiting.map(passing(to:)))
    }

    /// Where a task has begun already, what waits is called once this middleware has returned: as
    /// without one, the answer is still to come then.
    private func passing(to within: @escaping Server.AsyncHandler) -> Server.AsyncHandler {
        { request, response in
            var goesOn = false
            try requireWorker()
            try self.pass(request, &response) { _, _ in goesOn = true }
            if goesOn { try await within(request, &response) }
        }
    }
}

extension RouteHandler {
    fileprivate func handleInTask(_ request: Request, _ response: inout ResponseWriter) throws {
        try requireWorker()
        try handle(request, &response)
    }
}

/// What is not `Sendable` belongs to the worker, and is not called by a task that has outlived it.
private func requireWorker() throws {
    if WorkerExecutor.ofThread == nil { throw CancellationError() }
}
