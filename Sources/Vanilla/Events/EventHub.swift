// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Brings each event to all subscribers of its topic, on any number of workers and servers.
///
/// ```swift
/// let hub = try EventHub()
/// let router = try Router { routes in
///     routes.get("/news") { request, response in
///         try response.subscribe(to: "news", in: hub, for: request)
///     }
///     routes.post("/news") { request, response in
///         try hub.publish(ServerSentEvent(String(request.body)), to: "news")
///         response.send(status: .noContent)
///     }
/// }
/// ```
///
/// Publishing does not wait for anybody: an event is framed once, handed to each worker that has
/// subscribers, and lent to each of them. A topic keeps its last events for clients that come back.
/// A topic begins with its first subscriber or event, and is forgotten once it has neither. Use a
/// hub from any thread.
@safe
public final class EventHub: Sendable {
    /// What the hub was made with.
    public let options: Options
    /// C's hub, whose functions any thread may call. Subscribers keep it alive on their own.
    private nonisolated(unsafe) let pointer: OpaquePointer

    /// A hub without topics.
    ///
    /// - Throws: ``EventError`` of the kind `invalidConfiguration` for an impossible option;
    ///   `outOfMemory`.
    public init(_ options: Options = Options()) throws(EventError) {
        var cOptions = try EventHub.c { () throws(InvalidOption) in try options.c() }
        guard let pointer = unsafe vn_hub_open(&cOptions) else {
            throw EventError(.outOfMemory, "There is no memory for a hub of events.")
        }
        self.options = options
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe vn_hub_close(pointer)
    }
}

extension EventHub {
    /// Gives a topic options of its own, before anybody subscribes or publishes to it. The topic
    /// lives as long as the hub. Any thread.
    ///
    /// - Throws: ``EventError`` of the kind `invalidConfiguration`; `invalidTopic` where the name
    ///   has more than 255 bytes or the topic exists already; `tooManyTopics` or `outOfMemory`.
    public func declare(_ topic: String, _ options: TopicOptions) throws(EventError) {
        try EventHub.check(topic)
        var cOptions = try EventHub.c { () throws(InvalidOption) in try options.c() }
        let result = topic.withBytes { topic in
            unsafe topic.withCSpan { topic in
                unsafe vn_hub_declare(pointer, topic, &cOptions)
            }
        }
        if result != 0 { throw EventError(usingTopic: result) }
    }

    /// Publishes an event to all subscribers of the topic. An event without an id gets one from the
    /// hub, which is different after a restart. Any thread.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - topic: The topic whose subscribers get it.
    ///   - key: What the event is about, for ``SlowPolicy/keepNewest``: at most 255 bytes.
    /// - Throws: ``EventError`` of the kind `invalidEvent` as ``ServerSentEvent/serialized()``, and
    ///   for an id or a key of more than 255 bytes; `eventTooLarge` for more than 16 MiB;
    ///   `invalidTopic` for a name of more than 255 bytes; `tooManyTopics` or `outOfMemory`.
    ///   Then nobody gets the event.
    public func publish(_ event: ServerSentEvent, to topic: String, key: String = "")
        throws(EventError)
    {
        try EventHub.check(topic)
        let lines = try event.lines(includingID: false)
        let id = event.id ?? ""
        let result = topic.withBytes { topic in
            id.withBytes { id in
                key.withBytes { key in
                    publish(Bytes(lines.span), topic, id, key)
                }
            }
        }
        if result != 0 { throw EventError(publishing: result) }
    }

    private func publish(_ lines: Bytes, _ topic: Bytes, _ id: Bytes, _ key: Bytes) -> Int32 {
        unsafe lines.withCSpan { lines in
            unsafe topic.withCSpan { topic in
                unsafe id.withCSpan { id in
                    unsafe key.withCSpan { key in
                        unsafe vn_hub_publish(pointer, topic, lines, id, key)
                    }
                }
            }
        }
    }

    /// Answers C's response with the topic's events.
    func subscribe(_ response: OpaquePointer, to topic: String, lastEventID: String) -> Int32 {
        topic.withBytes { topic in
            lastEventID.withBytes { lastEventID in
                unsafe topic.withCSpan { topic in
                    unsafe lastEventID.withCSpan { lastEventID in
                        unsafe vn_response_subscribe(response, pointer, topic, lastEventID)
                    }
                }
            }
        }
    }

    /// Has C's socket get the topic's events.
    func subscribe(socket: OpaquePointer, to topic: String) -> Int32 {
        topic.withBytes { topic in
            unsafe topic.withCSpan { topic in
                unsafe vn_websocket_subscribe(socket, pointer, topic)
            }
        }
    }

    /// C's form of options.
    private static func c<Options>(
        _ options: () throws(InvalidOption) -> Options
    ) throws(EventError) -> Options {
        do throws(InvalidOption) { return try options() } catch { throw EventError(error) }
    }

    /// Refuses a name that no topic may have.
    static func check(_ topic: String) throws(EventError) {
        guard topic.utf8.count <= maximumNameCount else {
            throw EventError(
                .invalidTopic, "A topic's name has more than \(maximumNameCount) bytes.")
        }
    }

    /// What was counted since the hub was made.
    public var statistics: Statistics {
        var counted = vn_hub_statistics()
        unsafe vn_hub_read_statistics(pointer, &counted)
        return Statistics(c: counted)
    }
}
