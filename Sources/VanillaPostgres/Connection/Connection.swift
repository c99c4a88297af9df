// SPDX-License-Identifier: MIT

internal import Vanilla

/// One connection to the server: opened, used by many queries at a time or leased to one, closed.
/// Only on the worker's thread.
final class Connection {
    enum State {
        case opening
        case ready
        case closed
    }

    /// Both hold each other until this is closed, as do this and what it has called back.
    let shard: Shard
    /// By which its operations name it.
    let number: UInt64
    private(set) var state = State.opening
    private var channel: Channel?
    private var watch: Worker.DescriptorWatch?

    /// What answers are still to come for, in their order.
    private let expected = Queue<Expected>()
    /// Whether the first of them has had a result.
    private var isAnswered = false
    /// Takes what answers have come.
    private var taking: Worker.TurnTask?
    /// No more answers come than those that are there.
    private var isLost = false
    /// Operations that were sent and are not over.
    private(set) var inFlight = 0
    /// Operations that have a Sync each, not sent yet; they go behind those that share one.
    private var alone: [Operation] = []
    /// Syncs whose answers have not come.
    private var syncs = 0
    /// Reads were sent and not yet followed by their Sync.
    private var isOpen = false
    /// To be flushed at the end of the turn.
    var isTouched = false

    private let known = KnownStatements()
    /// Names of which the server is to be rid: under way, in their order, and those that an error
    /// before them made it skip.
    private let deallocating = Queue<String>(capacity: 4)
    private var skipped: [String] = []
    private var nextName: UInt64 = 1

    /// Held by one; or to be, once nothing is under way.
    var isLeased = false
    var isReserved = false
    /// Takes no more queries, and is closed when nothing is under way.
    private(set) var isRetiring = false
    /// Too old, and used until another one is there.
    private(set) var isOld = false
    /// To be sent before the next query of the lease.
    var beginning: String?
    var isReadOnly = false

    /// Under way to the server, on a socket of its own.
    private var cancelRequest: CancelRequest?
    private var isCancelling: Bool { cancelRequest != nil }
    /// When it is asked for once more.
    private var nextCancel: Int64?
    private var isCleaning = false
    /// Something is under way for nobody, and cannot be cancelled because of others.
    private var isBlocked = false
    /// The connection is closed unless it is clean by then.
    private var graceEnds: Int64?

    private var clock: Worker.Timer?
    private var clockIsAt = Int64.max
    private var life: Worker.Timer?
    private var leaseTimer: Worker.Timer?
    private var endOfLife: Int64
    private var lastUse: Int64
    /// When an answer came, or the first query was sent.
    private(set) var progress: Int64 = 0
    /// How long the way to the server and back takes, at most: the shortest time to an answer so far.
    private var roundTrip: Int64 = 0
    /// The next answer tells.
    private var isTiming = false

    struct Expected {
        enum Kind {
            case prepare
            case query
            /// BEGIN and the like, for which nobody waits.
            case note
            /// DEALLOCATE.
            case deallocate
            case sync
        }

        let kind: Kind
        /// Whose it is; of a Sync, who waits for it.
        let operation: Operation?
    }

    init(_ number: UInt64, shard: Shard) {
        self.number = number
        self.shard = shard
        let lifetime = shard.configuration.lifetime.boundedNanoseconds
        let now = Clock.now
        lastUse = now
        // Not all at once.
        endOfLife = now + lifetime - Int64.random(in: 0...lifetime / 10)
    }

    /// Whether it takes one more query.
    var isUsable: Bool {
        state == .ready && !isLeased && !isReserved && !isRetiring && !isStuck
            && inFlight < shard.configuration.depth && mayFollow && (!isStepwise || alone.isEmpty)
    }

    /// One Sync at a time. PgBouncer before 1.21 parts with a server once every Sync that it has seen is
    /// answered, even with a statement on its way there whose Sync is still to come: the answer goes to
    /// whoever has that server next.
    private var isStepwise: Bool { !shard.configuration.preparesStatements }

    /// Whether a statement may be sent now.
    private var mayFollow: Bool { !isStepwise || (syncs == 0 && graceEnds == nil) }

    /// Shared by queries, now or when those under way are over.
    var isShared: Bool { state == .ready && !isLeased && !isReserved && !isRetiring }

    /// May be given to one for its own.
    var isFree: Bool {
        state == .ready && !isLeased && !isRetiring && !isStuck && expected.isEmpty
            && alone.isEmpty
    }

    /// What was under way is to be cancelled: nothing is added.
    private var isStuck: Bool { isCancelling || isCleaning || isBlocked || graceEnds != nil }

    var process: Int32 { channel?.process ?? 0 }
}

// MARK: - Opening

extension Connection {
    /// One deadline over all of it.
    func open() {
        clock = Worker.Timer(on: shard.worker) { [self] in clockRang() }
        life = Worker.Timer(on: shard.worker) { [self] in lifeRang() }
        setClock(Clock.now + shard.configuration.connectTimeout.boundedNanoseconds)
        let resolver = shard.shared.resolver
        guard resolver.mustAsk else { return open([]) }

        // The connection is not touched there, only named.
        let (worker, box) = (shard.worker, Box(self))
        let begun = HelperThread.run {
            do throws(PostgresError) {
                let words = try resolver.resolve()
                worker.run { box.value.open(words) }
            } catch {
                worker.run { box.value.close(error) }
            }
        }
        if !begun { close(PostgresError(.connection, "There is no thread to be had.")) }
    }

    private func open(_ words: [(String, String)]) {
        guard state == .opening, channel == nil else { return }
        let shared = shard.shared
        var all = [("dbname", shared.configuration.connection), ("client_encoding", "UTF8")]
        all += words
        all.append(("fallback_application_name", "vanilla"))
        if shared.configuration.preparesStatements {
            let time = shared.configuration.statementTimeout.boundedNanoseconds / 1_000_000
            // In milliseconds, up to what the server takes.
            let timeout = min(max(1, time), Int64(Int32.max))
            let settings = "-c TimeZone=UTC -c statement_timeout=\(timeout)"
            all.append(("options", "\(shared.resolver.options) \(settings)"))
        }
        guard let channel = Channel(all) else {
            return close(PostgresError(.connection, "There is no memory for a connection."))
        }
        self.channel = channel
        // libpq says what to wait for first: to write.
        channel.hasFailed ? close(channel.error) : wait(.writable)
    }

    /// The descriptor may be another one after each step, so that it is watched anew.
    private func wait(_ events: Worker.DescriptorWatch.Events) {
        watch?.close()
        watch = nil
        guard let channel, let watch = try? shard.worker.watch(channel.descriptor) else {
            return close(PostgresError(.connection, "The connection cannot be watched."))
        }
        self.watch = watch
        watch.whenReady(for: events) { [self] _ in step() }
    }

    private func step() {
        guard state == .opening, let channel else { return }
        switch channel.connect() {
        case .reading: wait(.readable)
        case .writing: wait(.writable)
        case .failed: close(channel.error)
        case .connected: opened()
        }
    }

    private func opened() {
        guard let channel, channel.beginPipeline() else {
            return close(PostgresError(.connection, "The connection cannot be used."))
        }
        watch?.close()
        guard let watch = try? shard.worker.watch(channel.descriptor) else {
            return close(PostgresError(.connection, "The connection cannot be watched."))
        }
        self.watch = watch
        taking = Worker.TurnTask(on: shard.worker, at: .soon) { [self] in takeSome() }
        state = .ready
        // Several of them were there and back.
        roundTrip = Clock.now - lastUse
        setClock(nil)
        setLife()
        listen()
        shard.opened(self)
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
        if inFlight == 0 {
            progress = now
            isTiming = true
        }
        inFlight += 1
        lastUse = now
        touch()
        let look = inFlight > 1 ? min(operation.deadline, now + stallTime) : operation.deadline
        if look < clockIsAt { setClock(look) }
        if operation.isShared {
            push(operation)
            isOpen = true
        } else {
            alone.append(operation)
        }
    }

    /// Sends a query of the lease, at the end of the turn.
    func submit(_ operation: Operation) throws {
        guard state == .ready, isLeased else {
            throw unavailable(PostgresError(.connection, "The leased connection was lost."))
        }
        guard inFlight < shard.configuration.depth else {
            throw PostgresError(
                .exhausted, "A connection has \(shard.configuration.depth) queries under way.")
        }
        shard.count(.query)
        send(operation, now: Clock.now)
    }

    private func touch() {
        guard !isTouched else { return }
        isTouched = true
        shard.touch(self)
    }

    /// What was asked in this turn leaves: what only reads first, with one Sync.
    func flush() {
        isTouched = false
        guard state == .ready, let channel else { return }
        var isFine = true
        if isOpen {
            isOpen = false
            isFine = sync(nil)
        }
        var count = 0
        while isFine, count < alone.count, mayFollow {
            let operation = alone[count]
            count += 1
            isFine = sync(push(operation) ? operation : nil)
        }
        // What failed halfway leaves expectations that nobody will meet, and queries that were not sent.
        alone.removeFirst(count)
        guard isFine, !channel.hasFailed else { return close(channel.error) }
        write()
    }

    private func sync(_ operation: Operation?) -> Bool {
        guard let channel, channel.sync() else { return false }
        syncs += 1
        expected.append(Expected(kind: .sync, operation: operation))
        return true
    }

    /// Sends a statement for which nobody waits; its Sync is the next one.
    private func note(_ sql: String) {
        guard let channel, channel.send(sql) else { return }
        expected.append(Expected(kind: .note, operation: nil))
    }

    private func deallocate(_ name: String) {
        guard let channel, channel.send("DEALLOCATE \(name)") else { return }
        expected.append(Expected(kind: .deallocate, operation: nil))
        deallocating.append(name)
    }

    /// False when nothing was sent of it, and it is over.
    @discardableResult
    private func push(_ operation: Operation) -> Bool {
        guard let channel else { return false }
        if operation.isLeased, let beginning {
            // What was begun in front of it, and failed with it.
            if operation.repeats > 0 { note("ROLLBACK") }
            note(beginning)
            operation.beginning = beginning
            self.beginning = nil
        }
        let isSent: Bool
        // Sent again, it depends on nothing.
        if let statement = operation.statement, shard.configuration.preparesStatements,
            !operation.isAlone
        {
            let known = prepare(statement, operation)
            operation.known = known
            isSent = channel.sendPrepared(known, operation.parameters)
        } else {
            isSent = channel.send(operation.statement?.sql ?? operation.sql, operation.parameters)
        }
        if isSent || channel.hasFailed {
            // Of a connection that was lost it is taken back when that is closed.
            expected.append(Expected(kind: .query, operation: operation))
        } else {
            // Too large, or no memory.
            inFlight -= 1
            operation.finish(channel.error)
        }
        return operation.phase == .sent
    }

    /// What is known of a statement, which is prepared first unless it is.
    private func prepare(_ statement: Statement, _ operation: Operation) -> KnownStatement {
        let signature = operation.parameters.signature
        let number = statement.number
        if let found = known[number] {
            if found.serial == statement.serial && found.signature == signature
                && found.schema == shard.schema && !found.isStale
            {
                operation.wasKnown = true
                return found
            }
            deallocate(found.name)
        }
        while let name = skipped.popLast() { deallocate(name) }
        let made = KnownStatement(
            "vanilla_\(nextName)", serial: statement.serial, signature: signature,
            schema: shard.schema)
        nextName += 1
        guard let channel, channel.prepare(made, statement.sql, operation.parameters) else {
            return made
        }
        known[number] = made
        operation.known = made
        expected.append(Expected(kind: .prepare, operation: operation))
        return made
    }

    /// The statement is not, or no longer, prepared as it was sent.
    private func forget(_ operation: Operation, isThere: Bool = false) {
        guard let number = operation.statement?.number, let sent = operation.known,
            known[number] === sent
        else { return }
        if isThere { sent.isStale = true } else { known[number] = nil }
    }

    private func write() {
        guard let channel else { return }
        let left = channel.flush()
        if left < 0 {
            // Why is often to be read: the server says it before it goes.
            return receive()
        }
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
        guard state == .ready, let channel else { return }
        isLost = !channel.receive()
        let now = Clock.now
        if isTiming {
            isTiming = false
            roundTrip = min(roundTrip, now - progress)
        }
        progress = now
        taking?.schedule()
    }

    /// Takes a few of the results that are complete, and more when the tasks of these have gone on: so
    /// the memory of few is in use at a time, and is in the cache when it is used.
    private func takeSome() {
        guard state == .ready, !take(Self.resultsAtOnce) else { return }
        guard state == .ready, let channel else { return }
        guard !isLost else { return close(channel.error) }
        let left = channel.flush()
        guard left >= 0 else { return close(channel.error) }
        listen(writing: left > 0)
        settle()
    }

    private static let resultsAtOnce = 8

    /// Takes the results that are complete, of so many queries. Whether there may be more.
    private func take(_ most: Int) -> Bool {
        guard let channel else { return false }
        var nothing = 0
        var count = 0
        while state == .ready, !expected.isEmpty, !channel.isBusy {
            if let result = channel.next() {
                nothing = 0
                isAnswered = true
                took(result)
            } else if isAnswered {
                isAnswered = false
                over()
                count += 1
                if count == most {
                    taking?.schedule()
                    return true
                }
            } else {
                // Between a Sync and what follows there may be one such.
                nothing += 1
                if nothing > 1 { return false }
            }
        }
        return false
    }

    private func took(_ result: PostgresResult) {
        guard let first = expected.first else { return result.clear() }
        switch (result.status, first.kind) {
        case (.sync, .sync):
            result.clear()
            isAnswered = false
            expected.removeFirst()
            synced(first.operation)
        case (.done, .deallocate):
            result.clear()
            deallocating.removeFirst()
        case (.done, .query):
            guard let operation = first.operation else { return result.clear() }
            // Of several the last one counts.
            operation.result?.clear()
            operation.result = result
            if result.beginsTransaction && !operation.isLeased { began(operation) }
        case (.done, _):
            result.clear()
        case (.failed, _):
            let error = result.error
            result.clear()
            // libpq says it of each query under way.
            if error.kind == .connection { close(error) } else { failed(error, first) }
        case (.aborted, _):
            result.clear()
            if first.kind == .prepare, let operation = first.operation {
                forget(operation)
            }
            if first.kind == .deallocate, let name = deallocating.removeFirst() {
                skipped.append(name)
            }
            first.operation?.isAborted = true
        case (.sync, _), (.unusable, _):
            result.clear()
            close(PostgresError(.connection, "The connection got an answer that nobody asked for."))
        }
    }

    private func failed(_ error: PostgresError, _ first: Expected) {
        if first.kind == .deallocate { deallocating.removeFirst() }
        // A statement that cannot begin, or be deallocated, shows in what is aborted behind it.
        guard let operation = first.operation else { return }
        if error.isStalePlan && operation.known?.schema == shard.schema { shard.schemaChanged() }
        if first.kind == .prepare || error.sqlState == "26000" {
            forget(operation)
        } else if operation.wantsPreparing(after: error) {
            forget(operation, isThere: true)
        }
        if operation.failure == nil { operation.failure = error }
    }

    /// What others ask here would be in that transaction. The end of the connection undoes it.
    private func began(_ operation: Operation) {
        operation.failure = PostgresError(
            .misuse, "A transaction was begun on a shared connection: use withTransaction.")
        operation.forbidRepeating()
        close(PostgresError(.connection, "A query began a transaction on a shared connection."))
    }

    /// The results of one query have come.
    private func over() {
        // A commit that failed says so before its Sync.
        if expected.first?.kind == .sync { return }
        guard let over = expected.removeFirst(), over.kind == .query, let operation = over.operation
        else { return }
        // What may write is done when its Sync says so.
        if operation.isShared { end(operation) }
    }

    private func synced(_ operation: Operation?) {
        syncs -= 1
        if let operation { end(operation) }
        if !alone.isEmpty { touch() }
        if isCleaning && expected.isEmpty { cleaned() }
    }

    /// A query is over: answer who waits, or send it again.
    private func end(_ operation: Operation) {
        inFlight -= 1
        guard !operation.isAbandoned else { return operation.finish() }
        guard let failure = operation.failure else {
            return operation.isAborted ? again(operation) : operation.finish()
        }
        guard let error = failure as? PostgresError else { return operation.finish() }
        if operation.wantsPreparing(after: error) && operation.repeats < 2
            && (!operation.isLeased || mayRepeatOnLease(operation))
        {
            return again(operation)
        }
        if isForNeighbour(error) && (operation.canRepeat || operation.isUndoneByCancelling) {
            return again(operation)
        }
        if endsUse(error) {
            isRetiring = true
            if error.endsConnection && operation.canRepeat { return again(operation) }
            shard.count(.error)
            return operation.finish(unavailable(error))
        }
        shard.count(.error)
        operation.finish(operation.wasCancelled ? CancellationError() : nil)
    }

    /// The signal was meant for another query.
    private func isForNeighbour(_ error: PostgresError) -> Bool {
        error.isCancelled && graceEnds != nil
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
        guard operation.isLeased else { return shard.again(operation) }
        beginning = operation.beginning
        operation.beginning = nil
        send(operation, now: Clock.now)
    }

    /// Whether nothing depends on that query of a lease: there is no transaction, or it was the begin
    /// of one.
    private func mayRepeatOnLease(_ operation: Operation) -> Bool {
        guard state == .ready, isLeased, !isStuck, !operation.wasCancelled, operation.repeats < 2
        else { return false }
        return channel?.isIdle == true || (operation.beginning != nil && inFlight == 0)
    }

    /// After each round of results: who can go on, and whether this connection can.
    private func settle() {
        if isCleaning { return }
        if expected.isEmpty && (alone.isEmpty || !mayFollow) {
            isBlocked = false
            if graceEnds != nil && !isCancelling { return clean() }
            if isRetiring && !isLeased && alone.isEmpty { return close(nil) }
        }
        shard.schedule()
    }
}

// MARK: - Deadlines and cancelling

extension Connection {
    private func setClock(_ time: Int64?) {
        clockIsAt = time ?? .max
        if let time {
            clock?.set(after: .nanoseconds(max(0, time - Clock.now)))
        } else {
            clock?.cancel()
        }
    }

    private func clockRang() {
        clockIsAt = .max
        guard state != .closed else { return }
        if state == .opening {
            let seconds = shard.configuration.connectTimeout
            return close(PostgresError(.timeout, "The database did not answer within \(seconds)."))
        }
        let before = expected.count
        if state == .ready && !take(.max) && state == .ready && expected.count < before {
            // What has come was in time, also where this turn is late. Once it has gone on, look again.
            return setClock(Clock.now)
        }
        guard state != .closed else { return }
        let now = Clock.now
        if let graceEnds, graceEnds <= now {
            // Behind what was cancelled others may take their time.
            guard let running, !isForNobody(running), !isCancelling, !isCleaning else {
                return close(PostgresError(.timeout, "A cancelled query did not end."))
            }
            self.graceEnds = now + shard.configuration.cancelGrace.boundedNanoseconds
        }
        cancelAgain(now)
        relieve(now)
        expire(now)
    }

    /// Sends elsewhere what only reads and waits here behind something slow, if there is an elsewhere:
    /// a turn's queries go together, and one of them may take long.
    private func relieve(_ now: Int64) {
        guard state == .ready, !isLeased, graceEnds == nil, inFlight > 1, let running else {
            return
        }
        let due = progress + stallTime
        guard due <= now, shard.hasAnother(than: self, now) else {
            return setClock(min(clockIsAt, max(due, now + stallTime / 2)))
        }
        var moved: [Operation] = []
        for index in 0..<expected.count where expected[index].kind == .query {
            guard let operation = expected[index].operation, operation !== running,
                operation.isShared, !operation.isAbandoned, operation.canRepeat
            else { continue }
            let placeholder = operation.leavePlaceholder()
            expected[index] = Expected(kind: .query, operation: placeholder)
            if expected[index - 1].operation === operation {
                expected[index - 1] = Expected(kind: .prepare, operation: placeholder)
            }
            moved.append(operation)
        }
        for operation in moved.reversed() {
            operation.startAnew()
            shard.again(operation)
        }
        guard !moved.isEmpty else { return }
        isBlocked = true
        setClock(min(clockIsAt, now + Self.patience))
    }

    /// How long nothing may come while several wait: 50 ms, and what the way takes.
    private var stallTime: Int64 { 50_000_000 + 2 * roundTrip }

    /// Whether what it is at takes long.
    func isSlow(_ now: Int64) -> Bool {
        inFlight > 0 && now - progress > 10_000_000 + 2 * roundTrip
    }

    /// Lets go on who has waited long enough. As many steps as queries are under way, once in the
    /// time that a query has.
    private func expire(_ now: Int64) {
        var next = graceEnds ?? .max
        var isLate = false
        let late = unavailable(PostgresError(.timeout, "The database did not answer in time."))
        for index in 0..<expected.count {
            guard let operation = expected[index].operation, operation.phase == .sent else {
                continue
            }
            if operation.isAbandoned {
                isLate = true
            } else if operation.deadline <= now && isBehindAnother(operation) {
                // The server has not begun with it.
                operation.isDelayed = true
                operation.deadline = now + operation.timeout
                next = min(next, operation.deadline)
            } else if operation.deadline <= now {
                isLate = true
                operation.abandon(late)
            } else {
                next = min(next, operation.deadline)
            }
        }
        drop { operation in
            if operation.deadline <= now { return late }
            next = min(next, operation.deadline)
            return nil
        }
        if isLate { unstick(now) }
        guard state == .ready else { return }
        next = min(next, clockIsAt, graceEnds ?? .max)
        if next < .max { setClock(next) }
    }

    /// Something is under way for nobody: cancel it if that harms no other, and close the connection
    /// if it does not end.
    private func unstick(_ now: Int64) {
        guard graceEnds == nil else { return }
        isBlocked = true
        let isMeant = running.map(isForNobody) ?? false
        guard isMeant && (0..<expected.count).allSatisfy({ maybeHit(expected[$0].operation) })
        else {
            // Later, then.
            return setClock(min(clockIsAt, now + Self.patience))
        }
        graceEnds = now + shard.configuration.cancelGrace.boundedNanoseconds
        startCancelling()
    }

    /// Whether it is no harm when the signal comes late and meets this one.
    private func maybeHit(_ operation: Operation?) -> Bool {
        guard let operation, !operation.isAbandoned else { return true }
        return operation.canRepeat || operation.isUndoneByCancelling
    }

    /// Another one, for which somebody waits in vain by now, has taken its time.
    private func isBehindAnother(_ operation: Operation) -> Bool {
        guard !operation.isLeased, !operation.isDelayed, let running else { return false }
        return running !== operation
    }

    /// Nobody waits for it any more, or for more than its end.
    private func isForNobody(_ operation: Operation) -> Bool {
        operation.wasCancelled || operation.isAbandoned || (operation.isLeased && !isLeased)
    }

    /// The task that asked was cancelled.
    func cancel(_ operation: Operation) {
        if operation.isLeased { return cancelOnLease(operation) }
        operation.abandon(CancellationError())
        guard !drop(operation) else { return }
        // Most end by themselves soon.
        let soon = Clock.now + Self.patience
        if soon < clockIsAt { setClock(soon) }
    }

    /// Ends one that was not sent yet. False when it was.
    private func drop(_ operation: Operation) -> Bool {
        drop { $0 === operation ? CancellationError() : nil }
    }

    /// Ends those that were not sent yet and for which there is an error. Whether there were any.
    @discardableResult
    private func drop(_ error: (Operation) -> (any Error)?) -> Bool {
        let count = alone.count
        alone.removeAll { operation in
            guard let error = error(operation) else { return false }
            inFlight -= 1
            operation.finish(error)
            return true
        }
        guard alone.count < count else { return false }
        settle()
        return true
    }

    /// How long something may be under way for nobody before that matters: 100 ms.
    private static let patience: Int64 = 100_000_000

    /// Cancels what the lease has under way; who waits goes on when it has ended.
    private func cancelOnLease(_ operation: Operation) {
        guard state == .ready else { return }
        guard !drop(operation) else { return }
        operation.wasCancelled = true
        if graceEnds == nil {
            graceEnds = Clock.now + shard.configuration.cancelGrace.boundedNanoseconds
            setClock(min(clockIsAt, graceEnds!))
        }
        startCancelling()
    }

    private func startCancelling() {
        guard !isCancelling, let channel else { return }
        guard let canceller = channel.canceller else {
            return close(PostgresError(.connection, "There is no key to cancel with."))
        }
        cancelRequest = CancelRequest(canceller, on: shard.worker) { [self] end in
            cancelEnded(end)
        }
        // There may be a socket to be had later.
        if !isCancelling { setNextCancel() }
    }

    private func cancelEnded(_ end: CancelRequest.End) {
        cancelRequest = nil
        guard end != .lost else {
            return close(PostgresError(.connection, "A request to cancel was lost."))
        }
        // A signal that overtook its query met nothing.
        setNextCancel()
        settle()
    }

    private func setNextCancel() {
        let time = Clock.now + Self.patience
        nextCancel = time
        setClock(min(clockIsAt, time))
    }

    private func cancelAgain(_ now: Int64) {
        guard let time = nextCancel else { return }
        guard time <= now else { return setClock(min(clockIsAt, time)) }
        nextCancel = nil
        guard graceEnds != nil, !isCleaning, let running else { return }
        if isForNobody(running) { startCancelling() }
    }

    /// What the server is at, as far as answers have come.
    private var running: Operation? {
        for index in 0..<expected.count {
            if let operation = expected[index].operation { return operation }
        }
        return nil
    }

    /// The signal was sent and may still come: a round trip of nothing takes it, not the next query.
    private func clean() {
        isCleaning = true
        // A lease goes on to hear that its transaction failed.
        if !isLeased && channel?.isIdle == false { note("ROLLBACK") }
        guard sync(nil) else { return close(channel?.error) }
        write()
    }

    private func cleaned() {
        isCleaning = false
        // Who holds a lease has had something else cancelled.
        if isCancelling { return settle() }
        // Given back meanwhile, within its transaction. The grace goes on.
        guard channel?.isIdle == true || isLeased else { return clean() }
        graceEnds = nil
        nextCancel = nil
        settle()
    }
}

// MARK: - Leases

extension Connection {
    /// Gives the connection to one, who is named in the log when it is held for long.
    func beginLease() {
        isLeased = true
        isReserved = false
    }

    func watchLease(_ file: String, _ line: Int) {
        let (shared, held) = (shard.shared, shard.configuration.leaseWarning)
        leaseTimer = Worker.Timer(on: shard.worker) {
            shared.report(
                .warning, "A database connection taken at \(file):\(line) is held since \(held).")
        }
        leaseTimer?.set(after: held)
    }

    /// Takes the connection back from whom it was leased to.
    func endLease() {
        guard isLeased else { return }
        leaseTimer?.cancel()
        leaseTimer = nil
        beginning = nil
        isReadOnly = false
        if state == .ready && (inFlight > 0 || channel?.isIdle == false) {
            graceEnds = graceEnds ?? Clock.now + shard.configuration.cancelGrace.boundedNanoseconds
            setClock(min(clockIsAt, graceEnds!))
            if inFlight > 0 { startCancelling() }
        }
        isLeased = false
        isReserved = false
        lastUse = Clock.now
        if state == .ready { settle() }
        shard.schedule()
    }
}

// MARK: - Ending

extension Connection {
    private func setLife() {
        let idle = lastUse + shard.configuration.idleTimeout.boundedNanoseconds
        let next = min(endOfLife, idle)
        life?.set(after: .nanoseconds(max(1_000_000, next - Clock.now)))
    }

    private func lifeRang() {
        guard state == .ready else { return }
        let now = Clock.now
        if now >= endOfLife {
            isOld = true
            // Another one first, where that is allowed.
            if !shard.openAnother() { retire() }
            endOfLife = now + shard.configuration.connectTimeout.boundedNanoseconds
        } else if now - lastUse >= shard.configuration.idleTimeout.boundedNanoseconds
            && !isLeased && shard.hasMoreThanMinimum
        {
            retire()
        }
        if inFlight > 0 || isLeased { lastUse = now }
        if state == .ready { setLife() }
    }

    /// No more queries; closed when those under way are over.
    func retire() {
        isRetiring = true
        if !isLeased && expected.isEmpty && alone.isEmpty { close(nil) }
    }

    /// Ends the connection, and tells everybody who waits for it. Without an error it was over.
    func close(_ error: PostgresError?) {
        guard state != .closed else { return }
        let wasReady = state == .ready
        state = .closed
        clock?.cancel()
        life?.cancel()
        leaseTimer?.cancel()
        clock = nil
        life = nil
        leaseTimer = nil
        watch?.close()
        watch = nil
        taking = nil
        cancelRequest?.close()
        cancelRequest = nil
        let lost = takeOperations()
        channel = nil
        shard.closed(self, wasReady: wasReady, error)
        let reason = error ?? PostgresError(.stopped, "The connection was closed.")
        for operation in lost.reversed() {
            if operation.isAbandoned {
                operation.finish()
            } else if operation.canRepeat && !shard.isEnded {
                operation.startElsewhere()
                shard.again(operation)
            } else {
                shard.count(.error)
                operation.finish(
                    operation.wasCancelled ? CancellationError() : outcome(of: operation, reason))
            }
        }
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

    /// Everything under way, in its order, each once.
    private func takeOperations() -> [Operation] {
        var lost: [Operation] = []
        while let next = expected.removeFirst() {
            guard let operation = next.operation, operation.phase == .sent else { continue }
            operation.phase = .done
            lost.append(operation)
        }
        for operation in alone where operation.phase == .sent {
            operation.phase = .done
            lost.append(operation)
        }
        alone = []
        inFlight = 0
        return lost
    }
}
