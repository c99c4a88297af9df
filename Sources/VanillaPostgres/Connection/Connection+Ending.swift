// SPDX-License-Identifier: MIT

internal import Vanilla

// The end of a connection: because it is old or idle, as planned, or lost with what was under way.

extension Connection {
    func lifetimeRang() {
        guard role.isOpen else { return }
        let now = Clock.now
        if lifetime.hasEnded(now) {
            let time = context.connectTime.whole(context.resolver.count)
            lifetime.expire(now, successorWithin: time)
            // Another one is opened first, where that is allowed.
            if !owner.openAnother() { drain() }
        } else if lifetime.isIdle(now) && !role.isLeased && owner.hasMoreThanMinimum {
            drain()
        }
        if pipeline.inFlight > 0 || role.isLeased { lifetime.wasUsed(now) }
        if role.isOpen { lifetime.set() }
    }

    /// Takes no more queries, and closes when those under way are over.
    func drain() {
        role.drain()
        if role == .draining && pipeline.isEmpty { close(nil) }
    }

    /// Ends the connection, and everything that waits for it. There is no error where it ends as
    /// planned.
    func close(_ error: PostgresError?) {
        guard role != .closed else { return }
        let wasOpen = role.isOpen
        let closingCancel = makeClosingCancel()
        role = .closed
        loss = error
        alarm.close()
        lifetime.close()
        stopWatchingLease()
        connector?.close()
        connector = nil
        watch?.close()
        watch = nil
        reading = nil
        cancellation.close()
        let lost = pipeline.close()
        owner.closed(self, wasOpen: wasOpen, error)
        leave(closingCancel)
        let reason = error ?? PostgresError(.stopped, "The connection was closed.")
        for operation in lost.reversed() { lose(operation, reason) }
    }

    /// For what is under way, unless a request was sent and not answered: another one would not be,
    /// either. Where the worker ends, it is done at once.
    private func makeClosingCancel() -> ClosingCancel? {
        guard pipeline.running != nil, !cancellation.isRequesting,
            let canceller = pipeline.channel?.canceller
        else { return nil }
        return ClosingCancel(canceller, on: context.worker, queries: pipeline.inFlight)
    }

    private func leave(_ closingCancel: ClosingCancel?) {
        guard let closingCancel else { return owner.gone(self) }
        if let lastMoment = context.lastMoment {
            closingCancel.perform(until: lastMoment)
            return owner.gone(self)
        }
        self.closingCancel = closingCancel
        closingCancel.begin(within: context.configuration.cancelGrace) { [self] in
            self.closingCancel = nil
            owner.gone(self)
        }
    }

    /// The worker ends: nothing is waited for any more.
    func endClosingCancel() {
        closingCancel?.end()
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

    /// What the task of a query is told when its connection was lost: what the server said of the
    /// query before, unless that was about the connection, or a repetition would have mended it.
    private func outcome(of operation: Operation, _ loss: PostgresError) -> any Error {
        guard let failure = operation.failure as? PostgresError else { return unavailable(loss) }
        if endsUse(failure) { return unavailable(failure) }
        if operation.wantsPreparing(after: failure) || isForNeighbour(failure) {
            return unavailable(loss)
        }
        return failure
    }
}
