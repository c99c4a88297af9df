// SPDX-License-Identifier: MIT

internal import Vanilla

// How many connections a worker has: it opens what is missing, replaces what was lost, and shares
// what the process may have with other workers.

extension Shard {
    /// Opens what is missing: the minimum, one for queries, one for each task that wants one, and
    /// one more when all have much to do.
    func grow() {
        guard !isEnded, !backoff.isPausing else { return }
        let hasQueries = !backlog.queries.isEmpty
        let connecting = count { $0.role == .connecting }
        let shared = count { $0.role.isShared }
        var wanted = configuration.minimum - connections.count
        wanted = max(wanted, backlog.acquirers.count - connecting + (hasQueries ? 1 : 0))
        if hasQueries && shared + connecting == 0 { wanted = max(wanted, 1) }
        if connecting == 0 && isLoaded { wanted = max(wanted, 1) }
        while wanted > 0, openOne() { wanted -= 1 }
    }

    /// Whether every shared connection has so much under way, or has said nothing for so long, that
    /// another one helps.
    private var isLoaded: Bool {
        var shared = 0
        var now: Int64 = 0
        for connection in connections where connection.role.isShared {
            shared += 1
            if connection.inFlight == 0 { return false }
            if connection.inFlight >= Self.loadedDepth { continue }
            if now == 0 { now = Clock.now }
            if connection.silence(now) < Self.loadedTime { return false }
        }
        return shared > 0
    }

    /// Where each connection has so many queries under way, one more is opened.
    private static let loadedDepth = 64
    /// The same where each has said nothing for so long: 20 ms.
    private static let loadedTime: Int64 = 20_000_000

    private func openOne() -> Bool {
        guard connections.count < configuration.maximum else { return false }
        guard connections.isEmpty || !quota.isAnyStarved else { return false }
        guard quota.take() || hasBeenGiven() else { return false }
        if isStarved {
            isStarved = false
            quota.stopStarving(self)
        }
        begin()
        return true
    }

    private func begin() {
        lastNumber += 1
        let connection = Connection(lastNumber, context, owner: self)
        connections.append(connection)
        context.count(.attempt)
        connection.open()
    }
}

// MARK: - What connections tell and ask

extension Shard: ConnectionOwner {
    func opened(_ connection: Connection) {
        if backoff.hasFailed { context.report(.info, "The database can be reached again.") }
        backoff.succeeded()
        context.count(.connected)
        if missing > 0 {
            missing -= 1
            context.count(.reconnect)
        }
        for old in connections where old.isOld && old !== connection { old.drain() }
        context.schedule()
    }

    func closed(_ connection: Connection, wasOpen: Bool, _ error: PostgresError?) {
        guard !isEnded else { return }
        if let error { report(error, wasOpen: wasOpen) }
        if !wasOpen {
            backoff.failed()
        } else if error != nil {
            missing += 1
            context.count(.loss)
            // The next server may have other types under the same numbers.
            context.types.forget()
        }
        context.schedule()
    }

    func gone(_ connection: Connection) {
        connections.removeAll { $0 === connection }
        quota.give()
        context.schedule()
    }

    private func report(_ error: PostgresError, wasOpen: Bool) {
        backoff.lastError = error
        if wasOpen {
            context.report(.warning, "A database connection was lost: \(error)")
        } else if !backoff.hasFailed {
            // Once an outage.
            context.report(.warning, "The database cannot be reached: \(error)")
        }
    }

    func sendAgain(_ operation: Operation) {
        guard !isEnded else {
            return operation.finish(RequestError.workerStops)
        }
        backlog.addAgain(operation)
        context.schedule()
    }

    func hasAnother(than connection: Connection, _ now: Int64) -> Bool {
        if connections.contains(where: { other in
            other !== connection && other.isUsable && !other.isSlow(now)
        }) {
            return true
        }
        guard !backoff.hasFailed else { return false }
        if connections.contains(where: { $0.role == .connecting }) { return true }
        return !backoff.isPausing && connections.count < configuration.maximum && quota.hasRoom
    }

    func openAnother() -> Bool { !backoff.isPausing && openOne() }

    var hasMoreThanMinimum: Bool { connections.count > configuration.minimum }
}

// MARK: - What other workers give

extension Shard: QuotaMember {
    /// Whether another worker has given one up for this one, which has none. If not, one will.
    private func hasBeenGiven() -> Bool {
        guard connections.isEmpty, backlog.count > 0, !isStarved else { return false }
        isStarved = true
        quota.starve(self)
        // It may have been given before it was known that this one waits.
        return quota.take()
    }

    func receiveOne() {
        let isWanted = isStarved && !isEnded
        isStarved = false
        guard isWanted else { return quota.give() }
        begin()
        context.schedule()
    }

    func giveOneUp() {
        guard !isEnded, quota.isAnyStarved, count({ $0.role != .closed }) > 1 else { return }
        let given = connections.first { $0.isFree } ?? connections.first { $0.role.isShared }
        if !connections.contains(where: { $0.role.isDraining }) { given?.drain() }
    }
}
