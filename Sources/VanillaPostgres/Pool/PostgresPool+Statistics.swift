// SPDX-License-Identifier: MIT

extension PostgresPool {
    /// What was counted since the pool was made, of all workers.
    public struct Statistics: Sendable {
        /// Connections, those being opened included, as of each worker's last turn with the pool.
        public internal(set) var size = 0
        /// Connections with nothing under way, as above.
        public internal(set) var idle = 0
        /// Queries and acquirers that wait for a connection, as above.
        public internal(set) var waiting = 0
        /// How long queries and acquirers waited for a connection: how many below each of
        /// ``waitBounds``, and last those above.
        public internal(set) var waits = Array(repeating: 0, count: waitBounds.count + 1)
        /// Queries asked.
        public internal(set) var queries = 0
        /// Queries that failed.
        public internal(set) var errors = 0
        /// Queries and acquirers that were told that there is no connection.
        public internal(set) var refusals = 0
        /// Attempts to connect.
        public internal(set) var attempts = 0
        /// Attempts that succeeded.
        public internal(set) var connected = 0
        /// Connections that were lost.
        public internal(set) var losses = 0
        /// Connections that were opened in the place of lost ones.
        public internal(set) var reconnects = 0

        /// The bounds of ``waits``, in milliseconds.
        public static let waitBounds: [Int64] = [
            1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
        ]
    }

    /// What was counted. From any thread.
    public var statistics: Statistics {
        var total = Statistics()
        for shard in table.shards { shard.context.counters.add(to: &total) }
        return total
    }
}
