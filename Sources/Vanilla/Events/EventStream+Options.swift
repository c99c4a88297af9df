// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension EventStream {
    /// How streams of events live.
    public struct Options: Sendable, Equatable {
        /// A comment is sent after so long without an event, so that proxies keep the connection
        /// and a client that is gone is found out; `nil` for none.
        public var heartbeat: Duration? = .seconds(15)
        /// What a stream that the server's stop ends tells its client to wait before it comes back,
        /// at random between the two, so that not all come at once.
        public var retry = Duration.seconds(1)...Duration.seconds(5)
        /// When the server stops, its streams end at random within so long, and within half of the
        /// time that the stop gives.
        public var shutdownSpread: Duration = .seconds(2)
        /// What pages of other origins may read the stream: the value of
        /// Access-Control-Allow-Origin, an origin or `*`; `nil` for none (WHATWG Fetch, section
        /// 3.3). For a page that sends credentials, add Access-Control-Allow-Credentials yourself.
        public var allowedOrigin: String?

        /// Every option at its default.
        public init() {}
    }
}

extension EventStream.Options {
    /// C's form of these options.
    func c() throws(InvalidOption) -> vn_event_stream {
        vn_event_stream(
            heartbeat: try heartbeat?.c("heartbeat") ?? 0,
            retry_least: retry.lowerBound.boundedMilliseconds,
            retry_most: retry.upperBound.boundedMilliseconds,
            farewell: shutdownSpread.boundedMilliseconds)
    }
}

extension ResponseWriter {
    /// Adds what lets pages of another origin read the stream. The answer differs by origin then,
    /// unless all may.
    mutating func allow(_ origin: String?) throws(ResponseError) {
        guard let origin else { return }
        try addField(.accessControlAllowOrigin, origin)
        if origin != "*" { addField(.vary, "Origin") }
    }
}
