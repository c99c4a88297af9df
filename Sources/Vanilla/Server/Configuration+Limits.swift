// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Sizes, in bytes unless said otherwise, and how what lies beyond each is answered.
    public struct Limits: Sendable, Equatable {
        /// A request line. Beyond: 414, for the method alone 400.
        public var requestLine = 16 << 10
        /// One field line. Beyond: 431.
        public var field = 16 << 10
        /// All field lines. Beyond: 431.
        public var fields = 64 << 10
        /// The number of field lines, at most 256. Beyond: 431.
        public var fieldCount = 128
        /// A body that the handler gets whole. Beyond: 413.
        public var body = 8 << 20
        /// A body that is streamed or ignored; `nil` for no limit. Beyond: 413.
        public var streamedBody: Int?
        /// The line with a chunk's size and extensions. Beyond: 400.
        public var chunkLine = 4 << 10
        /// The trailer section of a chunked body. Beyond: 431.
        public var trailers = 16 << 10
        /// The number of requests on one connection. With the last one it closes.
        public var requestsPerConnection = 1_000_000
        /// The number of connections; `nil` for as many as the descriptor limit allows. More wait
        /// to be accepted.
        public var connections: Int?
        /// Output that a client has not taken. Beyond, its input waits.
        public var output = 1 << 20
        /// An ignored body that is drained. Beyond, the connection closes after the answer.
        public var discard = 1 << 20
        /// Input that is drained while a connection closes.
        public var linger = 1 << 20

        /// Every limit at its default.
        public init() {}
    }
}
