// SPDX-License-Identifier: MIT

internal import Vanilla

// Leases connections to tasks, in the order in which these came. Where the worker can have more
// than one connection, one is left to queries.

extension Shard {
    /// A connection for the task that asks, when its turn comes: on the worker, wherever the caller
    /// is and comes back to.
    nonisolated(nonsending) func acquire(_ lease: Lease.Request) async throws -> Lease {
        let acquirer = Acquirer(lease)
        defer { acquirer.handover.take() }
        return try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                // Only now, when there is somebody to resume.
                if worker.isCurrent { return unsafe submit(acquirer, continuation) }
                worker.run { [self] in
                    // Where the worker has ended, it has given back what it had.
                    if worker.isCurrent { return unsafe submit(acquirer, continuation) }
                    unsafe continuation.resume(throwing: RequestError.workerStops)
                }
            }
        } onCancel: {
            worker.run { [self] in cancel(acquirer) }
        }
    }

    @unsafe
    private func submit(
        _ acquirer: Acquirer, _ continuation: UnsafeContinuation<Lease, any Error>
    ) {
        guard unsafe acquirer.begin(continuation) else { return }
        do {
            try backlog.add(acquirer)
            context.schedule()
        } catch {
            acquirer.finish(error)
        }
    }

    /// Takes a connection back: on the worker, wherever the caller is.
    ///
    /// - Parameter reset: Says what is undone before others have it.
    func end(_ lease: Lease, _ reset: @escaping @Sendable (Connection) -> LeaseReset?) {
        if worker.isCurrent { return lease.connection.endLease(reset(lease.connection)) }
        worker.run { [worker] in
            // Where the worker has ended, so has the connection.
            guard worker.isCurrent else { return }
            lease.connection.endLease(reset(lease.connection))
        }
    }

    private func cancel(_ acquirer: Acquirer) {
        guard worker.isCurrent, !acquirer.isOver else { return }
        backlog.acquirers.remove(acquirer)
        acquirer.finish(CancellationError())
    }
}

// MARK: - Giving

extension Shard {
    /// Gives the connections that are free.
    func lease() {
        if !backlog.acquirers.isEmpty { leaseFree() }
        reserve()
    }

    @inline(never)
    private func leaseFree() {
        let acquirers = backlog.acquirers
        while let acquirer = acquirers.first, mayLease(acquirer),
            let connection = connections.first(where: \.isFree)
        {
            acquirers.remove(acquirer)
            backlog.waited(acquirer, Clock.now)
            connection.beginLease(acquirer.lease)
            acquirer.finish(connection)
        }
    }

    /// How many connections this worker can have, as far as is known: those that are there where
    /// the process has all that it may have, or the server takes no more.
    private var attainable: Int {
        if backoff.hasFailed { return max(1, count { $0.role.isOpen }) }
        return quota.hasRoom ? configuration.maximum : max(1, connections.count)
    }

    private var leasable: Int { max(1, attainable - 1) }

    private func mayLease(_ acquirer: Acquirer) -> Bool {
        guard count({ $0.role.isLeased }) < leasable else { return false }
        // One connection goes to queries and leases in the order in which they came.
        return attainable > 1 || backlog.isFirst(acquirer)
    }

    /// A busy connection is never free by itself, so some take no more queries until they are.
    private func reserve() {
        guard let first = backlog.acquirers.first else {
            for connection in connections { connection.endReservation() }
            return
        }
        guard mayLease(first) else { return }
        let leased = count { $0.role.isLeased }
        let reserved = count { $0.role == .reserved }
        var wanted = min(backlog.acquirers.count - reserved, leasable - leased - reserved)
        var shared = count { $0.role.isShared }
        for connection in connections where wanted > 0 && connection.role.isShared {
            guard shared > 1 || attainable == 1 else { return }
            connection.reserve()
            wanted -= 1
            shared -= 1
        }
    }
}
