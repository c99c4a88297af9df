// SPDX-License-Identifier: MIT

internal import Vanilla

/// What a pool has at one worker: gives queries to connections, leases connections to tasks, and
/// opens as many as are needed. Only on the worker's thread: tasks ask by a `Query` or `acquire`,
/// which go there from any other.
@usableFromInline
@safe
final class Shard: @unchecked Sendable {
    let context: Context
    let quota: ConnectionQuota<Shard>
    let backoff: Backoff
    let backlog: Backlog
    private let freelist = Freelist<Operation>()

    var connections: [Connection] = []
    /// The numbers of connections, none of which is used twice.
    var lastNumber: UInt64 = 0
    /// Connections that were lost, and in whose place there is none yet.
    var missing = 0
    /// It has no connection, and waits for one of another worker.
    var isStarved = false
    /// Hears of notifications, once somebody listens.
    var listener: Listener?
    let shared: Shared

    init(worker: Worker, shared: Shared, quota: ConnectionQuota<Shard>) {
        let configuration = shared.configuration
        context = Context(
            worker: worker, configuration: configuration, resolver: shared.resolver)
        self.quota = quota
        self.shared = shared
        backoff = Backoff(configuration)
        backlog = Backlog(context, backoff)
        context.atEndOfTurn { [self] in flush() }
        backoff.open(on: worker) { [self] in grow() }
        worker.whenStopping { [self] in end(withWorker: true) }
    }

    var worker: Worker { context.worker }
    var configuration: PostgresPool.Configuration { context.configuration }
    var isEnded: Bool { context.isEnded }

    /// Whether this is the worker's thread, and it has not ended.
    var isHere: Bool { worker.isCurrent && !isEnded }

    /// The worker stops, or the pool is gone: everything that waits ends.
    func end(withWorker: Bool = false) {
        if withWorker { for connection in connections { connection.endClosingCancel() } }
        guard !isEnded else { return }
        context.end(withWorker: withWorker)
        backoff.close()
        if isStarved { quota.stopStarving(self) }
        isStarved = false
        backlog.close()
        listener?.end()
        for connection in connections { connection.close(nil) }
        freelist.close()
        gauge()
    }

    /// Numbers that change without being counted, as of now.
    private func gauge() {
        let idle = count { $0.isFree }
        context.counters.gauge(size: connections.count, idle: idle, waiting: backlog.count)
    }

    /// How many connections a condition holds for.
    func count(_ condition: (Connection) -> Bool) -> Int {
        var count = 0
        for connection in connections where condition(connection) { count += 1 }
        return count
    }
}

// MARK: - Queries

extension Shard {
    /// An operation to fill: on the worker's thread one that was used before.
    func makeOperation(_ timeout: Duration?) -> Operation {
        Operation.make(
            from: freelist, repeatLimit: configuration.maximum,
            timeout: timeout?.boundedNanoseconds)
    }

    /// The same on another thread, where it is a new one.
    func makeOperationElsewhere(_ timeout: Duration?) -> Operation {
        Operation.makeAnew(
            for: freelist, repeatLimit: configuration.maximum,
            timeout: timeout?.boundedNanoseconds)
    }

    /// The connection that is leased for a query, or that it was sent on; nil once that is closed.
    func connection(of operation: Operation) -> Connection? {
        connections.first { $0.number == operation.connection }
    }

    /// Takes a query, which is sent at the end of the turn.
    func submit(_ operation: Operation) throws {
        if operation.isLeased { return try submitToLease(operation) }
        try backlog.add(operation)
        context.count(.query)
        context.schedule()
    }

    private func submitToLease(_ operation: Operation) throws {
        guard let connection = connection(of: operation), connection.role.isLeased else {
            throw unavailable(PostgresError(.connection, "The leased connection was lost."))
        }
        try connection.submit(operation)
    }

    func forget(_ operation: Operation) {
        backlog.queries.remove(operation)
    }

    /// The end of a turn: what was asked leaves.
    private func flush() {
        guard !isEnded else { return }
        lease()
        if !backlog.queries.isEmpty { distribute() }
        // A connection that fails here asks for another turn.
        for connection in connections where connection.needsFlush { connection.flush() }
        if quota.isAnyStarved { giveOneUp() }
        backlog.setTimer()
        grow()
        gauge()
    }

    /// The reads of a turn go together to the connection that has least to do. What has a Sync of
    /// its own goes alone: it would gain nothing and wait for the others.
    private func distribute() {
        let now = Clock.now
        let queries = backlog.queries
        while let first = queries.first {
            guard let connection = leastLoaded(now) else { return backlog.stamp(now) }
            let isShared = first.isShared
            repeat {
                guard let operation = queries.removeFirst() else { return }
                backlog.waited(operation, now)
                connection.send(operation, now: now)
            } while isShared && connection.isUsable && queries.first?.isShared == true
        }
    }

    /// One that is not at something slow, if there is such a one.
    private func leastLoaded(_ now: Int64) -> Connection? {
        var best: Connection?
        var isBestSlow = true
        for connection in connections where connection.isUsable {
            let isSlow = connection.isSlow(now)
            if best == nil || (isBestSlow && !isSlow)
                || (isBestSlow == isSlow && connection.inFlight < best!.inFlight)
            {
                best = connection
                isBestSlow = isSlow
            }
        }
        return best
    }
}
