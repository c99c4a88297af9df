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

    /// The first result; `CancellationError` where the task is cancelled before, or the worker has
    /// ended. It may be asked for on any thread: everything happens on the worker's.
    ///
    /// - Parameter begin: Called on the worker's thread, to ask for what is waited for.
    func value(_ begin: @escaping () -> Void) async throws -> Value {
        try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                if worker.isCurrent { return unsafe start(continuation, begin) }
                // It is called on the worker's thread alone.
                let begin = UncheckedBox(begin)
                worker.run { [self] in unsafe start(continuation, begin.value) }
            }
        } onCancel: {
            if worker.isCurrent {
                finish(.failure(CancellationError()))
            } else {
                worker.run { self.finish(.failure(CancellationError())) }
            }
        }
    }

    @unsafe
    private func start(
        _ continuation: UnsafeContinuation<Value, any Error>, _ begin: () -> Void
    ) {
        guard worker.isCurrent else {
            return unsafe continuation.resume(throwing: CancellationError())
        }
        if result == nil { begin() }
        if let result {
            unsafe continuation.resume(with: result)
        } else {
            unsafe self.continuation = unsafe continuation
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
