// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension EventStream {
    /// How streams of events live.
    public struct Options: Sendable, Equatable {
        /// How long a stream is silent before a comment is sent, so that proxies keep the
        /// connection and a client that is gone is found out: 15 seconds by default, `nil` for no
        /// comments.
        public var heartbeat: Duration?
        /// What a stream that the server's stop ends tells its client to wait before it comes back,
        /// at random between the two, so that not all clients come at once: 1 to 5 seconds by
        /// default.
        public var retry: ClosedRange<Duration>
        /// When the server stops, its streams end at random within this time, and within half of
        /// the time that the stop gives: 2 seconds by default.
        public var shutdownSpread: Duration
        /// What pages of other origins may read the stream: the value of
        /// Access-Control-Allow-Origin, an origin or `*`; `nil` for none (WHATWG Fetch, section
        /// 3.3). For a page that sends credentials, add Access-Control-Allow-Credentials yourself.
        public var allowedOrigin: String?

        /// Every option at its default.
        public init() {
            self.init(c: Defaults.stream)
        }
    }
}

extension EventStream.Options {
    init(c options: vn_event_stream) {
        heartbeat = .unlessZero(milliseconds: options.heartbeat)
        let least = Duration(milliseconds: options.retry_min)
        retry = least...max(least, Duration(milliseconds: options.retry_max))
        shutdownSpread = Duration(milliseconds: options.shutdown_spread)
    }

    /// C's form of these options.
    func c() throws(InvalidOption) -> vn_event_stream {
        vn_event_stream(
            heartbeat: try heartbeat?.c("heartbeat") ?? 0,
            retry_min: retry.lowerBound.boundedMilliseconds,
            retry_max: retry.upperBound.boundedMilliseconds,
            shutdown_spread: shutdownSpread.boundedMilliseconds)
    }
}

extension ResponseWriter {
    /// Adds what lets pages of another origin read the stream. The answer differs by origin then,
    /// unless all may.
    mutating func allow(_ origin: String?) throws(ResponseError) {
        guard let origin else { return }
        try headers.add(.accessControlAllowOrigin, origin)
        if origin != "*" { headers.add(.vary, "Origin") }
    }
}
