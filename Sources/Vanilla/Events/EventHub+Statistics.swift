// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension EventHub {
    /// What a hub has counted since it was made. Events are counted once for each subscriber,
    /// except in ``published``.
    public struct Statistics: Sendable, Equatable {
        /// Topics now.
        public let topics: UInt64
        /// Subscribers now.
        public let subscribers: UInt64
        /// Events published, once each.
        public let published: UInt64
        /// Events handed to the operating system, those replayed included.
        public let delivered: UInt64
        /// Events of the history, for subscribers that came back.
        public let replayed: UInt64
        /// Subscribers that were told that events were lost.
        public let gaps: UInt64
        /// Events dropped, because too much waited for a subscriber.
        public let dropped: UInt64
        /// Subscribers cut, because too much waited for them.
        public let disconnected: UInt64
        /// The time from publishing to delivery, with a resolution of a millisecond: the latest.
        public let latestLag: Duration
        /// The longest.
        public let maximumLag: Duration
    }
}

extension EventHub.Statistics {
    init(c counted: vn_hub_statistics) {
        topics = counted.topics
        subscribers = counted.connected
        published = counted.published
        delivered = counted.delivered
        replayed = counted.replayed
        gaps = counted.gaps
        dropped = counted.dropped
        disconnected = counted.disconnected
        latestLag = .milliseconds(counted.lag_last)
        maximumLag = .milliseconds(counted.lag_max)
    }
}
