// SPDX-License-Identifier: MIT

extension Server {
    /// Answers requests, one call for each.
    public typealias Handler = (Request, inout ResponseWriter) throws -> Void

    /// Answers a request in a task on the worker of its connection: the handler starts there and
    /// comes back to that thread after every `await`. The request and the response are its own
    /// until it returns. It is cancelled when the answer is no longer wanted: because the client is
    /// gone, `deadlines.handler` has passed (then the client got 503), or the server stops.
    ///
    /// It is `@concurrent`, as closures and functions are where nothing says otherwise, so that it
    /// may have a capture list and call any asynchronous function with its request. It does not
    /// leave its worker by that: code that is isolated to no actor runs on the executor that its
    /// task prefers, and that is the worker (SE-0417).
    public typealias AsyncHandler =
        @concurrent @Sendable (Request, inout ResponseWriter) async throws -> Void

    /// What a server does once, before it serves or when it has served: in a task on its first
    /// worker, where it comes back to after every `await`.
    public typealias Hook = @concurrent @Sendable () async throws -> Void
}
