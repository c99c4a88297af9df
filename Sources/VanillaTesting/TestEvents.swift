// SPDX-License-Identifier: MIT

public import Vanilla

/// A stream of server-sent events that a ``TestClient`` reads.
///
/// ```swift
/// let events = try await client.events("/updates")
/// #expect(try await events.next() == ServerSentEvent("hello"))
/// for try await event in events { ... }
/// ```
///
/// It is a sequence of the events that have data, as a browser dispatches them: comments, such as
/// heartbeats, are passed over, and ids and times to reconnect after are in ``lastEventID`` and
/// ``reconnectionTime``. One task at a time reads. The connection is its own, and closed when this
/// is released.
public final class TestEvents: Sendable {
    /// The header fields of the answer.
    public let headers: TestHeaders

    private let stream: TestStream
    /// `nil` while a task reads.
    private let parser: Lock<EventParser?>
    private let state = Lock((id: String?.none, retry: Duration?.none))

    init(_ stream: TestStream) {
        headers = stream.headers
        self.stream = stream
        parser = Lock(EventParser())
    }

    /// The id that the server named last, which a client that reconnects sends.
    public var lastEventID: String? { state.withLock { $0.id } }

    /// How long the server wants a client to wait before it reconnects.
    public var reconnectionTime: Duration? { state.withLock { $0.retry } }

    /// The next event; `nil` at the end of the stream. Its `id` and `retry` are those that came
    /// with it.
    ///
    /// - Throws: ``TestError``, or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func next() async throws -> ServerSentEvent? {
        guard var taken = parser.withLock({ $0.take() }) else {
            throw TestError(.inUse, "Another task reads these events.")
        }
        defer { parser.withLock { [taken] parser in parser = taken } }
        while true {
            while let event = taken.takeEvent() {
                state.withLock { state in
                    state = (event.id ?? state.id, event.retry ?? state.retry)
                }
                if event.data != nil { return event }
            }
            guard let piece = try await stream.next() else { return nil }
            try taken.append(piece)
        }
    }

    /// Leaves, as a browser whose page is closed does.
    public func close() {
        stream.close()
    }
}

extension TestEvents: AsyncSequence, AsyncIteratorProtocol {
    /// An event with data.
    public typealias Element = ServerSentEvent

    /// Itself: there is one place up to which it was read.
    public func makeAsyncIterator() -> TestEvents { self }
}
