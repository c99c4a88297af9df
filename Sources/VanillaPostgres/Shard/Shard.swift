// SPDX-License-Identifier: MIT

internal import Vanilla

/// What a pool has at one worker. Only on the worker's thread.
@usableFromInline
@safe
final class Shard: ConnectionOwner, @unchecked Sendable {
    let context: Context
    let shared: Shared
    var configuration: PostgresPool.Configuration { context.configuration }
    var worker: Worker { context.worker }

    private(set) var connections: [Connection] = []
    private let freelist = Freelist<Operation>()
    /// The numbers of connections, none of which is used twice.
    private var lastNumber: UInt64 = 0
    /// Queries that were not sent yet.
    private let unsent = Line<Operation>()
    /// Those who want a connection for themselves.
    private let acquirers = Line<Acquirer>()
    private var arrivals: UInt64 = 0
    private var waitTimer: Worker.Timer?
    private var waitTimerIsSet = false
    private var retryTimer: Worker.Timer?
    /// Not before that are connections opened.
    private var isPausing = false
    private var failures = 0
    /// Connections that were lost, and in whose place there is none yet.
    private var missing = 0
    /// It has no connection, and waits for one of another worker.
    private var isHungry = false
    private(set) var lastError: PostgresError?
    var isEnded: Bool { context.isEnded }

    private let statementTimeout: Int64

    init(worker: Worker, shared: Shared) {
        context = Context(
            worker: worker, configuration: shared.configuration, resolver: shared.resolver)
        self.shared = shared
        // The server's own comes first.
        statementTimeout = shared.configuration.statementTimeout.boundedNanoseconds + 500_000_000
        context.atEndOfTurn { [self] in flush() }
        waitTimer = Worker.Timer(on: worker) { [self] in expire() }
        retryTimer = Worker.Timer(on: worker) { [self] in
            isPausing = false
            grow()
        }
        worker.whenStopping { [self] in end() }
    }

    /// Whether this is the worker's thread.
    var isHere: Bool { worker.isCurrent && !isEnded }

    var hasMoreThanMinimum: Bool { connections.count > configuration.minimum }
    private var waitingCount: Int { unsent.count + acquirers.count }
}

// MARK: - Queries

extension Shard {
    /// A query to fill with parameters.
    func makeQuery(_ timeout: Duration?) -> Query {
        let time = timeout?.boundedNanoseconds ?? statementTimeout
        let operation = Operation.make(
            from: freelist, repeatLimit: configuration.maximum, timeout: time)
        return Query(operation: operation, shard: self)
    }

    /// The connection that a query is asked on by a lease, or was sent on; nil once that is closed.
    func connection(of operation: Operation) -> Connection? {
        connections.first { $0.number == operation.connection }
    }

    /// Takes a query of this turn.
    func submit(_ operation: Operation) throws {
        if operation.isLeased { return try submitToLease(operation) }
        try admit()
        count(.query)
        arrivals += 1
        operation.order = arrivals
        // Stamped when it has to wait.
        operation.since = 0
        operation.phase = .unsent
        unsent.append(operation)
        schedule()
    }

    private func submitToLease(_ operation: Operation) throws {
        guard let connection = connection(of: operation), connection.role.isLeased else {
            throw unavailable(PostgresError(.connection, "The leased connection was lost."))
        }
        try connection.submit(operation)
    }

    private func admit() throws {
        guard !isEnded else {
            throw unavailable(PostgresError(.stopped, "The worker stops."))
        }
        guard waitingCount < configuration.maximumWaiting else {
            count(.refusal)
            throw unavailable(
                PostgresError(.exhausted, "\(waitingCount) wait for a connection.\(lastWords)"))
        }
    }

    private var lastWords: String {
        lastError.map { " The last attempt to connect failed: \($0)" } ?? ""
    }

    /// A query that has to be sent once more, before those that came later.
    func sendAgain(_ operation: Operation) {
        guard !isEnded else {
            return operation.finish(unavailable(PostgresError(.stopped, "The worker stops.")))
        }
        operation.phase = .unsent
        unsent.prepend(operation)
        schedule()
    }

    func forget(_ operation: Operation) {
        unsent.remove(operation)
    }

    private func schedule() {
        context.schedule()
    }

    /// The end of a turn: what was asked leaves.
    private func flush() {
        guard !isEnded else { return }
        lease()
        if !unsent.isEmpty { distribute() }
        // A connection that fails here asks for another turn.
        for connection in connections where connection.needsFlush { connection.flush() }
        if shared.isSomebodyHungry { spare() }
        if waitingCount > 0 { setWaitTimer() }
        grow()
        gauge()
    }

    /// The reads of a turn go together to the connection that has least to do. What has a Sync of its
    /// own does not gain by company, and would wait for the others.
    private func distribute() {
        let now = Clock.now
        while let first = unsent.first {
            guard let connection = leastLoaded(now) else { return stamp(now) }
            let isShared = first.isShared
            repeat {
                guard let operation = unsent.removeFirst() else { return }
                waited(operation, now)
                connection.send(operation, now: now)
            } while isShared && connection.isUsable && unsent.first?.isShared == true
        }
    }

    /// Of those that are not at something slow, if there are such.
    private func leastLoaded(_ now: Int64) -> Connection? {
        var best: Connection?
        var isBestSlow = true
        for connection in connections where connection.isUsable {
            let isSlow = connection.isSlow(now)
            if best == nil || (isBestSlow && !isSlow)
                || (isBestSlow == isSlow && connection.pipeline.inFlight < best!.pipeline.inFlight)
            {
                best = connection
                isBestSlow = isSlow
            }
        }
        return best
    }

    /// Whether another connection can take what waits at this one, or will be there soon.
    func hasAnother(than connection: Connection, _ now: Int64) -> Bool {
        if connections.contains(where: { other in
            other !== connection && other.isUsable && !other.isSlow(now)
        }) {
            return true
        }
        guard failures == 0 else { return false }
        if connections.contains(where: { $0.role == .connecting }) { return true }
        return !isPausing && connections.count < configuration.maximum && shared.hasRoom
    }

    /// What is left over begins to wait.
    private func stamp(_ now: Int64) {
        var next = unsent.first
        while let operation = next, operation.since == 0 {
            operation.since = now
            next = operation.next.map { unsafe unsafeDowncast($0, to: Operation.self) }
        }
    }

    private func waited(_ member: Waiting, _ now: Int64) {
        context.counters.waited(member.since == 0 ? 0 : now - member.since)
        // Sent again, it is new.
        member.since = 0
    }
}

// MARK: - Leases

extension Shard {
    /// Stands in line for a connection.
    func admit(_ acquirer: Acquirer) throws {
        try admit()
        arrivals += 1
        acquirer.order = arrivals
        acquirer.since = Clock.now
        acquirers.append(acquirer)
        schedule()
    }

    func forget(_ acquirer: Acquirer) {
        acquirers.remove(acquirer)
    }

    /// Gives connections to those who want one for themselves. Where more than one can be had, one is
    /// left to queries.
    private func lease() {
        while let acquirer = acquirers.first {
            guard let connection = connections.first(where: { $0.isFree && mayLease($0, acquirer) })
            else { break }
            acquirers.remove(acquirer)
            waited(acquirer, Clock.now)
            connection.beginLease()
            acquirer.finish(connection)
        }
        reserve()
    }

    /// How many connections can be had here, as far as is known: where the process has all that it may
    /// have, or the server takes no more, those that are there.
    private var attainable: Int {
        if failures > 0 {
            return max(1, connections.reduce(0) { $0 + ($1.role.isOpen ? 1 : 0) })
        }
        return shared.hasRoom ? configuration.maximum : max(1, connections.count)
    }

    private var leasable: Int { max(1, attainable - 1) }

    private func mayLease(_ connection: Connection, _ acquirer: Acquirer) -> Bool {
        let leased = connections.reduce(0) { $0 + ($1.role.isLeased ? 1 : 0) }
        guard leased < leasable else { return false }
        // With one connection in all, whoever came first.
        if attainable == 1, let query = unsent.first {
            return acquirer.order < query.order
        }
        return true
    }

    /// As nobody leaves a busy connection by itself, some take no more queries until they are free.
    private func reserve() {
        let leased = connections.reduce(0) { $0 + ($1.role.isLeased ? 1 : 0) }
        let reserved = connections.reduce(0) { $0 + ($1.role == .reserved ? 1 : 0) }
        if acquirers.isEmpty {
            for connection in connections { connection.endReservation() }
            return
        }
        var wanted = min(acquirers.count - reserved, leasable - leased - reserved)
        var shared = connections.reduce(0) { $0 + ($1.role.isShared ? 1 : 0) }
        for connection in connections where wanted > 0 && connection.role.isShared {
            guard shared > 1 || attainable == 1 else { return }
            guard mayLease(connection, acquirers.first!) else { return }
            connection.reserve()
            wanted -= 1
            shared -= 1
        }
    }
}

// MARK: - Waiting

extension Shard {
    private func setWaitTimer() {
        guard !waitTimerIsSet else { return }
        let limit = configuration.acquireTimeout.boundedNanoseconds
        var first = Int64.max
        if let query = unsent.first, query.since > 0 { first = query.since }
        if let acquirer = acquirers.first { first = min(first, acquirer.since) }
        guard first < .max else { return }
        waitTimerIsSet = true
        waitTimer?.set(after: .nanoseconds(max(0, first + limit - Clock.now)))
    }

    /// Those at the head of the lines have waited longest.
    private func expire() {
        waitTimerIsSet = false
        let last = Clock.now - configuration.acquireTimeout.boundedNanoseconds
        var error: PostgresError?
        func reason() -> PostgresError {
            if let error { return error }
            let made = PostgresError(
                .timeout,
                "There was no connection within \(configuration.acquireTimeout).\(lastWords)")
            error = made
            return made
        }
        while let query = unsent.first, query.since > 0, query.since <= last {
            unsent.remove(query)
            count(.refusal)
            query.finish(unavailable(reason()))
        }
        while let acquirer = acquirers.first, acquirer.since <= last {
            acquirers.remove(acquirer)
            count(.refusal)
            acquirer.finish(unavailable(reason()))
        }
        setWaitTimer()
    }
}

// MARK: - Connections

extension Shard {
    /// Opens what is missing: the minimum, one for queries, one for each who wants one, and one more
    /// when all have much to do.
    func grow() {
        guard !isEnded, !isPausing else { return }
        let opening = connections.reduce(0) { $0 + ($1.role == .connecting ? 1 : 0) }
        let shared = connections.reduce(0) { $0 + ($1.role.isShared ? 1 : 0) }
        var wanted = configuration.minimum - connections.count
        wanted = max(wanted, acquirers.count - opening + (unsent.isEmpty ? 0 : 1))
        if !unsent.isEmpty && shared + opening == 0 { wanted = max(wanted, 1) }
        if opening == 0 && isLoaded { wanted = max(wanted, 1) }
        while wanted > 0, openOne() { wanted -= 1 }
    }

    /// Every shared connection has so much under way, or has had something for so long, that another
    /// one helps.
    private var isLoaded: Bool {
        var shared = 0
        var now: Int64 = 0
        for connection in connections where connection.role.isShared {
            shared += 1
            if connection.pipeline.inFlight == 0 { return false }
            if connection.pipeline.inFlight >= Self.loadedDepth { continue }
            if now == 0 { now = Clock.now }
            if connection.silence(now) < Self.loadedTime { return false }
        }
        return shared > 0
    }

    /// So many under way at each connection ask for one more.
    private static let loadedDepth = 64
    /// So long without an answer does, too: 20 ms.
    private static let loadedTime: Int64 = 20_000_000

    /// One more, where the bounds allow it.
    func openAnother() -> Bool { !isPausing && openOne() }

    private func openOne() -> Bool {
        guard connections.count < configuration.maximum else { return false }
        guard connections.isEmpty || !shared.isSomebodyHungry else { return false }
        guard shared.take() || hasBeenGiven() else { return false }
        if isHungry {
            isHungry = false
            shared.satisfy(self)
        }
        begin()
        return true
    }

    private func begin() {
        lastNumber += 1
        let connection = Connection(lastNumber, context, owner: self)
        connections.append(connection)
        count(.attempt)
        connection.open()
    }

    /// Whether another worker has given one up for this one, which has none. If not, one will.
    private func hasBeenGiven() -> Bool {
        guard connections.isEmpty, waitingCount > 0, !isHungry else { return false }
        isHungry = true
        shared.hunger(self)
        // It may have been given before it was known that this one waits.
        return shared.take()
    }

    /// Another worker gave one up.
    func inherit() {
        let isWanted = isHungry && !isEnded
        isHungry = false
        guard isWanted else { return shared.give() }
        begin()
        schedule()
    }

    /// Gives up a connection for a worker that has none, if this one has more.
    func spare() {
        guard !isEnded, shared.isSomebodyHungry, connections.count > 1 else { return }
        let spared = connections.first { $0.isFree } ?? connections.first { $0.role.isShared }
        if !connections.contains(where: { $0.role.isDraining }) { spared?.drain() }
    }

    func opened(_ connection: Connection) {
        if failures > 0 { context.report(.info, "The database can be reached again.") }
        failures = 0
        lastError = nil
        count(.connected)
        if missing > 0 {
            missing -= 1
            count(.reconnect)
        }
        for old in connections where old.isOld && old !== connection { old.drain() }
        schedule()
    }

    func closed(_ connection: Connection, wasOpen: Bool, _ error: PostgresError?) {
        connections.removeAll { $0 === connection }
        shared.give()
        guard !isEnded else { return }
        if let error {
            lastError = error
            if wasOpen {
                context.report(.warning, "A database connection was lost: \(error)")
            } else if failures == 0 {
                // Once an outage.
                context.report(.warning, "The database cannot be reached: \(error)")
            }
        }
        if wasOpen {
            if error != nil {
                missing += 1
                count(.loss)
            }
        } else {
            pause()
        }
        schedule()
    }

    /// Longer after each failure, drawn from all of it, so that not everybody comes at once.
    private func pause() {
        if isPausing { return }
        let first = configuration.firstPause.boundedNanoseconds
        let longest = configuration.longestPause.boundedNanoseconds
        let top = min(longest, first << Int64(min(failures, 16)))
        failures += 1
        isPausing = true
        retryTimer?.set(after: .nanoseconds(Int64.random(in: 0...max(top, 1))))
    }

    /// The worker stops, or the pool is gone: nobody waits for anything any more.
    func end() {
        guard !isEnded else { return }
        context.end()
        waitTimer?.cancel()
        retryTimer?.cancel()
        waitTimer = nil
        retryTimer = nil
        if isHungry { shared.satisfy(self) }
        isHungry = false
        let error = unavailable(PostgresError(.stopped, "The worker stops."))
        while let operation = unsent.removeFirst() { operation.finish(error) }
        while let acquirer = acquirers.removeFirst() { acquirer.finish(error) }
        for connection in connections { connection.close(nil) }
        freelist.close()
        gauge()
    }
}

// MARK: - Counting

extension Shard {
    func count(_ what: Counters.What) {
        context.count(what)
    }

    /// Numbers that change without being counted, as of now.
    func gauge() {
        var idle = 0
        for connection in connections where connection.isFree { idle += 1 }
        context.counters.gauge(size: connections.count, idle: idle, waiting: waitingCount)
    }
}
