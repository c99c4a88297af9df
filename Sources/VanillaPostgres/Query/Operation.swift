// SPDX-License-Identifier: MIT

internal import Vanilla

/// One query on its way. Used again for later ones, so that a query allocates little. Only on the
/// worker's thread; what another thread names it by is it and its ticket.
@usableFromInline
@safe
final class Operation: Waiting, @unchecked Sendable {
    enum Phase {
        case idle
        case unsent
        case sent
        case done
    }

    @usableFromInline let parameters = PostgresParameters()
    let shard: Shard
    /// Another one for each use.
    private(set) var ticket: UInt64 = 0
    var phase = Phase.idle

    /// One of both.
    private(set) var statement: Statement?
    private(set) var sql = ""
    /// May be repeated, and may share a Sync.
    var isRead = false
    /// A neighbour failed, so that it has a Sync of its own now.
    var isAlone = false
    /// As what it was sent, and whether that had been prepared for an earlier one.
    var known: KnownStatement?
    var wasKnown = false
    /// What began the lease's transaction in front of it.
    var beginning: String?
    /// How often it was sent again.
    var repeats = 0
    /// The lease that it belongs to.
    var lease: Connection?
    /// The connection that it was sent on.
    var carrier: Connection?
    /// The lease cancelled it.
    var wasCancelled = false
    /// For how long it may be under way, in nanoseconds, and until when.
    var timeout: Int64 = 0
    var deadline: Int64 = 0
    /// Its time began anew, as another one had taken it.
    var isDelayed = false

    /// Who waits for it does not wait for its end, and, once that has gone on, nobody does.
    var isAbandoned = false
    private var hasGoneOn = false
    var isAborted = false
    var result: PostgresResult?
    var failure: (any Error)?
    /// Before it was asked.
    private var isCancelled = false
    private var continuation: UnsafeContinuation<Void, Never>?

    init(shard: Shard) {
        self.shard = shard
    }

    /// What to ask.
    func take(_ statement: Statement) throws(PostgresError) {
        guard statement.isText else { throw refusal() }
        self.statement = statement
    }

    /// The same for what is not prepared.
    func take(_ sql: String) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw refusal() }
        self.sql = sql
    }

    private func refusal() -> PostgresError {
        giveBack()
        return PostgresError(.encoding, "A statement has a NUL in it, where libpq would end it.")
    }

    /// Nothing is wrong with sending it again, elsewhere: as often as there may be connections that
    /// were lost together, and once more.
    var canRepeat: Bool { isRead && lease == nil && repeats <= shard.configuration.maximum }

    /// It shares a Sync with others.
    var isShared: Bool { isRead && !isAlone && lease == nil }

    /// Nothing is left of it when it is cancelled, so that it may be sent again then. Only what is no
    /// query can commit halfway, such as CALL.
    var isUndoneByCancelling: Bool {
        guard lease == nil && repeats < 2 else { return false }
        let first = (statement?.sql ?? sql).drop { $0.isWhitespace }.prefix { $0.isLetter }
        let queries = ["select", "insert", "update", "delete", "merge", "with", "values"]
        return queries.contains(first.lowercased())
    }

    /// What is left where it was sent when it is sent elsewhere instead: something for which nobody
    /// waits.
    func leaveGhost() -> Operation {
        let ghost = shard.makeOperation(nil)
        ghost.phase = .sent
        // What was prepared for it may have to be forgotten.
        ghost.statement = statement
        ghost.known = known
        ghost.isRead = true
        ghost.carrier = carrier
        ghost.deadline = deadline
        ghost.isAbandoned = true
        ghost.hasGoneOn = true
        return ghost
    }

    /// As before it was sent.
    func startAnew() {
        result?.clear()
        result = nil
        failure = nil
        isAborted = false
        known = nil
        wasKnown = false
        repeats += 1
    }

    /// Asks, and waits for the answer.
    @usableFromInline
    nonisolated(nonsending) func run() async throws -> PostgresRows {
        let (worker, ticket) = (shard.worker, ticket)
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                unsafe self.continuation = unsafe continuation
                submit()
            }
        } onCancel: {
            worker.run { self.cancel(ticket) }
        }
        return try take()
    }

    /// Only now, when there is somebody to resume.
    private func submit() {
        guard !isCancelled else { return finish(CancellationError()) }
        do {
            if let lease { try lease.submit(self) } else { try shard.submit(self) }
        } catch {
            finish(error)
        }
    }

    /// Lets go on who waits.
    func resume() {
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        unsafe continuation.resume()
    }

    private func cancel(_ ticket: UInt64) {
        guard ticket == self.ticket else { return }
        switch phase {
        case .unsent:
            shard.forget(self)
            finish(CancellationError())
        case .sent:
            if let lease { return lease.cancel(self) }
            abandon(CancellationError())
            carrier?.abandoned(self)
        case .idle: isCancelled = true
        case .done: break
        }
    }

    /// Ends it with an error, or with the result that it has.
    func finish(_ error: (any Error)? = nil) {
        phase = .done
        if !isAbandoned {
            if let error { failure = error }
            resume()
        } else if hasGoneOn {
            giveBack()
        }
    }

    /// Lets who waits go on while the answer is still to come.
    func abandon(_ error: any Error) {
        guard !isAbandoned else { return }
        isAbandoned = true
        failure = error
        resume()
    }

    private func take() throws -> PostgresRows {
        hasGoneOn = true
        if let failure {
            // Under way, it is its connection's.
            if phase == .done { giveBack() }
            throw failure
        }
        guard let result else {
            giveBack()
            throw PostgresError(.server, "There was no result.")
        }
        self.result = nil
        let rows = PostgresRows(result)
        giveBack()
        return rows
    }

    /// Ready for another query.
    @usableFromInline
    func giveBack() {
        result?.clear()
        result = nil
        ticket += 1
        phase = .idle
        statement = nil
        sql = ""
        isRead = false
        isAlone = false
        repeats = 0
        lease = nil
        carrier = nil
        known = nil
        wasKnown = false
        beginning = nil
        isDelayed = false
        wasCancelled = false
        isAbandoned = false
        hasGoneOn = false
        isAborted = false
        isCancelled = false
        failure = nil
        parameters.removeAll()
        shard.takeBack(self)
    }
}
