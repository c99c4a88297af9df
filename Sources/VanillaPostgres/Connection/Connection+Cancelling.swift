// SPDX-License-Identifier: MIT

internal import Vanilla

// What a connection does when time has passed, or a task that asked is cancelled: it moves reads to
// another connection, lets tasks go on without their answers, and cancels what is under way for
// nobody.

extension Connection {
    /// Finds out for what the alarm rang, and sets it again.
    func alarmRang() {
        guard role.isOpen else { return }
        let before = pipeline.expectedCount
        if !read(.max) && role.isOpen && pipeline.expectedCount < before {
            // What has come was in time, even where this turn is late. When it has been handled,
            // this looks again.
            return alarm.set(Clock.now)
        }
        guard role.isOpen else { return }
        let now = Clock.now
        guard isWithinGrace(now) else {
            return close(PostgresError(.timeout, "A cancelled query did not end."))
        }
        cancelRunning(now)
        guard role != .closed else { return }
        moveReads(now)
        expire(now)
    }

    private func isWithinGrace(_ now: Int64) -> Bool {
        guard let time = cancellation.graceEnds, time <= now else { return true }
        if cancellation.isCleaning { return false }
        if cancellation.isRequesting { return cancellation.waitForRequest(now) }
        guard let running = pipeline.running else { return false }
        // A query after the one that was cancelled may take its time.
        if isUnwanted(running) && cancellation.isAimed(at: pipeline.answered) {
            guard cancellation.isConfirmed, silence(now) < pipeline.defaultTimeout else {
                return false
            }
            keepUntilEnd()
        }
        cancellation.prolong(now)
        return true
    }

    /// The server has got the signal, and goes on. Were the connection closed, another one would be
    /// opened, and the server have more at work than the bounds allow: so it stays until the query
    /// has ended, and is of no other use.
    private func keepUntilEnd() {
        if role != .draining {
            context.report(
                .warning,
                "The query of process \(process) was cancelled and goes on: its connection waits.")
        }
        pipeline.leaveLease()
        stopWatchingLease()
        role = .draining
    }

    /// Has reads that wait here for something slow sent on another connection, if there is one: the
    /// reads of a turn are sent together, and one of them may take long.
    private func moveReads(_ now: Int64) {
        guard role.isOpen, !role.isLeased, cancellation.graceEnds == nil, pipeline.inFlight > 1,
            pipeline.running != nil
        else { return }
        let due = pace.progress + pace.stallTime
        guard due <= now, owner.hasAnother(than: self, now) else {
            return alarm.set(by: max(due, now + pace.stallTime / 2))
        }
        let moved = pipeline.moveReads()
        for operation in moved.reversed() { owner.sendAgain(operation) }
        guard !moved.isEmpty else { return }
        cancellation.block()
        alarm.set(by: now + Cancellation.delay)
    }

    /// Lets the tasks go on that have waited long enough.
    private func expire(_ now: Int64) {
        guard role.isOpen else { return }
        let found = pipeline.expire(now)
        if found.hasDropped { proceed() }
        guard role.isOpen else { return }
        if found.isLate { recover(now) }
        guard role.isOpen else { return }
        let next = min(found.next, cancellation.graceEnds ?? .max)
        if next < .max { alarm.set(by: next) }
    }

    /// An answer is no longer wanted: its query is cancelled if that harms no other, and the
    /// connection is closed if it does not end then.
    private func recover(_ now: Int64) {
        guard cancellation.graceEnds == nil else { return }
        cancellation.block()
        guard let running = pipeline.running, isUnwanted(running),
            pipeline.allSatisfy(isUnharmedByCancelling)
        else {
            // It may be possible later.
            return alarm.set(by: now + Cancellation.delay)
        }
        cancellation.begin()
        startCancelling()
    }

    /// Whether it does no harm when the signal comes late and hits this query.
    private func isUnharmedByCancelling(_ operation: Operation) -> Bool {
        operation.isAbandoned || operation.canRepeat || operation.isUndoneByCancelling
    }

    /// Whether its answer is no longer wanted.
    private func isUnwanted(_ operation: Operation) -> Bool {
        operation.wasCancelled || operation.isAbandoned || (operation.isLeased && !role.isLeased)
    }
}

// MARK: - Cancelling

extension Connection {
    /// The task that asked was cancelled.
    func cancel(_ operation: Operation) {
        guard operation.isLeased else { return leave(operation) }
        // Rows that are not wanted any more do not keep the task from undoing what it has set.
        if operation.copy?.isAbandoned != true { leaseWasCancelled = true }
        cancelOnServer(operation)
    }

    /// The task goes on at once; the answer to what was sent is no longer wanted.
    private func leave(_ operation: Operation) {
        operation.abandon(CancellationError())
        guard !drop(operation) else { return }
        // Most end by themselves soon.
        alarm.set(by: Clock.now + Cancellation.delay)
    }

    /// Cancels what the lease has under way; its task goes on when it has ended.
    private func cancelOnServer(_ operation: Operation) {
        guard !drop(operation) else { return }
        operation.wasCancelled = true
        operation.copy?.abandon()
        cancellation.begin()
        startCancelling()
    }

    /// Ends a query that was not sent yet. False when it was sent.
    private func drop(_ operation: Operation) -> Bool {
        guard pipeline.drop({ $0 === operation ? CancellationError() : nil }) else { return false }
        proceed()
        return true
    }

    func startCancelling() {
        guard !cancellation.isRequesting, let channel = pipeline.channel else { return }
        guard let canceller = channel.canceller else {
            return close(PostgresError(.connection, "There is no key to cancel with."))
        }
        cancellation.send(canceller, for: pipeline.answered, on: context.worker) { [self] end in
            guard end != .lost else {
                return close(PostgresError(.connection, "A request to cancel was lost."))
            }
            proceed()
        }
    }

    /// Cancels what runs for nobody while the connection cancels: at once where it is another query
    /// than the last one, else when it is time to ask once more.
    func cancelRunning(_ now: Int64) {
        guard cancellation.graceEnds != nil, !cancellation.isRequesting, !cancellation.isCleaning,
            let running = pipeline.running, isUnwanted(running)
        else { return }
        if cancellation.isAimed(at: pipeline.answered) {
            guard cancellation.isDue(now) else { return }
        } else {
            guard running.isLeased || pipeline.allSatisfy(isUnharmedByCancelling) else {
                return alarm.set(by: now + Cancellation.delay)
            }
            cancellation.prolong(now)
        }
        startCancelling()
    }

    /// A signal was sent and may still come: a round trip of nothing takes it, not the next query.
    func clean() {
        cancellation.beginCleaning(Clock.now)
        // The transaction of a lease stays, for its task to see that it failed.
        guard role.isLeased ? pipeline.sendNothing() : pipeline.undo(reset) else {
            return close(pipeline.channel?.error)
        }
        write()
    }

    func cleaned() {
        cancellation.cleaned()
        // The task of a lease has had another query cancelled meanwhile.
        if cancellation.isRequesting { return proceed() }
        if pipeline.takeUndone() { reset = nil }
        // The lease ended meanwhile, or the signal hit what was to undo it. The grace goes on.
        guard role.isLeased || (pipeline.isIdle && reset == nil) else { return clean() }
        cancellation.end()
        proceed()
    }
}
