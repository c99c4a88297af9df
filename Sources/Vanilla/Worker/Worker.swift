// SPDX-License-Identifier: MIT

/// One of a server's threads, each with its own connections, listener and handler.
///
/// An asynchronous handler runs on its connection's worker: it starts there, and comes back there
/// after every `await`. So do its child tasks, and not what it calls in an actor: see
/// ``Worker/current``.
public struct Worker: Sendable, Hashable {
    /// Its number, from zero; zero in `Server.handle`, too.
    public let index: Int
    let executor: WorkerExecutor
    /// Its server, for as long as that lives.
    let server: ObjectIdentifier

    /// Whether both are the same worker of the same server.
    public static func == (one: Worker, other: Worker) -> Bool { one.executor === other.executor }

    /// Adds what `==` compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(executor)) }

    /// Runs tasks on this worker's thread: `Task(executorPreference: worker.taskExecutor) { ... }`.
    /// After the worker has ended, tasks continue on Swift's own threads.
    public var taskExecutor: any TaskExecutor { executor }

    /// Whether this is the worker's own thread. An actor's method may meanwhile run there by
    /// chance, and elsewhere after the next `await`.
    public var isCurrent: Bool { executor.isCurrent }

    /// Calls `work` on the worker's thread, soon and in the order of the calls of one thread. Any
    /// thread.
    public func run(_ work: @escaping @Sendable () -> Void) {
        Task(executorPreference: executor) { work() }
    }

    /// Calls `body` once, on the worker's thread, when the worker stops and has no connection left:
    /// the place to close what lives on the worker. At once, where it has stopped. On another
    /// thread the worker takes it soon, or it is called there where the worker has ended.
    public func whenStopping(_ body: @escaping () -> Void) {
        if isCurrent { return executor.whenStopping(body) }
        // It is called once, by whoever has it last.
        let box = UncheckedBox(body)
        run {
            if isCurrent { executor.whenStopping(box.value) } else { box.value() }
        }
    }

    /// What `owner` keeps on this worker, which is forgotten when the worker stops. On the worker's
    /// thread, and not in an actor.
    ///
    /// - Parameters:
    ///   - owner: Whose it is.
    ///   - isolation: Where the caller runs.
    ///   - make: Called when there is none yet.
    /// - Throws: ``ServerError`` of the kind `notOnWorker` on another thread, and in an actor's
    ///   method on any: it would work there by chance.
    public func state<State: AnyObject>(
        of owner: AnyObject, isolation: isolated (any Actor)? = #isolation, make: () -> State
    ) throws(ServerError) -> State {
        try check(isolation == nil, "state(of:make:) is called")
        return executor.state(of: owner, make: make)
    }

    /// The one check of what cannot go to the worker's thread by itself. A caller that is isolated
    /// to no actor, and on the worker's thread, is run by the worker's executor or its loop.
    func check(_ isInNoActor: Bool, _ act: StaticString) throws(ServerError) {
        guard isInNoActor, isCurrent else {
            throw ServerError(
                .notOnWorker, "\(act) on the worker's thread alone, and not in an actor.")
        }
    }
}
