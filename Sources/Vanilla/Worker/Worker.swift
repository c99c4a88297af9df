// SPDX-License-Identifier: MIT

/// One of a server's threads, each with its own connections, listener and handler.
///
/// An asynchronous handler runs on its connection's worker: it starts there, and comes back there
/// after every `await`.
public struct Worker: Sendable, Hashable {
    /// Its number, from zero; zero in `Server.handle`, too.
    public let index: Int
    let executor: WorkerExecutor

    /// Whether both are the same worker of the same server.
    public static func == (one: Worker, other: Worker) -> Bool { one.executor === other.executor }

    /// Adds what `==` compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(executor)) }

    /// Runs tasks on this worker's thread: `Task(executorPreference: worker.taskExecutor) { ... }`.
    /// After the worker has ended, tasks continue on Swift's own threads.
    public var taskExecutor: any TaskExecutor { executor }

    /// Whether this is the worker's own thread.
    public var isCurrent: Bool { executor.isCurrent }

    /// Calls `work` on the worker's thread, soon and in the order of the calls of one thread. Any
    /// thread.
    public func run(_ work: @escaping @Sendable () -> Void) {
        Task(executorPreference: executor) { work() }
    }

    /// Calls `body` once, on the worker's thread, when the worker stops and has no connection left:
    /// the place to close what lives on the worker. On the worker's thread.
    public func whenStopping(_ body: @escaping () -> Void) {
        precondition(isCurrent, "whenStopping is called on the worker's thread.")
        executor.whenStopping(body)
    }

    /// What `owner` keeps on this worker, which is forgotten when the worker stops. On the worker's
    /// thread.
    ///
    /// - Parameter make: Called when there is none yet.
    public func state<State: AnyObject>(of owner: AnyObject, make: () -> State) -> State {
        precondition(isCurrent, "state(of:make:) is called on the worker's thread.")
        return executor.state(of: owner, make: make)
    }
}
