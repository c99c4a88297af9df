// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Answers with a stream of events for this client alone (WHATWG HTML, section 9.2).
    ///
    /// ```swift
    /// try response.streamEvents { stream in
    ///     try stream.send("Hello")
    ///     clients.append(stream)
    /// }
    /// ```
    ///
    /// The answer is 200 with `text/event-stream`, and is not cached. The end of the client's input
    /// ends the stream. To tell a client not to come back, answer 204 instead:
    /// `response.send(status: .noContent)`.
    ///
    /// - Parameters:
    ///   - options: How the stream lives.
    ///   - backlog: The bytes that may wait for the client, 1 at least.
    ///   - begin: Called before this returns, with the stream; not for HEAD, which gets the head
    ///     alone. When it throws, the stream is closed.
    /// - Throws: ``EventError`` of the kind `invalidConfiguration` for an impossible option, or
    ///   `outOfMemory`; ``ResponseError`` of the kind `invalidHeader` for an impossible origin,
    ///   `headersTooLarge` or `alreadyAnswered`; what `begin` throws.
    public mutating func streamEvents(
        _ options: EventStream.Options = EventStream.Options(),
        backlog: Int = EventStream.defaultBacklog, _ begin: (EventStream) throws -> Void
    ) throws {
        var cOptions: vn_event_stream
        do throws(InvalidOption) {
            guard backlog > 0 else {
                throw InvalidOption("backlog is \(backlog), but must be 1 at least.")
            }
            cOptions = try options.c()
        } catch {
            throw EventError(error)
        }
        try allow(options.allowedOrigin)
        let stream = EventStream(handle: handle, backlog: backlog)
        let result = unsafe vn_response_stream_events(
            pointer, &cOptions, EventStream.producer, EventStream.release,
            Unmanaged.passRetained(stream).toOpaque())
        guard result == 0 else { throw EventError.failure(answeringWithEvents: result) }
        guard stream.isOpen else { return }
        do {
            try begin(stream)
        } catch {
            stream.close()
            throw error
        }
    }

    /// Answers with the events of a topic, from now on and as long as the client stays.
    ///
    /// ```swift
    /// routes.get("/news") { request, response in
    ///     try response.subscribe(to: "news", in: hub, for: request)
    /// }
    /// ```
    ///
    /// A client that comes back, as ``Request/lastEventID`` tells, first gets what it missed; where
    /// not all of that is left, an event of the type `gap` comes before it. HEAD gets the head
    /// alone.
    ///
    /// - Throws: ``EventError`` of the kind `invalidTopic` for a name of more than 255 bytes,
    ///   `tooManyTopics` or `outOfMemory`; ``ResponseError`` of the kind `invalidHeader`,
    ///   `headersTooLarge` or `alreadyAnswered`.
    public mutating func subscribe(
        to topic: String, in hub: EventHub, for request: Request
    ) throws {
        try subscribe(to: topic, in: hub, lastEventID: request.lastEventID)
    }

    /// Answers with the events of a topic, as ``subscribe(to:in:for:)`` does, where the request is
    /// no longer available or the client's last event is known in another way.
    ///
    /// - Parameters:
    ///   - topic: What the client subscribes to.
    ///   - hub: Where it is published.
    ///   - lastEventID: The id of the last event that the client has; `nil` or empty where it has
    ///     none.
    /// - Throws: As ``subscribe(to:in:for:)``.
    public mutating func subscribe(
        to topic: String, in hub: EventHub, lastEventID: String? = nil
    ) throws {
        guard !isAnswered else {
            throw EventError.failure(answeringWithEvents: ResponseError.alreadyAnswered)
        }
        try EventHub.check(topic)
        try allow(hub.options.stream.allowedOrigin)
        let result = unsafe hub.subscribe(pointer, to: topic, lastEventID: lastEventID ?? "")
        guard result == 0 else { throw EventError.failure(answeringWithEvents: result) }
    }
}

extension Request {
    /// The id of the last event that this client has of a stream: Last-Event-ID, which browsers
    /// send by themselves when they come back, else the query's `lastEventId`, for the first
    /// request of a page; `nil` where there is none (WHATWG HTML, section 9.2.4).
    public var lastEventID: String? {
        if let sent = headers[.lastEventID], !sent.isEmpty { return sent }
        guard let item = query.first(named: "lastEventId"), !item.value.isEmpty else { return nil }
        return item.decodedValue
    }
}

extension HeaderName {
    /// Last-Event-ID
    @inlinable public static var lastEventID: HeaderName { HeaderName(known: "Last-Event-ID") }
}
