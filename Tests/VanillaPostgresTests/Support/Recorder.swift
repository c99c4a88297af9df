// SPDX-License-Identifier: MIT

import Dispatch
import Foundation
import Vanilla

/// Collects values from any thread.
final class Recorder<Value: Sendable>: Sendable {
    private let condition = NSCondition()
    nonisolated(unsafe) private var recorded: [Value] = []

    func record(_ value: Value) {
        condition.lock()
        recorded.append(value)
        condition.broadcast()
        condition.unlock()
    }

    var values: [Value] {
        condition.lock()
        defer { condition.unlock() }
        return recorded
    }

    /// Forgets the values, which may hold what holds this.
    func clear() {
        condition.lock()
        recorded = []
        condition.unlock()
    }

    /// Waits until there are `count` values; false when they have not come within the deadline.
    func wait(for count: Int, deadline: TimeInterval = 20) -> Bool {
        let end = Date(timeIntervalSinceNow: deadline)
        condition.lock()
        defer { condition.unlock() }
        while recorded.count < count {
            if !condition.wait(until: end) { return recorded.count >= count }
        }
        return true
    }
}

/// Records its own end.
final class Witness: Sendable {
    private let recorder: Recorder<Int>

    init(_ recorder: Recorder<Int>) {
        self.recorder = recorder
    }

    deinit {
        recorder.record(1)
    }
}

/// Not the global pool of threads, which tests that wait may fill.
func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    Thread(block: body).start()
}

/// Runs tasks on a thread that tests do not block.
final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "tasks of a test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
