// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Times, with a resolution of a millisecond. `nil` turns one off.
    public struct Deadlines: Sendable, Equatable {
        /// From the first byte of a request's head, or from accept for the first one, to its end.
        /// Then: 408.
        public var head: Duration? = .seconds(10)
        /// The time that a body has before its rate counts.
        public var bodyGrace: Duration? = .seconds(10)
        /// The least bytes a second of a body, after the grace; `nil` for any. Below: 408.
        public var bodyRate: Int? = 1024
        /// Between two requests. Then the connection closes.
        public var idle: Duration? = .seconds(75)
        /// While the client takes none of the output. Then the connection is reset.
        public var writeStall: Duration? = .seconds(30)
        /// The least bytes a second that the client takes, over each ``writeStall`` in which output
        /// waits for it; `nil` for any. Below, the connection is reset.
        public var writeRate: Int? = 240
        /// For an answer that comes later. Then: 503.
        public var handler: Duration? = .seconds(30)
        /// From the end of a client's output to the cancelling of its asynchronous handler: it may have
        /// nothing more to ask, or be gone, and until something is sent both look the same.
        public var halfClose: Duration? = .milliseconds(500)
        /// For draining input while a connection closes.
        public var linger: Duration = .seconds(2)

        /// Every deadline at its default.
        public init() {}
    }
}
