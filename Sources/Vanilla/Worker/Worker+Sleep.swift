// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// Waits, on the worker's own timer wheel: cheaper than `Task.sleep`, which takes a detour over
    /// other threads' timers to come back to the worker. On the worker's thread, where an
    /// asynchronous handler is; elsewhere it is `Task.sleep`.
    ///
    /// - Parameter duration: Never less, and up to a millisecond more where the worker is not busy.
    /// - Throws: `CancellationError` where the task is cancelled meanwhile, or the worker stops.
    public func sleep(for duration: Duration) async throws {
        guard isCurrent else { return try await Worker.sleepElsewhere(for: duration) }
        // Thousands sleep at the same time: what is not needed for it is in functions of their own.
        let sleep = Sleep(on: executor, for: duration)
        try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                unsafe sleep.begin(continuation)
            }
        } onCancel: {
            sleep.cancel()
        }
    }

    @inline(never)
    private static func sleepElsewhere(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

/// One sleep: a timer, and a stop hook so that it ends with the worker. Everything but a cancelling
/// from elsewhere happens on the worker's thread, so nothing is locked.
@safe
private final class Sleep: @unchecked Sendable {
    /// What C calls, in one piece of memory.
    @safe
    private struct Calls {
        var timer: vn_timer
        var stopHook: vn_stop_hook
    }

    private let executor: WorkerExecutor
    private let nanoseconds: UInt64
    private let calls: UnsafeMutablePointer<Calls>
    private var continuation: UnsafeContinuation<Void, any Error>?
    private var isOver = false

    init(on executor: WorkerExecutor, for duration: Duration) {
        self.executor = executor
        nanoseconds = duration.boundedNanoseconds
        unsafe calls = .allocate(capacity: 1)
        // Both are taken out before this object goes.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe calls.initialize(
            to: Calls(
                timer: vn_timer(private: (nil, nil, nil, nil), run: Self.run, context: context),
                stopHook: vn_stop_hook(private: (nil, nil), run: Self.stop, context: context)))
    }

    deinit {
        unsafe calls.deallocate()
    }

    func begin(_ continuation: UnsafeContinuation<Void, any Error>) {
        unsafe self.continuation = unsafe continuation
        if isOver { return end(with: CancellationError()) }
        unsafe vn_timer_set(executor.pointer, &calls.pointee.timer, nanoseconds)
        // Last: where the worker has stopped it is over here.
        unsafe vn_worker_on_stop(executor.pointer, &calls.pointee.stopHook)
    }

    /// On any thread.
    func cancel() {
        if executor.isCurrent {
            end(with: CancellationError())
        } else {
            Task(executorPreference: executor) { self.end(with: CancellationError()) }
        }
    }

    private func end(with error: (any Error)? = nil) {
        isOver = true
        guard let continuation = unsafe continuation.take() else { return }
        unsafe vn_timer_clear(&calls.pointee.timer)
        unsafe vn_stop_hook_remove(&calls.pointee.stopHook)
        if let error {
            unsafe continuation.resume(throwing: error)
        } else {
            unsafe continuation.resume()
        }
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<Sleep>.fromOpaque(context!).takeUnretainedValue().end()
    }

    private static let stop: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<Sleep>.fromOpaque(context!).takeUnretainedValue()
            .end(with: CancellationError())
    }
}
