// SPDX-License-Identifier: MIT

internal import Vanilla

/// A value that another thread makes, and a task waits for. It passes through a lock, since
/// ThreadSanitizer does not see all that continuations order.
final class Promise<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    /// From any thread; what comes first counts.
    func keep(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state in
            if state.result == nil { state.result = result }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits for it, also in a task that is cancelled. One task at a time.
    nonisolated(nonsending) func value() async throws -> Value {
        await withCheckedContinuation { continuation in
            let isKept = state.withLock { state in
                if state.result == nil { state.waiter = continuation }
                return state.result != nil
            }
            if isKept { continuation.resume() }
        }
        // It is kept now.
        return try state.withLock { $0.result! }.get()
    }
}
