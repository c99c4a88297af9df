// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Has something done once at the end of a turn of a worker's loop, however often it is asked for
/// before: the place to send what the requests of the turn have asked. Made, used and released on
/// the worker's thread.
@safe
public final class TurnTask {
    private let worker: Worker
    private let body: () -> Void
    private let task: UnsafeMutablePointer<vn_task>
    /// This object, while it is scheduled.
    private var isScheduled = false

    /// - Parameter body: Called on the worker's thread.
    public init(on worker: Worker, _ body: @escaping () -> Void) {
        precondition(worker.isCurrent, "A turn's task is made on its worker's thread.")
        self.worker = worker
        self.body = body
        unsafe task = .allocate(capacity: 1)
        unsafe task.initialize(
            to: vn_task(
                next: nil, is_queued: false, run: Self.run,
                context: Unmanaged.passUnretained(self).toOpaque()))
    }

    deinit {
        unsafe task.deallocate()
    }

    /// Has the body called at the end of this turn, after everything that may ask for more. It holds
    /// this object until then.
    public func schedule() {
        if isScheduled { return }
        isScheduled = true
        // Balanced when it runs.
        _ = unsafe Unmanaged.passRetained(self)
        unsafe vn_worker_last(worker.executor.pointer, task)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it. Balances the retain in `schedule`.
        let task = unsafe Unmanaged<TurnTask>.fromOpaque(context!).takeRetainedValue()
        task.isScheduled = false
        task.body()
    }
}
