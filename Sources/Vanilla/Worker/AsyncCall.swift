// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A request whose asynchronous handler is to run, with what that needs. On the worker's thread,
/// except for what a handler does after its worker has ended.
@safe
struct AsyncCall {
    /// The request and the response in C, kept for the handler.
    let pointer: OpaquePointer
    let handler: Server.AsyncHandler
    /// Middleware that is called instead, and given the handler as its next; `nil` for none.
    let middleware: WaitingMiddleware?
    /// Of its server, which lives at least as long as the call.
    let core: ServerCore
    /// What the router found, and what middleware has set, in memory of C's call. It needs the
    /// tree.
    let match: UnsafeMutablePointer<RouteMatch>?
    private let tree: RouteTree?

    /// Has C keep the request and the response.
    init(
        _ request: Request, _ response: inout ResponseWriter,
        _ handler: @escaping Server.AsyncHandler, in middleware: WaitingMiddleware?
    ) throws(ResponseError) {
        let found = unsafe request.match
        var error: Int32 = 0
        let room = unsafe found?.pointee.size ?? 0
        let begun = unsafe vn_response_detach(response.pointer, request.pointer, room, &error)
        guard let begun = unsafe begun else { throw ResponseError(beginningHandler: error) }
        unsafe vn_detached_postpone(begun)
        unsafe pointer = unsafe begun
        self.handler = handler
        self.middleware = middleware
        unsafe core = response.core
        tree = unsafe found?.pointee.withTree { $0 }
        // C's room is as large as was asked for.
        unsafe match = found?.pointee.move(to: vn_detached_extra(begun))
    }
}
