// SPDX-License-Identifier: MIT

/// One query on its way: what is asked, how it was sent, and what came of it.
///
/// It is used again for later queries, so that a query allocates little. It knows neither the shard
/// nor the connection that has it: these know it. Only on the worker's thread; where another thread
/// names one query of the many, it does so by the operation and its ticket.
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
    private let freelist: Freelist<Operation>
    /// How often it may be sent again.
    private let repeatLimit: Int
    /// Another one for each use.
    private(set) var ticket: UInt64 = 0
    var phase = Phase.idle

    /// What is asked: one of both.
    private(set) var statement: Statement?
    private(set) var sql = ""
    /// May be repeated, and may share a Sync.
    var isRead = false
    /// It copies rows.
    private(set) var copy: CopyExchange?
    /// A neighbour failed, so that it has a Sync of its own now.
    var isAlone = false
    /// As what it was prepared, and whether that was done for an earlier query.
    var known: KnownStatement?
    var wasKnown = false
    /// What was sent before it to begin the lease's transaction.
    var beginning: String?
    /// How often it was sent again.
    private(set) var repeats = 0
    /// It is asked on a leased connection.
    private(set) var isLeased = false
    /// The number of the connection that is leased for it, or that it was sent on.
    var connection: UInt64 = 0
    /// It belongs to a lease, and its task was cancelled.
    var wasCancelled = false
    /// For how long it may be under way, in nanoseconds, where it is not as long as any on its
    /// connection; and until when.
    var timeout: Int64?
    var deadline: Int64 = 0
    /// Its time began anew, because another query had taken it.
    var isDelayed = false

    /// The task that asked has gone on without the answer.
    private(set) var isAbandoned = false
    var isAborted = false
    var result: PostgresResult?
    var failure: (any Error)?
    /// Its task was cancelled before it was asked.
    private var isCancelled = false
    private var continuation: UnsafeContinuation<PostgresRows, any Error>?
    /// The one thing of it that its task looks at when it has gone on.
    let handover = Handover()

    private init(_ freelist: Freelist<Operation>, repeatLimit: Int) {
        self.freelist = freelist
        self.repeatLimit = repeatLimit
    }

    /// An operation to fill: one that was used before, or a new one.
    static func make(
        from freelist: Freelist<Operation>, repeatLimit: Int, timeout: Int64?
    ) -> Operation {
        guard let operation = freelist.removeFirst() else {
            return makeAnew(for: freelist, repeatLimit: repeatLimit, timeout: timeout)
        }
        operation.timeout = timeout
        return operation
    }

    /// A new one, which is given back to the freelist later. On any thread, which has it for itself
    /// until it is asked.
    static func makeAnew(
        for freelist: Freelist<Operation>, repeatLimit: Int, timeout: Int64?
    ) -> Operation {
        let operation = Operation(freelist, repeatLimit: repeatLimit)
        operation.timeout = timeout
        return operation
    }

    /// Ready for another query.
    func giveBack() {
        result?.clear()
        result = nil
        ticket += 1
        phase = .idle
        statement = nil
        sql = ""
        copy = nil
        isRead = false
        isAlone = false
        repeats = 0
        isLeased = false
        connection = 0
        known = nil
        wasKnown = false
        beginning = nil
        isDelayed = false
        wasCancelled = false
        isAbandoned = false
        isAborted = false
        isCancelled = false
        failure = nil
        parameters.removeAll()
        freelist.add(self)
    }
}

// MARK: - What is asked

extension Operation {
    /// What to ask.
    func take(_ statement: Statement) {
        self.statement = statement
        isRead = statement.effect == .reads
    }

    /// What to ask, without preparing it.
    func take(_ sql: String) {
        self.sql = sql
    }

    /// What rows to copy. They come, or are sent, once.
    func take(_ copy: CopyExchange) {
        self.copy = copy
        repeats = .max
    }

    /// It is asked on a connection that is leased.
    func lease(_ connection: UInt64) {
        isLeased = true
        self.connection = connection
    }

    /// How many bytes the text and the parameters take.
    var size: Int { (statement?.sql ?? sql).utf8.count + parameters.size }

    /// Whether it shares a Sync with others.
    var isShared: Bool { isRead && !isAlone && !isLeased }

    /// Whether nothing is left of it when it is cancelled, so that it may be sent again then.
    /// Utility statements, such as CALL, can commit halfway.
    var isUndoneByCancelling: Bool {
        guard !isLeased && repeats < 2 else { return false }
        let queries = ["select", "insert", "update", "delete", "merge", "with", "values"]
        return queries.contains(SQLText.command(of: statement?.sql ?? sql))
    }

    /// Whether it may succeed when it is prepared as the schema is now.
    func wantsPreparing(after error: PostgresError) -> Bool {
        error.wantsPreparing
            || (error.mayWantPreparing && wasKnown && parameters.leavesTypeOpen)
    }
}

// MARK: - Sending it again

extension Operation {
    /// Whether it may be sent again, on another connection: as often as connections may be lost
    /// together, and once more.
    var canRepeat: Bool { isRead && !isLeased && repeats <= repeatLimit }

    /// As it was before it was sent, to be sent again.
    func startAnew() {
        result?.clear()
        result = nil
        failure = nil
        isAborted = false
        known = nil
        wasKnown = false
        repeats += 1
    }

    /// Its connection was lost, and it is to be sent again. What came of it so far stays.
    func startElsewhere() {
        isAborted = false
        repeats += 1
    }

    /// It must not be sent again.
    func forbidRepeating() {
        repeats = .max
    }

    /// Something for which nobody waits, to take its answer where it was sent, when it is sent on
    /// another connection instead.
    func leavePlaceholder() -> Operation {
        let placeholder = Operation.make(
            from: freelist, repeatLimit: repeatLimit, timeout: timeout)
        placeholder.phase = .sent
        // The answer may be that the statement is not prepared, which is then forgotten.
        placeholder.statement = statement
        placeholder.known = known
        placeholder.isRead = true
        placeholder.connection = connection
        placeholder.deadline = deadline
        placeholder.isAbandoned = true
        return placeholder
    }
}

// MARK: - The task that asks

extension Operation {
    /// Names the task to resume. False where it was cancelled before.
    func begin(_ continuation: UnsafeContinuation<PostgresRows, any Error>) -> Bool {
        unsafe self.continuation = unsafe continuation
        return !isCancelled
    }

    /// Its task is cancelled before it was asked.
    func cancelBeforeAsking() {
        isCancelled = true
    }

    /// Ends it with an error, or with what it has, and gives it back: the task gets the rows or the
    /// error, and finds nothing here when it goes on, on whatever thread that is.
    func finish(_ error: (any Error)? = nil) {
        phase = .done
        if let continuation = unsafe takeContinuation() {
            if let failure = error ?? failure {
                handover.give()
                unsafe continuation.resume(throwing: failure)
            } else if let result {
                self.result = nil
                let rows = PostgresRows(result)
                handover.give()
                unsafe continuation.resume(returning: rows)
            } else {
                unsafe continuation.resume(
                    throwing: PostgresError(.server, "There was no result."))
            }
        }
        giveBack()
    }

    /// Read and set by itself, as `take()` would be guarded by calls at run time.
    @unsafe
    private func takeContinuation() -> UnsafeContinuation<PostgresRows, any Error>? {
        let continuation = unsafe continuation
        unsafe self.continuation = nil
        return unsafe continuation
    }

    /// Lets the task that asked go on while the answer is still to come.
    func abandon(_ error: any Error) {
        guard !isAbandoned else { return }
        copy?.abandon()
        isAbandoned = true
        failure = error
        if let continuation = unsafe takeContinuation() {
            handover.give()
            unsafe continuation.resume(throwing: error)
        }
    }
}
