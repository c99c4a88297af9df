// SPDX-License-Identifier: MIT

/// One event of a stream of events (WHATWG HTML, section 9.2, "Server-sent events").
///
/// ```swift
/// try hub.publish("a new message", to: "news")
/// try stream.send(ServerSentEvent(json, event: "price", id: "\(number)"))
/// ```
///
/// What is `nil` is not sent. Its parts are checked when it is sent or published, not before.
public struct ServerSentEvent: Sendable, Hashable {
    /// What the client gets as the event's `data`. CR, LF and CRLF each begin a new line there,
    /// which the client sees as LF. Without data the client dispatches nothing.
    public var data: String?
    /// The event's type; without one, or with an empty one, it is a `message`. No CR, LF or NUL.
    public var event: String?
    /// What the client sends as Last-Event-ID when it comes back; an empty one makes it forget what
    /// it had. No CR, LF or NUL.
    public var id: String?
    /// How long the client waits before it comes back, in whole milliseconds, rounded up.
    public var retry: Duration?
    /// A comment, which clients ignore; it may have several lines.
    public var comment: String?

    /// An event.
    public init(
        _ data: String? = nil, event: String? = nil, id: String? = nil, retry: Duration? = nil,
        comment: String? = nil
    ) {
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment
    }
}

extension ServerSentEvent: ExpressibleByStringInterpolation {
    /// An event that is data alone.
    public init(stringLiteral data: String) {
        self.init(data)
    }
}
