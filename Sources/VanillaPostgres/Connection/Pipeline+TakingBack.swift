// SPDX-License-Identifier: MIT

// What is taken from a pipeline before it is answered: dropped, left without its answer, sent
// elsewhere.

extension Pipeline {
    /// Ends the queries that were not sent yet and for which `error` returns one. Returns whether
    /// there were any.
    func drop(_ error: (Operation) -> (any Error)?) -> Bool {
        let count = alone.count
        alone.removeAll { operation in
            guard let error = error(operation) else { return false }
            inFlight -= 1
            operation.finish(error)
            return true
        }
        return alone.count < count
    }

    /// Lets the tasks of a lease go on without their answers.
    func leaveLease() {
        _ = drop { $0.isLeased ? Self.leaseLost : nil }
        for index in 0..<expected.count {
            guard let operation = expected[index].operation, operation.isLeased,
                operation.phase == .sent
            else { continue }
            operation.abandon(
                operation.wasCancelled ? CancellationError() : Self.leaseLost)
        }
    }

    private static var leaseLost: any Error {
        unavailable(PostgresError(.connection, "The leased connection was lost."))
    }

    /// Returns the reads that wait here for another query, to be sent on another connection.
    /// Placeholders, for which nobody waits, take their answers.
    func moveReads() -> [Operation] {
        let running = running
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
        for operation in moved { operation.startAnew() }
        return moved
    }

    /// Lets the tasks go on whose queries have taken long enough. It takes as many steps as queries
    /// are under way, about once in the time that a query has.
    ///
    /// - Returns: The next time to look; whether something is under way for nobody; whether queries
    ///   were dropped that were not sent.
    func expire(_ now: Int64) -> (next: Int64, isLate: Bool, hasDropped: Bool) {
        var next = Int64.max
        var isLate = false
        let late = unavailable(PostgresError(.timeout, "The database did not answer in time."))
        for index in 0..<expected.count {
            guard let operation = expected[index].operation, operation.phase == .sent else {
                continue
            }
            if !operation.isAbandoned && operation.deadline <= now {
                if isBehindAnother(operation) {
                    operation.isDelayed = true
                    operation.deadline = now + timeout(of: operation)
                } else {
                    operation.abandon(late)
                }
            }
            if operation.isAbandoned { isLate = true } else { next = min(next, operation.deadline) }
        }
        let hasDropped = drop { operation in
            if operation.deadline <= now { return late }
            next = min(next, operation.deadline)
            return nil
        }
        return (next, isLate, hasDropped)
    }

    /// Whether another query has taken its time: the server has not begun with this one.
    private func isBehindAnother(_ operation: Operation) -> Bool {
        guard !operation.isLeased, !operation.isDelayed, let running else { return false }
        return running !== operation
    }
}
