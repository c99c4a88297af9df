// SPDX-License-Identifier: MIT

internal import Vanilla

/// One connection to the server: opened, used by many queries at a time or leased to one, closed.
///
/// Its parts, which do not know it, do the work: the connector opens it, the pipeline sends and
/// receives, and the cancellation, the lifetime and the pace say how things stand. This file
/// decides what follows from that. Only on the worker's thread.
final class Connection {
    /// By which its operations name it.
    let number: UInt64
    let context: Context
    /// The owner and this retain each other until this is closed, as do this and the closures that
    /// it is called back by.
    let owner: any ConnectionOwner
    var role = Role.connecting

    var connector: Connector?
    var watch: Worker.DescriptorWatch?
    /// Takes the answers that have come.
    var reading: Worker.TurnTask?
    /// To be flushed at the end of the turn.
    private(set) var needsFlush = false
    private(set) var pace = Pace()
    let pipeline: Pipeline
    let cancellation: Cancellation
    let alarm = Alarm()
    let lifetime: Lifetime

    /// Warns of a lease that is held for long.
    var leaseTimer: Worker.Timer?
    /// The transaction of the lease only reads.
    var isReadOnly = false
    /// Another one for each lease, and for what comes after it.
    var leaseTurn: UInt64 = 0
    /// Something was asked on the lease; and a task that asked was cancelled.
    var leaseWasUsed = false
    var leaseWasCancelled = false
    /// What is still to be undone of the last lease.
    var reset: LeaseReset?
    /// Why it was lost.
    var loss: PostgresError?
    /// Closed, it has what the server still does cancelled.
    var closingCancel: ClosingCancel?

    init(_ number: UInt64, _ context: Context, owner: any ConnectionOwner) {
        self.number = number
        self.context = context
        self.owner = owner
        let configuration = context.configuration
        lifetime = Lifetime(configuration)
        cancellation = Cancellation(grace: configuration.cancelGrace, alarm)
        pipeline = Pipeline(
            StatementCache(context.schema), preparesStatements: configuration.preparesStatements,
            timeout: configuration.statementMilliseconds)
    }
}

/// What a connection tells the object that opened it, and what it asks of it. No call of it is on
/// the path of a query.
protocol ConnectionOwner: AnyObject {
    func opened(_ connection: Connection)
    func closed(_ connection: Connection, wasOpen: Bool, _ error: PostgresError?)
    /// The server has nothing to do for a connection that was closed, as far as can be known: there
    /// may be another one in its place.
    func gone(_ connection: Connection)
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
            && pipeline.mayAdd
    }

    /// Whether it can be leased now.
    var isFree: Bool {
        (role.isShared || role == .reserved) && !cancellation.isUnderWay && pipeline.isEmpty
    }

    /// How many queries are under way.
    var inFlight: Int { pipeline.inFlight }

    /// Whether it is too old, and used only until another one is open.
    var isOld: Bool { lifetime.isOver }

    /// Whether what it is at takes long.
    func isSlow(_ now: Int64) -> Bool { pipeline.inFlight > 0 && pace.isSlow(now) }

    /// How long nothing has come.
    func silence(_ now: Int64) -> Int64 { now - pace.progress }

    var process: Int32 { pipeline.channel?.process ?? 0 }
}

// MARK: - Opening

extension Connection {
    /// Begins to open.
    func open() {
        alarm.open(on: context.worker) { [self] in alarmRang() }
        let connector = Connector(context) { [self] result in
            switch result {
            case .success(let opened): self.opened(opened.channel, opened.settings)
            case .failure(let error): close(error)
            }
        }
        self.connector = connector
        connector.begin()
    }

    private func opened(_ channel: Channel, _ settings: SessionSettings) {
        connector = nil
        guard let watch = try? context.worker.watch(channel.descriptor) else {
            return close(PostgresError(.connection, "The connection cannot be watched."))
        }
        self.watch = watch
        if context.configuration.preparesStatements && !settings.areTaken {
            context.reportOnce(
                .warning,
                "A pooler has ignored the settings of the session: statements are not prepared. Set preparesStatements to false."
            )
        }
        pipeline.open(channel, settings)
        reading = Worker.TurnTask(on: context.worker, at: .soon) { [self] in readSome() }
        role = .shared
        pace.opened(within: lifetime.age)
        lifetime.open(on: context.worker) { [self] in lifetimeRang() }
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
        operation.deadline = now + pipeline.timeout(of: operation)
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
        guard !pipeline.isCopying else {
            throw PostgresError(.misuse, "A COPY is under way on this connection.")
        }
        operation.copy?.wake = { [self] in reading?.schedule() }
        context.count(.query)
        leaseWasUsed = true
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
        // The server often says why before it closes, so that there is something to read.
        if left < 0 { return receive() }
        if left > 0 { listen(writing: true) } else { pipeline.wasFlushed() }
    }

    /// Waits for answers, or for the end of the connection.
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
        reading?.scheduleHere()
    }

    /// Takes a few of the results that are complete, and more when the tasks of these have gone on:
    /// so the memory of few results is in use at a time, and it is in the cache when it is used.
    private func readSome() {
        guard role.isOpen, !read(Self.resultsAtOnce) else { return }
        guard role.isOpen, let channel = pipeline.channel else { return }
        guard !pipeline.isLost else { return close(channel.error) }
        let left = channel.flush()
        guard left >= 0 else { return close(channel.error) }
        if pipeline.isReading { listen(writing: left > 0) }
        if left == 0 { pipeline.wasFlushed() }
        if pipeline.hasGrown { lifetime.end(within: context.configuration.grownLifetime) }
        proceed()
    }

    private static let resultsAtOnce = 8

    /// Takes the results that are complete, of at most so many statements. Returns whether there
    /// may be more.
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
                    reading?.scheduleHere()
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

    /// A query is over: its task is answered, or it is sent again.
    private func end(_ operation: Operation) {
        guard !operation.isAbandoned else { return operation.finish() }
        guard let failure = operation.failure else {
            return operation.isAborted ? sendAgain(operation) : operation.finish()
        }
        guard let error = failure as? PostgresError else { return operation.finish() }
        end(operation, error)
    }

    private func end(_ operation: Operation, _ error: PostgresError) {
        if operation.wantsPreparing(after: error) && operation.repeats < 2
            && (!operation.isLeased || mayRepeatOnLease(operation))
        {
            return sendAgain(operation)
        }
        if isForNeighbour(error) && (operation.canRepeat || operation.isUndoneByCancelling) {
            return sendAgain(operation)
        }
        if endsUse(error) {
            role.drain()
            if error.endsConnection && operation.canRepeat { return sendAgain(operation) }
            context.count(.error)
            return operation.finish(unavailable(error))
        }
        context.count(.error)
        operation.finish(operation.wasCancelled ? CancellationError() : nil)
    }

    /// Whether it was cancelled by a signal that was meant for another query.
    func isForNeighbour(_ error: PostgresError) -> Bool {
        error.isCancelled && cancellation.graceEnds != nil
    }

    /// Whether the connection is of no more use to any query.
    func endsUse(_ error: PostgresError) -> Bool {
        error.endsConnection || (error.refusesWrites && isServersRefusal)
    }

    /// Whether a write was refused because the server takes none, and not because this transaction
    /// was made to read only: by its options, or by a statement.
    private var isServersRefusal: Bool {
        !isReadOnly && pipeline.channel?.refusesWrites != false
    }

    /// Nothing of it was done: a neighbour failed, or the statement was no longer prepared.
    private func sendAgain(_ operation: Operation) {
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

    /// Decides after each round of results how the connection goes on, and has the owner look who
    /// can.
    func proceed() {
        if cancellation.isCleaning { return }
        let isCancelling = cancellation.graceEnds != nil
        if pipeline.isAnsweredFully
            && (!pipeline.hasUnsent || !pipeline.maySend(whileCancelling: isCancelling))
        {
            cancellation.unblock()
            if isCancelling && !cancellation.isRequesting { return clean() }
            if role == .draining && !pipeline.hasUnsent { return close(nil) }
        } else if isCancelling {
            cancelRunning(Clock.now)
        }
        context.schedule()
    }
}
