// SPDX-License-Identifier: MIT

extension Server {
    /// What a server has counted since it was made, over all workers.
    public struct Statistics: Sendable, Equatable {
        /// Connections accepted.
        public internal(set) var connectionsAccepted: UInt64 = 0
        /// Connections open now.
        public internal(set) var connectionsOpen: UInt64 = 0
        /// How many times accepting failed because descriptors or memory ran out.
        public internal(set) var connectionsRefused: UInt64 = 0
        /// Requests handled.
        public internal(set) var requests: UInt64 = 0
        /// Responses by class.
        public internal(set) var responses = Responses()
        /// Bytes that came from clients.
        public internal(set) var bytesReceived: UInt64 = 0
        /// Bytes that went to clients.
        public internal(set) var bytesSent: UInt64 = 0
        /// Requests that the server refused by itself, by the status of the answer: malformed, too
        /// large, too slow.
        public internal(set) var refusals: [Status: UInt64] = [:]
        /// Deadlines missed.
        public internal(set) var timeouts = Timeouts()
        /// Connections reset because `Server.Configuration.Limits.unread` was reached, and their
        /// clients took nothing.
        public internal(set) var connectionsEndedUnread: UInt64 = 0
        /// WebSockets, and their messages.
        public internal(set) var webSockets = WebSockets()
        /// Work that was handed to ``Worker/offload(_:)`` by this server's workers.
        public internal(set) var offload = Offload()
        /// The part of each listener, in the order of `Server.Configuration.listeners`.
        public internal(set) var listeners: [Listener] = []
    }
}

extension Server.Statistics {
    /// Responses by class.
    public struct Responses: Sendable, Equatable {
        /// 1xx
        public internal(set) var informational: UInt64 = 0
        /// 2xx
        public internal(set) var successful: UInt64 = 0
        /// 3xx
        public internal(set) var redirection: UInt64 = 0
        /// 4xx
        public internal(set) var clientError: UInt64 = 0
        /// 5xx
        public internal(set) var serverError: UInt64 = 0
        /// Any other status, from 600 to 999
        public internal(set) var other: UInt64 = 0
        /// Complete responses that a handler sent itself, whose status is not known:
        /// ``ResponseWriter/sendRaw(_:)``.
        public internal(set) var raw: UInt64 = 0
    }

    /// Work on the threads for what blocks.
    public struct Offload: Sendable, Equatable {
        /// Pieces of work that run now
        public internal(set) var running = 0
        /// Pieces of work that wait for a thread now
        public internal(set) var waiting = 0
        /// Pieces of work that have run
        public internal(set) var done: UInt64 = 0
        /// Pieces of work that were cancelled before they ran
        public internal(set) var cancelled: UInt64 = 0
        /// Pieces of work that were refused, because too many waited or there was no thread
        public internal(set) var refused: UInt64 = 0
    }

    /// Sockets that requests have opened, and what passed over them.
    public struct WebSockets: Sendable, Equatable {
        /// Requests that opened one.
        public internal(set) var opened: UInt64 = 0
        /// Sockets open now.
        public internal(set) var open: UInt64 = 0
        /// Messages that came from clients.
        public internal(set) var messagesReceived: UInt64 = 0
        /// Messages that went to clients.
        public internal(set) var messagesSent: UInt64 = 0
        /// Bytes of the messages that came.
        public internal(set) var bytesReceived: UInt64 = 0
        /// Bytes of the messages that went.
        public internal(set) var bytesSent: UInt64 = 0
    }

    /// What came over one listener.
    public struct Listener: Sendable, Equatable {
        /// Connections accepted.
        public internal(set) var connectionsAccepted: UInt64 = 0
        /// Connections open now.
        public internal(set) var connectionsOpen: UInt64 = 0
        /// How many times accepting failed because descriptors or memory ran out.
        public internal(set) var connectionsRefused: UInt64 = 0
        /// Requests handled.
        public internal(set) var requests: UInt64 = 0
        /// Bytes that came from clients.
        public internal(set) var bytesReceived: UInt64 = 0
        /// Bytes that went to clients.
        public internal(set) var bytesSent: UInt64 = 0
    }

    /// Deadlines missed, each as in `Server.Configuration.Deadlines`.
    public struct Timeouts: Sendable, Equatable {
        /// Heads that came too slowly
        public internal(set) var head: UInt64 = 0
        /// Bodies that came too slowly
        public internal(set) var body: UInt64 = 0
        /// Connections that were idle too long
        public internal(set) var idle: UInt64 = 0
        /// Connections whose client took the output too slowly
        public internal(set) var writeStall: UInt64 = 0
        /// Answers that did not come in time
        public internal(set) var handler: UInt64 = 0
        /// Connections that were closed while their client still sent
        public internal(set) var linger: UInt64 = 0
    }
}
