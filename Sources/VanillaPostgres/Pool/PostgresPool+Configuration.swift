// SPDX-License-Identifier: MIT

public import Vanilla

extension PostgresPool {
    /// Where the database is, and the bounds of the pool.
    public struct Configuration: Sendable {
        /// A connection string or URI as libpq reads it; what it leaves open is in the environment
        /// (PGHOST, PGUSER ...).
        public var connection: String
        /// How many connections a worker keeps, even idle.
        public var minimum = 1
        /// The most connections of a worker. Queries share them; one is enough for many.
        public var maximum = 4
        /// The most connections of all workers together.
        public var maximumInProcess = 100
        /// The most queries that one connection has under way.
        public var depth = 256
        /// The most that wait at one worker, queries and acquirers together. One more is refused at
        /// once.
        public var maximumWaiting = 4096
        /// How long a query or an acquirer waits for a connection.
        public var acquireTimeout: Duration = .seconds(5)
        /// How long opening a connection may take, all of it: finding the hosts, every address, the
        /// authentication. Each address has a share of it, or the `connect_timeout` of the
        /// connection string or `PGCONNECT_TIMEOUT`, so that one that is silent leaves the others
        /// their time. Where this is nil, all of it takes no longer than these together, or five
        /// seconds where there is none.
        public var connectTimeout: Duration?
        /// How long a statement may take unless the query says otherwise: from when it is sent. The
        /// server is told, too, and ends it by itself. Where this is nil, it is the
        /// `statement_timeout` that the connection string, `PGOPTIONS`, the role, the database or
        /// the server's configuration sets, and 30 seconds where none of them does.
        public var statementTimeout: Duration?
        /// How old a connection grows, give or take a tenth that is drawn.
        public var lifetime: Duration = .seconds(1800)
        /// How long a connection beyond the minimum stays unused.
        public var idleTimeout: Duration = .seconds(600)
        /// How long a leased connection is held before the log tells where it was taken.
        public var leaseWarning: Duration = .seconds(30)
        /// How long a cancelled query may take to end before its connection is closed.
        public var cancelGrace: Duration = .seconds(2)
        /// The longest pause before the first attempt to connect again; it doubles with each
        /// failure. The pause is drawn between none and this.
        public var firstPause: Duration = .milliseconds(20)
        /// What it grows to.
        public var maximumPause: Duration = .milliseconds(500)
        /// Whether statements are prepared by name, or sent each time without one: what PgBouncer
        /// in transaction mode wants, which also gets no `statement_timeout`, and one Sync of a
        /// connection at a time.
        public var preparesStatements = true
        /// Where the connections that listen lead, which ``PostgresPool/listen(on:buffering:)`` is
        /// about: past a pooler in transaction mode, which cannot be listened through. As the
        /// others where this is nil.
        public var listenConnection: String?
        /// How often a connection that listens is asked whether it is still there. It is given up,
        /// and another one opened, where it has not answered for as long.
        public var listenHeartbeat: Duration = .seconds(10)
        /// How long a connection is used on whose memory has grown by a large message: not as many
        /// of these cost a connection each, and the memory is given back soon.
        var grownLifetime: Duration = .seconds(10)
        /// Where messages go; standard error unless set. Called on any thread.
        public var log: (@Sendable (Server.LogLevel, String) -> Void)?

        /// The defaults for a database.
        public init(_ connection: String = "") {
            self.connection = connection
        }
    }
}

extension PostgresPool.Configuration {
    func check() throws(PostgresError) {
        let bounds = [
            ("minimum", minimum, 0...maximum.clamped),
            ("maximum", maximum, 1...1000),
            ("maximumInProcess", maximumInProcess, 1...100_000),
            ("depth", depth, 1...65536),
            ("maximumWaiting", maximumWaiting, 1...1_000_000),
        ]
        for (name, value, range) in bounds where !range.contains(value) {
            throw PostgresError(
                .misuse, "\(name) is \(value): \(range.lowerBound) to \(range.upperBound).")
        }
        let times = [
            ("acquireTimeout", acquireTimeout), ("connectTimeout", connectTimeout ?? .seconds(5)),
            ("statementTimeout", statementTimeout ?? .seconds(30)), ("lifetime", lifetime),
            ("idleTimeout", idleTimeout), ("leaseWarning", leaseWarning),
            ("cancelGrace", cancelGrace), ("firstPause", firstPause),
            ("maximumPause", maximumPause), ("listenHeartbeat", listenHeartbeat),
        ]
        for (name, value) in times where value <= .zero {
            throw PostgresError(.misuse, "\(name) is \(value): more than nothing.")
        }
    }
}

extension PostgresPool.Configuration {
    /// The time for a statement where nobody else has set one, in milliseconds: as many as the
    /// server takes at most.
    var statementMilliseconds: Int64 {
        let time = (statementTimeout ?? .seconds(30)).boundedNanoseconds / 1_000_000
        return min(max(1, time), Int64(Int32.max))
    }

    func report(_ level: Server.LogLevel, _ message: String) {
        if let log { log(level, message) } else { logByDefault(level, message) }
    }
}

extension Int {
    /// At least zero, for the upper bound of a range.
    fileprivate var clamped: Int { Swift.max(self, 0) }
}
