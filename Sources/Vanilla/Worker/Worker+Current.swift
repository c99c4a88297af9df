// SPDX-License-Identifier: MIT

internal import CVanillaIO
internal import Synchronization

// Which worker code belongs to. Two questions have different answers where an actor is used: whose
// thread this is, and whose task this is. Swift's runtime has the thread that holds an actor run
// the actor's other jobs as well, those of other workers' tasks among them. So the thread says what
// may be touched at this moment, and the task says whose work it is.

extension Worker {
    /// The worker that the caller belongs to: in a task the one whose executor the task prefers, on
    /// whatever thread its code runs, as asynchronous handlers and their child tasks do; outside of
    /// tasks the one whose thread this is. `nil` for anything else, such as a task made by
    /// `Task { }`, and once the worker has ended.
    ///
    /// In an actor's method the thread may be another one: see ``isCurrent``.
    public static var current: Worker? {
        let here = ofThread { $0 }
        // A handler that is not asynchronous, a timer, and what else the loop calls. A task that is
        // further out on this thread, such as that of `Server.handle`, says nothing about it.
        if let here, !here.executor.isRunningJob { return here }
        guard
            let preferred = unsafe withUnsafeCurrentTask(body: { task in
                unsafe task?.unownedTaskExecutor
            })
        else { return nil }
        if let here, unsafe here.executor.asUnownedTaskExecutor() == preferred { return here }
        return living.withLock { workers in
            workers.first { unsafe $0.executor.asUnownedTaskExecutor() == preferred }
        }
    }

    /// The number of the worker whose thread this is, without holding the worker. It says nothing
    /// about the task: that belongs to this worker only where the caller is isolated to no actor.
    package static var indexOfThread: Int? { ofThread { $0.index } }

    /// What is asked of the worker whose thread this is, which is not held for it; `nil` on any
    /// other thread.
    package static func ofThread<Value>(_ ask: (Worker) -> Value) -> Value? {
        guard let pointer = unsafe vn_worker_current(),
            let context = unsafe vn_worker_context(pointer)
        else { return nil }
        // The context of a worker of this library is its handler.
        return unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef {
            ask($0.worker)
        }
    }
}

// MARK: - Those of the process

extension Worker {
    /// Those that have begun and not ended, of every server: what finds the worker of a task whose
    /// code runs on another thread.
    private static let living = Lock<[Worker]>([])

    /// Those that take tasks now, of every server of the process.
    package static var running: [Worker] {
        // One that is in the list is not freed.
        living.withLock { $0.filter { $0.executor.takesTasks } }
    }

    /// Whether both are workers of one server, in this run of it or another.
    package func isOfSameServer(as other: Worker) -> Bool { server == other.server }

    /// The worker has begun.
    func join() {
        Self.living.withLock { $0.append(self) }
    }

    /// The worker has ended: its tasks belong to none.
    func leave() {
        Self.living.withLock { workers in workers.removeAll { $0 == self } }
    }
}

extension WorkerExecutor {
    /// The executor of the worker whose thread this is; `nil` on other threads.
    static var ofThread: WorkerExecutor? { Worker.ofThread { $0.executor } }
}
