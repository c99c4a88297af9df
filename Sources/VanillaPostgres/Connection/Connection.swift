// SPDX-License-Identifier: MIT

internal import Vanilla

/// One connection to the server: opened, used by many queries at a time or leased to one, closed.
///
/// It has its work done by its parts, of which none knows another: the connector opens it, the pipeline
/// sends and receives, the cancellation, the lifetime and the pace say how things stand. Here it is
/// decided what follows. Only on the worker's thread.
final class Connection {
    /// By which its operations name it.
    let number: UInt64
    let context: Context
    /// Both retain each other until this is closed, as do this and what it has called back.
    let owner: any ConnectionOwner
    var role = Role.connecting

    private var connector: Connector?
    private var watch: Worker.DescriptorWatch?
    /// Takes what answers have come.
    private var reading: Worker.TurnTask?
    /// To be flushed at the end of the turn.
    private(set) var needsFlush = false
    private(set) var pace = Pace()
    let pipeline: Pipeline
    let cancellation: Cancellation
    let alarm = Alarm()
    let lifetime: Lifetime

    /// The transaction of the lease only reads.
    var isReadOnly = false
    var leaseTimer: Worker.Timer?

    init(_ number: UInt64, _ context: Context, owner: any ConnectionOwner) {
        self.number = number
        self.context = context
        self.owner = owner
        let configuration = context.configuration
        lifetime = Lifetime(configuration)
        cancellation = Cancellation(grace: configuration.cancelGrace, alarm)
        pipeline = Pipeline(
            StatementCache(context.schema), preparesStatements: configuration.preparesStatements)
    }
}

/// What a connection tells whoever opened it, and asks of them. Nothing of it is on the way of a query.
protocol ConnectionOwner: AnyObject {
    func opened(_ connection: Connection)
    func closed(_ connection: Connection, wasOpen: Bool, _ error: PostgresError?)
    /// A query has to be sent once more, before those that came later.
    func sendAgain(_ operation: Operation)
    /// Whether another connection can take what waits at this one, or will be there soon.
    func hasAnother(than connection: Connection, _ now: Int64) -> Bool
    /// Opens one more, where the bounds allow it. False where they do not.
    func openAnother() -> Bool
    /// Whether one may be closed because it is not used.
    var hasMoreThanMinimum: Bool { get }
}

// MARK: - What it can be used for

extension Connection {
    /// Whether it takes one more query.
    var isUsable: Bool {
        role.isShared && !cancellation.isUnderWay
            && pipeline.inFlight < context.configuration.depth
            && pipeline.mayAdd(whileCancelling: false)
    }

    /// May be given to one for its own.
    var isFree: Bool {
        (role.isShared || role == .reserved) && !cancellation.isUnderWay && pipeline.isEmpty
    }

    /// How many queries are under way.
    var inFlight: Int { pipeline.inFlight }

    /// Too old, and used until another one is there.
    var isOld: Bool { lifetime.isOver }

    /// Whether what it is at takes long.
    func isSlow(_ now: Int64) -> Bool { pipeline.inFlight > 0 && pace.isSlow(now) }

    /// How long nothing has come.
    func silence(_ now: Int64) -> Int64 { now - pace.progress }

    var process: Int32 { pipeline.channel?.process ?? 0 }
}

// MARK: - Opening

extension Connection {
    /// One deadline over all of it.
    func open() {
        alarm.open(on: context.worker) { [self] in look() }
        alarm.set(Clock.now + context.configuration.connectTimeout.boundedNanoseconds)
        let connector = Connector(context) { [self] result in
            switch result {
            case .success(let channel): opened(channel)
            case .failure(let error): close(error)
            }
        }
        self.connector = connector
        connector.begin()
    }

    private func opened(_ channel: Channel) {
        connector = nil
        guard let watch = try? context.worker.watch(channel.descriptor) else {
            return close(PostgresError(.connection, "The connection cannot be watched."))
        }
        self.watch = watch
        pipeline.open(channel)
        reading = Worker.TurnTask(on: context.worker, at: .soon) { [self] in readSome() }
        role = .shared
        pace.opened(within: lifetime.age)
        alarm.cancel()
        lifetime.open(on: context.worker) { [self] in lookAfterLifetime() }
        listen()
        owner.opened(self)
    }
}

// MARK: - Sending

extension Connection {
    /// Takes a query; it leaves at the end of the turn.
    func send(_ operation: Operation, now: Int64) {
        operation.phase = .sent
        operation.connection = number
        operation.deadline = now + operation.timeout
        operation.isDelayed = false
        if pipeline.inFlight == 0 {
            pace.began(now)
            alarm.set(by: operation.deadline)
        } else {
            alarm.set(by: min(operation.deadline, now + pace.stallTime))
        }
        lifetime.wasUsed(now)
        touch()
        pipeline.add(operation)
    }

    /// Sends a query of the lease, at the end of the turn.
    func submit(_ operation: Operation) throws {
        let depth = context.configuration.depth
        guard pipeline.inFlight < depth else {
            throw PostgresError(.exhausted, "A connection has \(depth) queries under way.")
        }
        context.count(.query)
        send(operation, now: Clock.now)
    }

    private func touch() {
        guard !needsFlush else { return }
        needsFlush = true
        context.schedule()
    }

    /// What was asked in this turn leaves.
    func flush() {
        needsFlush = false
        guard role.isOpen else { return }
        guard pipeline.flush(whileCancelling: cancellation.graceEnds != nil) else {
            return close(pipeline.channel?.error)
        }
        write()
    }

    func write() {
        guard let left = pipeline.channel?.flush() else { return }
        // Why it failed is often to be read: the server says it before it goes.
        if left < 0 { return receive() }
        if left > 0 { listen(writing: true) }
    }

    /// Waits for whatever comes: answers, or the end.
    private func listen(writing: Bool = false) {
        watch?.whenReady(for: writing ? [.readable, .writable] : .readable) { [self] _ in
            receive()
        }
    }
}

// MARK: - Receiving

extension Connection {
    private func receive() {
        guard role.isOpen else { return }
        pipeline.receive()
        pace.answered(Clock.now)
        reading?.schedule()
    }

    /// Takes a few of the results that are complete, and more when the tasks of these have gone on: so
    /// the memory of few is in use at a time, and is in the cache when it is used.
    private func readSome() {
        guard role.isOpen, !read(Self.resultsAtOnce) else { return }
        guard role.isOpen, let channel = pipeline.channel else { return }
        guard !pipeline.isLost else { return close(channel.error) }
        let left = channel.flush()
        guard left >= 0 else { return close(channel.error) }
        listen(writing: left > 0)
        proceed()
    }

    private static let resultsAtOnce = 8

    /// Takes the results that are complete, of so many queries. Whether there may be more.
    func read(_ maximum: Int) -> Bool {
        var count = 0
        do throws(PostgresError) {
            while role.isOpen, let event = try pipeline.next() {
                switch event {
                case .synced(let operation): synced(operation)
                case .completed(let operation):
                    if let operation { end(operation) }
                    count += 1
                    guard count == maximum else { continue }
                    reading?.schedule()
                    return true
                }
            }
        } catch {
            close(error)
        }
        return false
    }

    private func synced(_ operation: Operation?) {
        if let operation { end(operation) }
        if pipeline.hasUnsent { touch() }
        if cancellation.isCleaning && pipeline.isAnsweredFully { cleaned() }
    }

    /// A query is over: answer who waits, or send it again.
    private func end(_ operation: Operation) {
        guard !operation.isAbandoned else { return operation.finish() }
        guard let failure = operation.failure else {
            return operation.isAborted ? again(operation) : operation.finish()
        }
        guard let error = failure as? PostgresError else { return operation.finish() }
        end(operation, error)
    }

    private func end(_ operation: Operation, _ error: PostgresError) {
        if operation.wantsPreparing(after: error) && operation.repeats < 2
            && (!operation.isLeased || mayRepeatOnLease(operation))
        {
            return again(operation)
        }
        if isForNeighbour(error) && (operation.canRepeat || operation.isUndoneByCancelling) {
            return again(operation)
        }
        if endsUse(error) {
            role.drain()
            if error.endsConnection && operation.canRepeat { return again(operation) }
            context.count(.error)
            return operation.finish(unavailable(error))
        }
        context.count(.error)
        operation.finish(operation.wasCancelled ? CancellationError() : nil)
    }

    /// The signal was meant for another query.
    private func isForNeighbour(_ error: PostgresError) -> Bool {
        error.isCancelled && cancellation.graceEnds != nil
    }

    /// The connection is of no more use, to whatever query.
    private func endsUse(_ error: PostgresError) -> Bool {
        error.endsConnection || (error.refusesWrites && !isReadOnly)
    }

    /// A neighbour failed, or the statement was no longer prepared: nothing of it was done.
    private func again(_ operation: Operation) {
        guard !operation.isLeased || mayRepeatOnLease(operation) else {
            return operation.finish(
                operation.failure
                    ?? PostgresError(.server, "The transaction did not begin.", sqlState: "25P02"))
        }
        operation.startAnew()
        operation.isAlone = true
        guard operation.isLeased else { return owner.sendAgain(operation) }
        pipeline.beginning = operation.beginning
        operation.beginning = nil
        send(operation, now: Clock.now)
    }

    /// After each round of results: who can go on, and whether this connection can.
    func proceed() {
        if cancellation.isCleaning { return }
        let isCancelling = cancellation.graceEnds != nil
        if pipeline.isAnsweredFully
            && (!pipeline.hasUnsent || !pipeline.maySend(whileCancelling: isCancelling))
        {
            cancellation.unblock()
            if isCancelling && !cancellation.isRequesting { return clean() }
            if role == .draining && !pipeline.hasUnsent { return close(nil) }
        }
        context.schedule()
    }
}

// MARK: - Ending

extension Connection {
    private func lookAfterLifetime() {
        guard role.isOpen else { return }
        let now = Clock.now
        if lifetime.isPast(now) {
            lifetime.grew(
                old: now, another: context.configuration.connectTimeout.boundedNanoseconds)
            // Another one first, where that is allowed.
            if !owner.openAnother() { drain() }
        } else if lifetime.isIdle(now) && !role.isLeased && owner.hasMoreThanMinimum {
            drain()
        }
        if pipeline.inFlight > 0 || role.isLeased { lifetime.wasUsed(now) }
        if role.isOpen { lifetime.set() }
    }

    /// No more queries; closed when those under way are over.
    func drain() {
        role.drain()
        if role == .draining && pipeline.isEmpty { close(nil) }
    }

    /// Ends the connection, and tells everybody who waits for it. Without an error it was over.
    func close(_ error: PostgresError?) {
        guard role != .closed else { return }
        let wasOpen = role.isOpen
        role = .closed
        alarm.close()
        lifetime.close()
        leaseTimer?.cancel()
        leaseTimer = nil
        connector?.close()
        connector = nil
        watch?.close()
        watch = nil
        reading = nil
        cancellation.close()
        let lost = pipeline.close()
        owner.closed(self, wasOpen: wasOpen, error)
        let reason = error ?? PostgresError(.stopped, "The connection was closed.")
        for operation in lost.reversed() { lose(operation, reason) }
    }

    private func lose(_ operation: Operation, _ reason: PostgresError) {
        if operation.isAbandoned { return operation.finish() }
        if operation.canRepeat && !context.isEnded {
            operation.startElsewhere()
            return owner.sendAgain(operation)
        }
        context.count(.error)
        operation.finish(
            operation.wasCancelled ? CancellationError() : outcome(of: operation, reason))
    }

    /// What a query is told whose connection was lost: what the server said of it before, unless that
    /// is of the connection, or what a repetition would have mended.
    private func outcome(of operation: Operation, _ loss: PostgresError) -> any Error {
        guard let failure = operation.failure as? PostgresError else { return unavailable(loss) }
        if endsUse(failure) { return unavailable(failure) }
        if operation.wantsPreparing(after: failure) || isForNeighbour(failure) {
            return unavailable(loss)
        }
        return failure
    }
}
