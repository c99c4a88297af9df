// SPDX-License-Identifier: MIT

internal import Vanilla

/// What a worker's shard and its connections have in common. It knows neither, so that a connection
/// does not have to know its shard. Only on the worker's thread.
final class Context {
    let worker: Worker
    let configuration: PostgresPool.Configuration
    let resolver: Resolver
    let connectTime: ConnectTime
    let counters = Counters()
    let schema = SchemaVersion()
    let types = TypeCatalog()
    /// The worker stops, or the pool is gone: nothing is asked any more.
    private(set) var isEnded = false
    /// The worker ends, and nothing can be watched any more: until when it may be held up for what
    /// has to be done.
    private(set) var lastMoment: Int64?
    private var turn: Worker.TurnTask?
    private var said: Set<String> = []

    init(
        worker: Worker, configuration: PostgresPool.Configuration, resolver: Resolver
    ) {
        self.worker = worker
        self.configuration = configuration
        self.resolver = resolver
        connectTime = ConnectTime(
            program: configuration.connectTimeout, connectTimeout: resolver.connectTimeout)
    }

    /// Sets what is done at the end of a turn in which `schedule` was called.
    func atEndOfTurn(_ body: @escaping () -> Void) {
        turn = Worker.TurnTask(on: worker, body)
    }

    /// Something happened that the shard has to look at in this turn.
    func schedule() {
        turn?.scheduleHere()
    }

    func end(withWorker: Bool) {
        // A quarter of a second, for all connections together.
        if withWorker { lastMoment = Clock.now + 250_000_000 }
        isEnded = true
        turn = nil
    }

    func count(_ what: Counters.What) {
        counters.add(what)
    }

    func report(_ level: Server.LogLevel, _ message: String) {
        configuration.report(level, message)
    }

    /// What is said at most once a worker.
    func reportOnce(_ level: Server.LogLevel, _ message: String) {
        if said.insert(message).inserted { report(level, message) }
    }
}

/// A number that changes with each change of the schema that was noticed by a connection of the
/// worker: statements that were prepared before are prepared again.
final class SchemaVersion {
    private(set) var number: UInt64 = 0

    func change() {
        number += 1
    }
}
