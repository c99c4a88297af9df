// SPDX-License-Identifier: MIT

import Dispatch

/// Runs tasks on a thread that tests do not block.
public final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "tasks of a test")

    public init() {}

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
