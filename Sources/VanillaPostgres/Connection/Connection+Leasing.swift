// SPDX-License-Identifier: MIT

internal import Vanilla

// A connection that one request has for itself: reserved, leased, given back.

extension Connection {
    /// It takes no more queries, so that it can be leased.
    func reserve() {
        if role == .shared { role = .reserved }
    }

    /// No task waits for a lease any more.
    func endReservation() {
        if role == .reserved { role = .shared }
    }

    func beginLease(_ lease: Lease.Request) {
        role = .leased(isLast: false)
        leaseTurn += 1
        leaseWasUsed = false
        leaseWasCancelled = false
        if let transaction = lease.transaction {
            pipeline.beginning = transaction.sql
            isReadOnly = transaction.isReadOnly
        }
        watchLease(lease.file, lease.line)
    }

    /// Whether a transaction is open, and nothing under way.
    var isInTransaction: Bool { pipeline.isInTransaction }

    /// Logs the place that took the lease, when that is held for long.
    private func watchLease(_ file: String, _ line: Int) {
        let (context, time) = (context, context.configuration.leaseWarning)
        leaseTimer = Worker.Timer(on: context.worker) {
            context.report(
                .warning, "A database connection taken at \(file):\(line) is held since \(time).")
        }
        leaseTimer?.set(after: time)
    }

    func stopWatchingLease() {
        leaseTimer?.cancel()
        leaseTimer = nil
    }

    /// Takes the connection back.
    ///
    /// - Parameter reset: What is undone before others have it, if anything was asked.
    func endLease(_ reset: LeaseReset?) {
        guard role.isLeased else { return }
        leaseTurn += 1
        stopWatchingLease()
        pipeline.beginning = nil
        isReadOnly = false
        // What others use next must not meet it.
        _ = pipeline.drop { _ in Lease.isOver }
        pipeline.abandonCopy()
        if leaseWasUsed { self.reset = reset }
        if self.reset == .session && !pipeline.hasSession {
            // Of which server it was the session is not known. Where it can be undone, that is done
            // when the connection ends.
            self.reset = nil
            role.drain()
        }
        if pipeline.inFlight > 0 || !pipeline.isIdle || self.reset != nil {
            cancellation.begin()
            if pipeline.inFlight > 0 { startCancelling() }
        }
        lifetime.wasUsed(Clock.now)
        role.endLease()
        if role.isOpen { proceed() }
        context.schedule()
    }

    /// Whether nothing depends on that query of a lease: there is no transaction, or it began with
    /// this query.
    func mayRepeatOnLease(_ operation: Operation) -> Bool {
        guard role.isLeased, !cancellation.isUnderWay, !operation.wasCancelled,
            operation.repeats < 2
        else { return false }
        return pipeline.isIdle || (operation.beginning != nil && pipeline.inFlight == 0)
    }
}
