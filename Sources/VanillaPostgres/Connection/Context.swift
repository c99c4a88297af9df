// SPDX-License-Identifier: MIT

internal import Vanilla

/// What a worker's shard and its connections have in common. It knows neither: so a connection is
/// opened, used and closed without knowing whose it is. Only on the worker's thread.
final class Context {
    let worker: Worker
    let configuration: PostgresPool.Configuration
    let resolver: Resolver
    let counters = Counters()
    let schema = SchemaVersion()
    /// The worker stops, or the pool is gone: nothing is asked any more.
    private(set) var isEnded = false
    private var turn: Worker.TurnTask?

    init(
        worker: Worker, configuration: PostgresPool.Configuration, resolver: Resolver
    ) {
        self.worker = worker
        self.configuration = configuration
        self.resolver = resolver
    }

    /// What to do at the end of a turn in which something happened.
    func atEndOfTurn(_ body: @escaping () -> Void) {
        turn = Worker.TurnTask(on: worker, body)
    }

    /// Something happened.
    func schedule() {
        turn?.schedule()
    }

    func end() {
        isEnded = true
        turn = nil
    }

    func count(_ what: Counters.What) {
        counters.add(what)
    }

    func report(_ level: Server.LogLevel, _ message: String) {
        configuration.report(level, message)
    }
}

/// Another number after each change of the schema that was noticed: what was prepared before it is
/// prepared again. Of all connections of a worker.
final class SchemaVersion {
    private(set) var number: UInt64 = 0

    func change() {
        number += 1
    }
}
