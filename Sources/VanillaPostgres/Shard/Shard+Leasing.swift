// SPDX-License-Identifier: MIT

internal import Vanilla

// Leases connections to tasks, in the order in which these came. Where the worker can have more
// than one connection, one is left to queries.

extension Shard {
    /// A connection for the task that asks, when its turn comes.
    nonisolated(nonsending) func acquire() async throws -> Connection {
        let acquirer = Acquirer()
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                // Only now, when there is somebody to resume.
                if unsafe acquirer.begin(continuation) { submit(acquirer) }
            }
        } onCancel: {
            worker.run { [self] in cancel(acquirer) }
        }
        return try acquirer.takeConnection()
    }

    private func submit(_ acquirer: Acquirer) {
        do {
            try backlog.add(acquirer)
            context.schedule()
        } catch {
            acquirer.finish(error)
        }
    }

    private func cancel(_ acquirer: Acquirer) {
        guard !acquirer.isOver else { return }
        backlog.acquirers.remove(acquirer)
        acquirer.finish(CancellationError())
    }
}

// MARK: - Giving

extension Shard {
    /// Gives the connections that are free.
    func lease() {
        let acquirers = backlog.acquirers
        while let acquirer = acquirers.first, mayLease(acquirer),
            let connection = connections.first(where: \.isFree)
        {
            acquirers.remove(acquirer)
            backlog.waited(acquirer, Clock.now)
            connection.beginLease()
            acquirer.finish(connection)
        }
        reserve()
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
