// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// Does something on a worker at a later moment: on its timer wheel, by the millisecond, at the
    /// same cost however many there are. Made, used and released on the worker's thread.
    @safe
    public final class Timer {
        private let worker: Worker
        private let body: () -> Void
        private let timer: UnsafeMutablePointer<vn_timer>

        /// A timer that is not set.
        ///
        /// - Parameter body: Called on the worker's thread each time that the moment comes.
        public init(on worker: Worker, _ body: @escaping () -> Void) {
            precondition(worker.isCurrent, "A timer is made on its worker's thread.")
            self.worker = worker
            self.body = body
            unsafe timer = .allocate(capacity: 1)
            unsafe timer.initialize(
                to: vn_timer(
                    private: (nil, nil, nil, nil), run: Self.run,
                    // The timer is cleared before this object goes.
                    context: Unmanaged.passUnretained(self).toOpaque()))
        }

        deinit {
            unsafe vn_timer_clear(timer)
            unsafe timer.deallocate()
        }

        /// Sets the moment, in place of the one that was set before: not earlier than `duration`
        /// from now, and up to a millisecond later, or more where the worker is busy.
        public func set(after duration: Duration) {
            unsafe vn_timer_set(worker.executor.pointer, timer, duration.boundedNanoseconds)
        }

        /// Clears the moment: nothing is called until it is set again.
        public func cancel() {
            unsafe vn_timer_clear(timer)
        }

        private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            // C always passes it. The body may release the timer.
            unsafe Unmanaged<Worker.Timer>.fromOpaque(context!).takeUnretainedValue().body()
        }
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
