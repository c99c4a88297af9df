// SPDX-License-Identifier: MIT

internal import Vanilla

/// What waits at one worker: queries that were not sent, and tasks that want a connection for
/// themselves. Bounded in number and in time. Only on the worker's thread.
final class Backlog {
    private let context: Context
    private let backoff: Backoff
    /// Queries that were not sent yet.
    let queries = Line<Operation>()
    /// Tasks that want a connection for themselves.
    let acquirers = Line<Acquirer>()
    private var arrivals: UInt64 = 0
    private var timer: Worker.Timer?
    private var isTimerSet = false

    init(_ context: Context, _ backoff: Backoff) {
        self.context = context
        self.backoff = backoff
        timer = Worker.Timer(on: context.worker) { [self] in expire() }
    }

    var count: Int { queries.count + acquirers.count }

    /// Ends all of them.
    func close() {
        timer?.cancel()
        timer = nil
        let error = RequestError.workerStops
        while let operation = queries.removeFirst() { operation.finish(error) }
        while let acquirer = acquirers.removeFirst() { acquirer.finish(error) }
    }
}

// MARK: - Coming and going

extension Backlog {
    func add(_ operation: Operation) throws {
        try admit(operation)
        // Stamped when it has to wait.
        operation.since = 0
        operation.phase = .unsent
        queries.append(operation)
    }

    /// It was sent before, and comes before those that came later.
    func addAgain(_ operation: Operation) {
        operation.phase = .unsent
        queries.prepend(operation)
    }

    func add(_ acquirer: Acquirer) throws {
        try admit(acquirer)
        acquirer.since = Clock.now
        acquirers.append(acquirer)
    }

    private func admit(_ member: Waiting) throws {
        guard !context.isEnded else {
            throw RequestError.workerStops
        }
        guard count < context.configuration.maximumWaiting else {
            context.count(.refusal)
            throw unavailable(
                PostgresError(
                    .exhausted, "\(count) wait for a connection.\(backoff.lastWords)"))
        }
        arrivals += 1
        member.order = arrivals
    }

    /// Whether a task that waits for a connection came before every query.
    func isFirst(_ acquirer: Acquirer) -> Bool {
        queries.first.map { acquirer.order < $0.order } ?? true
    }

    /// It does not wait any more.
    func waited(_ member: Waiting, _ now: Int64) {
        context.counters.waited(member.since == 0 ? 0 : now - member.since)
        // Sent again, it is new.
        member.since = 0
    }
}

// MARK: - Waiting

extension Backlog {
    /// The queries that are left over begin to wait.
    func stamp(_ now: Int64) {
        var next = queries.first
        while let operation = next, operation.since == 0 {
            operation.since = now
            // The line has operations only.
            next = operation.next.map { unsafe unsafeDowncast($0, to: Operation.self) }
        }
    }

    /// Sees to it that nothing waits longer than it may.
    func setTimer() {
        guard !isTimerSet, count > 0 else { return }
        var first = Int64.max
        if let query = queries.first, query.since > 0 { first = query.since }
        if let acquirer = acquirers.first { first = min(first, acquirer.since) }
        guard first < .max else { return }
        isTimerSet = true
        timer?.set(after: .nanoseconds(max(0, first + limit - Clock.now)))
    }

    private var limit: Int64 { context.configuration.acquireTimeout.boundedNanoseconds }

    /// Ends what has waited too long. The heads of the lines have waited longest.
    private func expire() {
        isTimerSet = false
        let last = Clock.now - limit
        lazy var timeout = makeTimeout()
        while let query = queries.first, query.since > 0, query.since <= last {
            queries.remove(query)
            context.count(.refusal)
            query.finish(timeout)
        }
        while let acquirer = acquirers.first, acquirer.since <= last {
            acquirers.remove(acquirer)
            context.count(.refusal)
            acquirer.finish(timeout)
        }
        setTimer()
    }

    private func makeTimeout() -> RequestError {
        let time = context.configuration.acquireTimeout
        return unavailable(
            PostgresError(
                .timeout, "There was no connection within \(time).\(backoff.lastWords)"))
    }
}
