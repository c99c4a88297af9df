// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// Waits, on the worker's own timer wheel: cheaper than `Task.sleep`, which takes a detour over
    /// other threads' timers to come back to the worker. On the worker's thread, where an asynchronous
    /// handler is; elsewhere it is `Task.sleep`.
    ///
    /// - Parameter duration: Never less, and up to a millisecond more where the worker is not busy.
    /// - Throws: `CancellationError` where the task is cancelled meanwhile, or the worker stops.
    public func sleep(for duration: Duration) async throws {
        guard isCurrent else { return try await Task.sleep(for: duration) }
        let sleep = Sleep(on: self)
        try await sleep.wait.value { sleep.begin(duration) }
    }
}

/// One sleep: a timer, and a guest so that it ends with the worker, in one piece of memory.
@safe
private final class Sleep: @unchecked Sendable {
    let wait: WorkerWait<Void>
    private let worker: Worker
    private let timer: UnsafeMutablePointer<vn_timer>
    private let guest: UnsafeMutablePointer<vn_guest>

    init(on worker: Worker) {
        self.worker = worker
        wait = WorkerWait(on: worker)
        unsafe timer = .allocate(capacity: 1)
        unsafe guest = .allocate(capacity: 1)
    }

    func begin(_ duration: Duration) {
        // Both are taken out before this object goes.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe timer.initialize(
            to: vn_timer(private: (nil, nil, nil, nil), run: Self.run, context: context))
        unsafe guest.initialize(
            to: vn_guest(private: (nil, nil), leave: Self.leave, context: context))
        unsafe vn_worker_host(worker.executor.pointer, guest)
        unsafe vn_timer_set(worker.executor.pointer, timer, duration.boundedNanoseconds)
        isBegun = true
    }

    private var isBegun = false

    deinit {
        if isBegun {
            unsafe vn_timer_clear(timer)
            unsafe vn_worker_dismiss(guest)
        }
        unsafe timer.deallocate()
        unsafe guest.deallocate()
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<Sleep>.fromOpaque(context!).takeUnretainedValue().wait.finish(.success(()))
    }

    private static let leave: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<Sleep>.fromOpaque(context!).takeUnretainedValue()
            .wait.finish(.failure(CancellationError()))
    }
}
