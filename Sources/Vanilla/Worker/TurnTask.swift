// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// Does something once in a turn of a worker's loop, however often it is asked for before.
    ///
    /// Best used on the worker's thread. Asked on another one, such as that of an actor, it is done
    /// in one of the worker's next turns.
    @safe
    public final class TurnTask {
        /// When in a turn. Later versions may have more moments.
        public struct Moment: Sendable, Hashable {
            fileprivate let isEnd: Bool

            private init(isEnd: Bool) {
                self.isEnd = isEnd
            }

            /// After its events, in turns with what else they led to, such as the jobs of tasks:
            /// the place to continue something long that others should not wait for.
            public static let soon = Moment(isEnd: false)
            /// After everything that may ask for more: the place to send what the requests of the
            /// turn have asked for.
            public static let end = Moment(isEnd: true)
        }

        private let worker: Worker
        private let moment: Moment
        private let body: () -> Void
        private let task: UnsafeMutablePointer<vn_task>
        /// Whether C has this object, which it then retains. On the worker's thread.
        private var isScheduled = false

        /// - Parameter body: Called on the worker's thread, and in no actor.
        public init(on worker: Worker, at moment: Moment = .end, _ body: @escaping () -> Void) {
            self.worker = worker
            self.moment = moment
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

        /// Calls the body in this turn. It retains this object until then. Nothing where the worker
        /// has ended.
        public func schedule() {
            if worker.isCurrent { scheduleHere() } else { scheduleElsewhere() }
        }

        @inline(never)
        private func scheduleElsewhere() {
            // It is used on the worker's thread alone.
            let box = UncheckedBox(self)
            worker.run { [worker] in
                if worker.isCurrent { box.value.scheduleHere() }
            }
        }

        /// Calls the body in this turn. On the worker's thread, which is not checked.
        package func scheduleHere() {
            if isScheduled { return }
            isScheduled = true
            // Balanced when it runs.
            _ = unsafe Unmanaged.passRetained(self)
            let pointer = unsafe worker.executor.pointer
            if moment.isEnd {
                unsafe vn_worker_last(pointer, task)
            } else {
                unsafe vn_worker_soon(pointer, task)
            }
        }

        private static let run: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            // C always passes it. Balances the retain in `schedule`.
            let task = unsafe Unmanaged<Worker.TurnTask>.fromOpaque(context!).takeRetainedValue()
            task.isScheduled = false
            task.body()
        }
    }
}
