// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Times, with a resolution of a millisecond. `nil` turns one off.
    public struct Deadlines: Sendable, Equatable {
        /// From the first byte of a request's head to its end, for the first request from accept:
        /// 10 seconds by default. Then the client gets 408; a new connection on which nothing came
        /// is closed without an answer.
        public var head: Duration?
        /// The time that a body has before its rate counts: 10 seconds by default.
        public var bodyGrace: Duration?
        /// The bytes a second with which a body has to come after the grace: 1 KiB by default,
        /// `nil` for any. A slower one gets 408.
        public var bodyRate: Int?
        /// Between two requests: 75 seconds by default. Then the connection closes.
        public var idle: Duration?
        /// While the client takes none of the output: 30 seconds by default. Then the connection is
        /// reset.
        public var writeStall: Duration?
        /// The bytes a second that the client has to take, over each ``writeStall`` in which output
        /// waits for it: 240 by default, `nil` for any. The connection of a slower one is reset.
        public var writeRate: Int?
        /// For a deferred answer, and for an asynchronous handler: 30 seconds by default. Then the
        /// client gets 503.
        public var handler: Duration?
        /// From the end of a client's output to the cancelling of its asynchronous handler: 500
        /// milliseconds by default. The client may have nothing more to ask, or be gone; until
        /// something is sent both look the same.
        public var halfClose: Duration?
        /// Of silence, until a connection is closed whose last answer was sent: 2 seconds by
        /// default. What the client sends by then is thrown away, so that a client that is still
        /// sending, such as a proxy, reads the answer and not a reset. It has to come as fast as
        /// ``bodyRate``. A client that has not taken the answer by then has time for it as long as
        /// it takes some of it in every ``writeStall``.
        public var linger: Duration
        /// The same for a client that goes on to send: 30 seconds by default.
        public var lingerTotal: Duration

        /// Every deadline at its default.
        public init() {
            unsafe self.init(c: Defaults.server.deadlines)
        }
    }
}
