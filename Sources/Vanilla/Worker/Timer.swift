// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// Does something on a worker at a later moment: on its timer wheel, by the millisecond, at the
    /// same cost however many there are.
    ///
    /// Best used on the worker's thread, where everything happens at once. On another one, such as
    /// that of an actor, the worker does soon what it is asked, in that order; released there, its
    /// body may still be called once.
    public final class Timer {
        private let worker: Worker
        private let setting: Setting

        /// A timer that is not set.
        ///
        /// - Parameter body: Called on the worker's thread each time that the moment comes, and in
        ///   no actor.
        public init(on worker: Worker, _ body: @escaping () -> Void) {
            self.worker = worker
            setting = Setting(body)
        }

        deinit {
            // C names the setting, which lives until the worker has cleared it.
            if worker.isCurrent { return setting.clear() }
            worker.run { [setting] in setting.clear() }
        }

        /// Sets the moment, in place of the one that was set before: not earlier than `duration`
        /// from now, and up to a millisecond later, or more where the worker is busy. Nothing where
        /// the worker has ended.
        public func set(after duration: Duration) {
            if worker.isCurrent { return setting.set(after: duration, on: worker) }
            worker.run { [setting, worker] in
                if worker.isCurrent { setting.set(after: duration, on: worker) }
            }
        }

        /// Clears the moment: nothing is called until it is set again.
        public func cancel() {
            if worker.isCurrent { return setting.clear() }
            worker.run { [setting] in setting.clear() }
        }
    }
}

/// What C has of a timer. On the worker's thread; once the worker has ended, and has cleared all
/// timers, on any.
@safe
private final class Setting: @unchecked Sendable {
    private let body: () -> Void
    private let timer: UnsafeMutablePointer<vn_timer>

    init(_ body: @escaping () -> Void) {
        self.body = body
        unsafe timer = .allocate(capacity: 1)
        unsafe timer.initialize(
            to: vn_timer(
                private: (nil, nil, nil, nil), run: Self.run,
                // The timer is cleared before this object goes.
                context: Unmanaged.passUnretained(self).toOpaque()))
    }

    deinit {
        unsafe timer.deallocate()
    }

    func set(after duration: Duration, on worker: Worker) {
        unsafe vn_timer_set(worker.executor.pointer, timer, duration.boundedNanoseconds)
    }

    func clear() {
        unsafe vn_timer_clear(timer)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it. The body may release the timer.
        unsafe Unmanaged<Setting>.fromOpaque(context!).takeUnretainedValue().body()
    }
}

extension Duration {
    /// Nothing below zero, and at most some centuries.
    var boundedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let (whole, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        // Rounded up: it is never too early.
        let rest = UInt64(attoseconds + 999_999_999) / 1_000_000_000
        return overflows ? .max : whole.addingReportingOverflow(rest).overflow ? .max : whole + rest
    }
}
