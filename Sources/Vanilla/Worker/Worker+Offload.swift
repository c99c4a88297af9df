// SPDX-License-Identifier: MIT

extension Worker {
    /// Does something that blocks on a thread that may, and comes back with what it returned.
    ///
    /// ```swift
    /// let page = try await Worker.offload { try render(template) }
    /// response.send(page)
    /// ```
    ///
    /// For what would hold up the worker and all its connections: files, libraries that wait, work
    /// for the processor of more than a millisecond. The threads are those of the server whose
    /// worker the caller belongs to, as `Server.Configuration.Offload` says; for a caller that
    /// belongs to none, those of the process, at the defaults. In a handler the code after `await`
    /// is on its worker again.
    ///
    /// - Parameter work: Called once, on a thread that belongs to no task and no worker. It is not
    ///   interrupted: where the task is cancelled meanwhile, what it returns is returned.
    /// - Throws: What `work` throws; `CancellationError` where the task was cancelled before it had
    ///   begun; where too many wait, a `RequestError` with the status 503 and a Retry-After, whose
    ///   cause is a ``ServerError`` of the kind `offloadFull`; ``ServerError`` of the kind
    ///   `outOfResources` where the system has no thread.
    nonisolated(nonsending) public static func offload<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let pool = Worker.current?.executor.offload ?? OffloadPool.shared
        let call = OffloadCall(work)
        defer { call.handOver() }
        return try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                unsafe call.begin(continuation, by: pool)
            }
        } onCancel: {
            pool.cancel(call)
        }
    }
}
