// SPDX-License-Identifier: MIT

internal import Vanilla

/// What is sent on a connection, and what is still to be answered, in its order: statements, and
/// the Syncs, each of which ends a transaction of the server.
///
/// It sends, and says by `next` what has come; what follows from that is decided by its connection.
/// Only on the worker's thread.
final class Pipeline {
    /// Something that has come.
    enum Event {
        /// The results of one statement are complete. The query is over with them, as it shares a
        /// Sync.
        case completed(Operation?)
        /// A Sync was answered. The query is over with it, as it had it for itself.
        case synced(Operation?)
    }

    struct Expected {
        enum Kind {
            case prepare
            case query
            /// A COPY, which has the connection for itself, outside of the pipeline.
            case copy
            /// BEGIN or ROLLBACK, for which nobody waits.
            case note
            /// What undoes a lease.
            case reset
            /// DEALLOCATE.
            case deallocate
            case sync
        }

        let kind: Kind
        /// The query that it belongs to; of a Sync, the query that is over with it.
        let operation: Operation?
    }

    /// How far a COPY is.
    struct Copying {
        /// The server has said that rows may pass, and they have not ended.
        var passesRows = false
        /// libpq has what the task sent last, and the socket has not taken all of it.
        var isTaken = false
    }

    /// What sends; nil before the connection is open, and once it is closed.
    private(set) var channel: Channel?
    private let statements: StatementCache
    private var preparesStatements: Bool
    /// The pool's time for a statement, in milliseconds; and whether the server was told after the
    /// connection was opened, so that it has to be told again when its session was reset.
    private let timeout: Int64
    private var setsTimeout = false
    /// For how long a statement may be under way that has no time of its own, in nanoseconds.
    private(set) var defaultTimeout: Int64

    let expected = Queue<Expected>()
    /// Whether the first of them has had a result.
    private var isAnswered = false
    /// No more answers come than those that were read.
    private(set) var isLost = false
    /// Operations that were sent and are not over, and how many were answered.
    var inFlight = 0
    private(set) var answered = 0
    /// Operations that have a Sync each and are not sent yet; they follow those that share one.
    var alone: [Operation] = []
    /// Syncs whose answers have not come.
    private var syncs = 0
    /// Reads were sent and not yet followed by their Sync.
    private var needsSync = false
    /// A message was so large that libpq's memory has grown, which it keeps as long as the
    /// connection lives.
    var hasGrown = false
    /// How many bytes libpq was given since it had nothing left to send.
    private var given = 0
    /// 1 MiB.
    static let messageBound = 1 << 20

    /// What is under way to undo a lease, and how much of it was not done.
    private var reset: LeaseReset?
    private var undone = 0
    /// Begins the transaction of a lease: to be sent before its next query.
    var beginning: String?
    /// How far the COPY is that is under way.
    var copying: Copying?

    /// - Parameter timeout: The pool's time for a statement, in milliseconds.
    init(_ statements: StatementCache, preparesStatements: Bool, timeout: Int64) {
        self.statements = statements
        self.preparesStatements = preparesStatements
        self.timeout = timeout
        defaultTimeout = Self.nanoseconds(timeout)
    }

    func open(_ channel: Channel, _ settings: SessionSettings) {
        self.channel = channel
        if !settings.areTaken { preparesStatements = false }
        setsTimeout = settings.isTimeoutSet
        if let timeout = settings.timeout { defaultTimeout = Self.nanoseconds(timeout) }
    }

    /// The server's own timeout comes first, and zero is none.
    private static func nanoseconds(_ milliseconds: Int64) -> Int64 {
        (Duration.milliseconds(milliseconds == 0 ? .max : milliseconds) + .milliseconds(500))
            .boundedNanoseconds
    }

    /// For how long a query may be under way here, in nanoseconds.
    func timeout(of operation: Operation) -> Int64 { operation.timeout ?? defaultTimeout }

    /// Ends it. Returns the operations that were under way, in their order, each once.
    func close() -> [Operation] {
        var lost: [Operation] = []
        while let next = expected.removeFirst() {
            if let operation = next.operation, operation.phase == .sent { lose(operation) }
        }
        for operation in alone where operation.phase == .sent { lose(operation) }
        alone = []
        inFlight = 0
        copying = nil
        channel = nil
        return lost

        func lose(_ operation: Operation) {
            operation.phase = .done
            lost.append(operation)
        }
    }
}

// MARK: - What is under way

extension Pipeline {
    /// Whether queries wait here to be sent.
    var hasUnsent: Bool { !alone.isEmpty }

    /// Whether every answer has come.
    var isAnsweredFully: Bool { expected.isEmpty }

    /// Whether nothing is under way, nor to be sent.
    var isEmpty: Bool { expected.isEmpty && alone.isEmpty }

    /// How many answers are still to come.
    var expectedCount: Int { expected.count }

    /// Whether the server is in no transaction, as far as it has answered.
    var isIdle: Bool { channel?.isIdle == true }

    /// Whether the server is in a transaction, and waits.
    var isInTransaction: Bool { channel?.isInTransaction == true }

    /// Whether one Sync at a time is under way. PgBouncer before 1.21 parts with a server once
    /// every Sync that it has seen is answered, even if a statement is on its way there whose Sync
    /// is still to come: the answer then goes to the client that has the server next.
    private var isStepwise: Bool { !preparesStatements }

    /// Whether the session is the connection's own, rather than of one of the servers of a pooler.
    var hasSession: Bool { preparesStatements }

    /// Whether a statement may be sent now. What a lease asks after one of its queries was
    /// cancelled waits until no signal is left.
    func maySend(whileCancelling isCancelling: Bool) -> Bool {
        if isCancelling && (isStepwise || alone.first?.isLeased == true) { return false }
        if copying != nil { return false }
        return !isStepwise || syncs == 0
    }

    /// Whether one more query may be added.
    var mayAdd: Bool { !isStepwise || (syncs == 0 && alone.isEmpty) }

    /// The query that the server is at, as far as it has answered.
    var running: Operation? {
        for index in 0..<expected.count {
            if let operation = expected[index].operation { return operation }
        }
        return nil
    }

    /// Whether a condition holds for all queries that are still to be answered.
    func allSatisfy(_ condition: (Operation) -> Bool) -> Bool {
        for index in 0..<expected.count {
            if let operation = expected[index].operation, !condition(operation) { return false }
        }
        return true
    }
}

// MARK: - Sending

extension Pipeline {
    /// Takes a query; it leaves by `flush`.
    func add(_ operation: Operation) {
        inFlight += 1
        if operation.isShared {
            push(operation)
            needsSync = true
        } else {
            alone.append(operation)
        }
    }

    /// Gives libpq what was asked in this turn: the reads first, with one Sync. False when the
    /// connection is lost.
    func flush(whileCancelling isCancelling: Bool) -> Bool {
        guard let channel else { return false }
        var isFine = true
        if needsSync {
            needsSync = false
            isFine = sync(nil)
        }
        var count = 0
        while isFine, count < alone.count, maySend(whileCancelling: isCancelling) {
            let operation = alone[count]
            if let copy = operation.copy {
                // It begins when nothing else is under way, and nothing else while it is.
                guard expected.isEmpty, beginning == nil else {
                    isFine = beginTransaction(operation)
                    break
                }
                count += 1
                isFine = begin(copy, operation)
                break
            }
            count += 1
            isFine = sync(push(operation) ? operation : nil)
        }
        // When this fails halfway, `expected` has entries that are never answered, and some queries
        // were not sent: closing the connection ends all of them.
        alone.removeFirst(count)
        return isFine && !channel.hasFailed
    }

    /// libpq has handed everything to the socket.
    func wasFlushed() {
        given = 0
        pieceWasFlushed()
    }

    /// A round trip of nothing. False when the connection is lost.
    func sendNothing() -> Bool {
        sync(nil)
    }

    /// A round trip that ends the transaction where there is one, and undoes what else a lease has
    /// set. False when the connection is lost.
    func undo(_ reset: LeaseReset?) -> Bool {
        self.reset = reset
        undone = 0
        if !isIdle {
            note("ROLLBACK")
            if reset?.isAlone == true, !sync(nil) { return false }
        }
        if let reset { undo(reset.sql) }
        if reset == .session && setsTimeout { undo("set statement_timeout = \(timeout)") }
        return sync(nil)
    }

    private func undo(_ sql: String) {
        note(sql, .reset)
        undone += 1
    }

    /// Whether all of that was done, and nothing of it cancelled.
    func takeUndone() -> Bool {
        defer { reset = nil }
        return reset != nil && undone == 0
    }

    func sync(_ operation: Operation?) -> Bool {
        guard let channel, channel.sync() else { return false }
        syncs += 1
        expected.append(Expected(kind: .sync, operation: operation))
        return true
    }

    /// Sends a statement for which nobody waits; its Sync is the next one.
    func note(_ sql: String, _ kind: Expected.Kind = .note) {
        guard let channel, channel.send(sql) else { return }
        expected.append(Expected(kind: kind, operation: nil))
    }

    private func deallocate(_ name: String) {
        guard let channel, channel.send("DEALLOCATE \(name)") else { return }
        expected.append(Expected(kind: .deallocate, operation: nil))
        statements.deallocationWasSent(name)
    }

    /// Sends a query. False when nothing of it was sent, and it is over.
    @discardableResult
    private func push(_ operation: Operation) -> Bool {
        guard let channel else { return false }
        account(for: operation)
        if operation.isLeased, let beginning { begin(beginning, operation) }
        let isSent: Bool
        // Sent again, it depends on nothing.
        if let statement = operation.statement, preparesStatements, !operation.isAlone {
            let known = prepare(statement, operation)
            operation.known = known
            isSent = channel.sendPrepared(known, operation.parameters, statement.results)
        } else {
            isSent = channel.send(
                operation.statement?.sql ?? operation.sql, operation.parameters,
                operation.statement?.results ?? .binary)
        }
        if isSent || channel.hasFailed {
            // Where the connection is lost, its end takes the operation back.
            expected.append(Expected(kind: .query, operation: operation))
        } else {
            // It is too large, or there is no memory. Where it was prepared before that, the answer
            // to that is still to come.
            leaveAnswer(of: operation)
            inFlight -= 1
            operation.finish(channel.error)
        }
        return operation.phase == .sent
    }

    private func leaveAnswer(of operation: Operation) {
        let last = expected.count - 1
        guard last >= 0, expected[last].operation === operation else { return }
        expected[last] = Expected(kind: .prepare, operation: operation.leavePlaceholder())
    }

    /// Counts what libpq is given for a query.
    func account(for operation: Operation) {
        given += operation.size
        if given > Self.messageBound { hasGrown = true }
    }

    private func begin(_ beginning: String, _ operation: Operation) {
        // The transaction that was begun for it before, and failed with it.
        if operation.repeats > 0 { note("ROLLBACK") }
        note(beginning)
        operation.beginning = beginning
        self.beginning = nil
    }

    /// As what the statement is prepared; it is prepared first where it is not.
    private func prepare(_ statement: Statement, _ operation: Operation) -> KnownStatement {
        let signature = operation.parameters.signature
        if let found = statements.find(statement, signature) {
            operation.wasKnown = true
            return found
        }
        for name in statements.takeUseless(before: statement) { deallocate(name) }
        let made = statements.make(statement, signature)
        guard let channel, channel.prepare(made, statement.sql, operation.parameters) else {
            return made
        }
        statements.remember(made, statement)
        operation.known = made
        expected.append(Expected(kind: .prepare, operation: operation))
        return made
    }
}

// MARK: - Receiving

extension Pipeline {
    /// Reads what the socket has.
    func receive() {
        guard let channel else { return }
        // Only when libpq knows that all has been answered does it listen to what answers nothing.
        if expected.isEmpty && !channel.isBusy { channel.next()?.clear() }
        isLost = !channel.receive()
    }

    /// Takes complete results up to the next event; nil when no more are complete.
    ///
    /// - Throws: What ends the connection.
    func next() throws(PostgresError) -> Event? {
        guard let channel else { return nil }
        var isNothing = false
        while !expected.isEmpty, !channel.isBusy {
            if copying?.passesRows == true, try !passRows(channel) { return nil }
            if let result = channel.next() {
                isNothing = false
                isAnswered = true
                if let event = try handle(result) { return event }
            } else if isAnswered {
                isAnswered = false
                if copying != nil { return .synced(try endCopy(channel)) }
                return .completed(complete())
            } else {
                // Between a Sync and what follows there may be one such.
                if isNothing { return nil }
                isNothing = true
            }
        }
        return nil
    }

    private func handle(_ result: PostgresResult) throws(PostgresError) -> Event? {
        guard let first = expected.first else {
            result.clear()
            return nil
        }
        switch (result.status, first.kind) {
        case (.sync, .sync):
            result.clear()
            return .synced(sync())
        case (.copying, .copy):
            result.clear()
            copying?.passesRows = true
            first.operation?.copy?.begun()
        case (.done, .query), (.done, .copy):
            try keep(result, first.operation)
        case (.done, let kind):
            result.clear()
            if kind == .deallocate { statements.deallocationEnded() }
            if kind == .reset { wasUndone() }
        case (.failed, _):
            let error = result.error
            result.clear()
            // libpq reports it for each query under way; once is enough.
            if error.kind == .connection { throw error }
            if first.kind == .reset && !error.isCancelled {
                throw PostgresError(
                    .connection, "What a lease had set could not be undone: \(error)")
            }
            failed(error, first)
        case (.aborted, _):
            result.clear()
            aborted(first)
        case (.sync, _), (.copying, _), (.unusable, _):
            result.clear()
            throw PostgresError(
                .connection, "The connection got an answer that nobody asked for.")
        }
        return nil
    }

    /// With all of the session the statements are gone that were prepared.
    private func wasUndone() {
        undone -= 1
        if reset == .session { statements.removeAll() }
    }

    private func keep(_ result: PostgresResult, _ operation: Operation?) throws(PostgresError) {
        if !hasGrown { hasGrown = result.hasRow(over: Self.messageBound) }
        guard let operation else { return result.clear() }
        // Of several the last one counts.
        operation.result?.clear()
        operation.result = result
        guard result.beginsTransaction && !operation.isLeased else { return }
        // Queries of others would be in that transaction. The end of the connection undoes it.
        operation.failure = PostgresError(
            .misuse, "A transaction was begun on a shared connection: use withTransaction.")
        operation.forbidRepeating()
        throw PostgresError(.connection, "A query began a transaction on a shared connection.")
    }

    private func failed(_ error: PostgresError, _ first: Expected) {
        if first.kind == .deallocate { statements.deallocationEnded() }
        // Where a BEGIN or a DEALLOCATE failed, the query after it is aborted.
        guard let operation = first.operation else { return }
        if error.isStalePlan { statements.planWasStale(operation.known) }
        if first.kind == .prepare || error.sqlState == "26000" {
            forget(operation, isThere: false)
        } else if operation.wantsPreparing(after: error) {
            forget(operation, isThere: true)
        }
        if operation.failure == nil { operation.failure = error }
    }

    private func aborted(_ first: Expected) {
        if first.kind == .deallocate { statements.deallocationWasSkipped() }
        guard let operation = first.operation else { return }
        if first.kind == .prepare { forget(operation, isThere: false) }
        operation.isAborted = true
    }

    private func forget(_ operation: Operation, isThere: Bool) {
        guard let statement = operation.statement, let sent = operation.known else { return }
        statements.forget(sent, statement, isThere: isThere)
    }

    /// The results of the first statement have come. Returns the query that is over with them.
    private func complete() -> Operation? {
        // A commit that failed says so before its Sync.
        if expected.first?.kind == .sync { return nil }
        guard let over = expected.removeFirst(), over.kind == .query,
            let operation = over.operation, operation.isShared
        else { return nil }
        // What may write is done when its Sync says so.
        inFlight -= 1
        answered += 1
        return operation
    }

    /// The first entry, a Sync, was answered. Returns the query that is over with it.
    private func sync() -> Operation? {
        isAnswered = false
        syncs -= 1
        return over()
    }

    /// Removes the first entry. Returns the query that is over with it.
    func over() -> Operation? {
        guard let operation = expected.removeFirst()?.operation else { return nil }
        inFlight -= 1
        answered += 1
        return operation
    }
}
