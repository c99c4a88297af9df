// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension EventHub {
    /// The number of bytes that a topic's name, an id or a key may have: 255.
    public static let maximumNameCount = 255

    /// What a hub does.
    public struct Options: Sendable, Equatable {
        /// The number of topics at a time, those that were declared and those that are kept for
        /// their history: 65,536 by default.
        public var topics: Int
        /// How the streams of subscribers live.
        public var stream: EventStream.Options
        /// For each topic that was not declared.
        public var topic: TopicOptions

        /// Every option at its default.
        public init() {
            topics = Int(Defaults.hub.topics)
            stream = EventStream.Options()
            topic = TopicOptions()
        }
    }

    /// What a topic keeps for clients that come back and for clients that are slow.
    public struct TopicOptions: Sendable, Equatable {
        /// The number of events that are kept for clients that come back: 1,000 by default, 0 for
        /// none.
        public var historyEvents: Int
        /// The bytes of these events: 256 KiB by default.
        public var historyBytes: Int
        /// How long these events are kept: 300 seconds by default, `nil` for any time.
        public var historyAge: Duration?
        /// The bytes that may wait for one subscriber, at least `historyBytes`: 1 MiB by default.
        public var backlogBytes: Int
        /// How long the oldest event may wait for a subscriber: 30 seconds by default, `nil` for
        /// any time.
        public var backlogAge: Duration?
        /// What happens to a subscriber when more than that waits for it.
        public var slowPolicy = SlowPolicy.disconnect

        /// Every option at its default.
        public init() {
            self.init(c: Defaults.hub.topic)
        }
    }

    /// What happens to a subscriber when too much waits for it. Later versions may have more ways.
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
    init(c options: vn_topic_options) {
        historyEvents = Int(options.history_events)
        historyBytes = Int(options.history_bytes)
        historyAge = .unlessZero(milliseconds: options.history_age)
        backlogBytes = Int(options.backlog_bytes)
        backlogAge = .unlessZero(milliseconds: options.backlog_age)
    }

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
