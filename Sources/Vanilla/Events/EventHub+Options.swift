// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension EventHub {
    /// The bytes at most of a topic's name, an id or a key.
    public static let maximumNameCount = 255

    /// What a hub does.
    public struct Options: Sendable, Equatable {
        /// Topics at a time, those that were declared and those that are kept for their history.
        public var topics = 65_536
        /// How the streams of subscribers live.
        public var stream = EventStream.Options()
        /// For each topic that was not declared.
        public var topic = TopicOptions()

        /// Every option at its default.
        public init() {}
    }

    /// What a topic keeps, for those who come back and for those who are slow.
    public struct TopicOptions: Sendable, Equatable {
        /// Events kept for those who come back; 0 for none.
        public var historyEvents = 1000
        /// Bytes of them.
        public var historyBytes = 256 << 10
        /// How long they are kept; `nil` for any time.
        public var historyAge: Duration? = .seconds(300)
        /// Bytes that may wait for one subscriber, `historyBytes` at least.
        public var backlogBytes = 1 << 20
        /// How long the oldest event may wait for it; `nil` for any time.
        public var backlogAge: Duration? = .seconds(30)
        /// What happens beyond.
        public var slowPolicy = SlowPolicy.disconnect

        /// Every option at its default.
        public init() {}
    }

    /// What happens to a subscriber for whom too much waits. Later versions may have more ways.
    public struct SlowPolicy: Sendable, Hashable {
        /// The way's number in C.
        fileprivate let c: UInt8

        private init(_ number: Int) {
            c = UInt8(number)
        }

        /// Its connection is cut. It may come back for what it missed.
        public static let disconnect = SlowPolicy(VN_SLOW_DISCONNECT)
        /// What waits longest is dropped.
        public static let dropOldest = SlowPolicy(VN_SLOW_DROP_OLDEST)
        /// An event replaces one of the same key that waits; then as ``dropOldest``.
        public static let keepNewest = SlowPolicy(VN_SLOW_KEEP_NEWEST)
    }
}

extension EventHub.Options {
    func c() throws(InvalidOption) -> vn_hub_options {
        vn_hub_options(
            topics: try topics.positive("topics"), stream: try stream.c(),
            topic: try topic.c())
    }
}

extension EventHub.TopicOptions {
    func c() throws(InvalidOption) -> vn_topic_options {
        guard backlogBytes >= historyBytes else {
            throw InvalidOption(
                "backlogBytes is \(backlogBytes), but must be historyBytes (\(historyBytes)) at least."
            )
        }
        return vn_topic_options(
            history_events: try historyEvents.c("historyEvents"),
            history_bytes: try historyBytes.c("historyBytes"),
            history_age: try historyAge?.c("historyAge") ?? 0,
            backlog_bytes: try backlogBytes.positive("backlogBytes"),
            backlog_age: try backlogAge?.c("backlogAge") ?? 0,
            slow: slowPolicy.c)
    }
}
