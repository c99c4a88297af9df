// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Sizes, in bytes unless said otherwise, and how the server answers what lies beyond each.
    public struct Limits: Sendable, Equatable {
        /// A request line: 16 KiB by default. A longer one gets 414, or 400 where the method alone
        /// is longer.
        public var requestLine: Int
        /// One field line: 16 KiB by default. A longer one gets 431.
        public var field: Int
        /// All field lines of a request: 64 KiB by default. More get 431.
        public var fields: Int
        /// The number of field lines: 128 by default, and 256 at most. More get 431.
        public var fieldCount: Int
        /// A body that the handler gets whole: 8 MiB by default. A longer one gets 413.
        public var body: Int
        /// A body that is streamed or ignored; `nil`, the default, for no limit. A longer one gets
        /// 413.
        public var streamedBody: Int?
        /// The line with a chunk's size and extensions: 4 KiB by default. A longer one gets 400.
        public var chunkLine: Int
        /// The trailer section of a chunked body: 16 KiB by default. A longer one gets 431.
        public var trailers: Int
        /// The number of requests on one connection: 1,000,000 by default. The connection closes
        /// with the last one.
        public var requestsPerConnection: Int
        /// The number of connections; `nil`, the default, for as many as the descriptor limit
        /// allows. More wait to be accepted.
        public var connections: Int?
        /// Output that a client has not taken: 1 MiB by default. While there is more, the client's
        /// input waits.
        public var output: Int
        /// Output that clients have not taken, of all servers of the process together: what the
        /// operating system holds for their sockets, and what waits in the server's memory as a
        /// copy. Bodies that are sent by reference are not counted, because many connections may
        /// share one. `nil`, the default, for half of what the system gives to TCP before it
        /// becomes sparing with it (the second number of `tcp_mem`). Beyond the limit connections
        /// are reset whose clients take nothing, the longest stalled first; a client that takes
        /// bytes is not.
        public var unread: Int?
        /// An ignored body that is drained before the answer leaves: 1 MiB by default. The answer
        /// to a longer one leaves at once, and the connection closes.
        public var discard: Int

        /// Every limit at its default.
        public init() {
            unsafe self.init(c: Defaults.server.limits)
        }
    }
}
