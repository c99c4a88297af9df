// SPDX-License-Identifier: MIT

/// One wait of a task for something that happens on its worker's thread. Everything but a
/// cancelling from elsewhere happens on that thread, so nothing is locked.
@safe
final class WorkerWait<Value: Sendable>: @unchecked Sendable {
    private let worker: Worker
    private var continuation: UnsafeContinuation<Value, any Error>?
    private var result: Result<Value, any Error>?

    init(on worker: Worker) {
        self.worker = worker
    }

    /// The first result; `CancellationError` where the task is cancelled before.
    ///
    /// - Parameter begin: Called on the worker's thread, to ask for what is waited for.
    func value(_ begin: () -> Void) async throws -> Value {
        precondition(worker.isCurrent, "This waits on its worker's thread only.")
        return try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                if result == nil { begin() }
                if let result {
                    unsafe continuation.resume(with: result)
                } else {
                    unsafe self.continuation = unsafe continuation
                }
            }
        } onCancel: {
            if worker.isCurrent {
                finish(.failure(CancellationError()))
            } else {
                worker.run { self.finish(.failure(CancellationError())) }
            }
        }
    }

    /// Resumes the task. Only the first result counts.
    func finish(_ result: Result<Value, any Error>) {
        if self.result != nil { return }
        self.result = result
        if let continuation = unsafe continuation.take() {
            unsafe continuation.resume(with: result)
        }
    }
}
