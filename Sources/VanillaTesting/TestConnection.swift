// SPDX-License-Identifier: MIT

internal import Vanilla

/// One connection to the server of a test, for what a ``TestClient`` does not send: broken
/// requests, requests in pieces, several in a row, half a close.
///
/// ```swift
/// let connection = client.connect()
/// connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
/// connection.send("llo")
/// let answer = try await connection.readResponse()
/// ```
///
/// It is closed when it is released.
public final class TestConnection: Sendable {
    private let session: Session
    private let buffer: ReceiveBuffer
    private let link: any Link
    private let state: Lock<State>

    private struct State {
        /// `nil` while a task reads.
        var reader: MessageReader?
        var isClosed = false
    }

    init(_ session: Session) {
        self.session = session
        (buffer, link) = session.connect()
        state = Lock(State(reader: MessageReader(buffer, link)))
    }

    deinit {
        close()
    }

    /// Sends bytes as they are. They are handed over, and nobody waits until they have left.
    public func send(_ bytes: [UInt8]) {
        link.send(bytes)
    }

    /// Sends text as it is, in UTF-8.
    public func send(_ text: String) {
        link.send(Array(text.utf8))
    }

    /// Sends nothing more, and still reads: a half-close.
    public func finish() {
        link.finish()
    }

    /// Sends and reads nothing more. Over a socket, what has come and was not read resets the
    /// connection; in process it is always reset.
    public func close() {
        state.withLock { $0.isClosed = true }
        link.close()
        buffer.fail(Self.isClosed)
        session.forget(buffer)
    }

    /// The next response, without the interim ones (1xx) before it.
    ///
    /// - Parameters:
    ///   - answersHead: Whether the request was HEAD, whose answer has no body whatever it says.
    ///   - maximumBodyCount: The bytes that its body may have.
    /// - Throws: ``TestError``, or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func readResponse(
        answersHead: Bool = false, maximumBodyCount: Int = TestResponse.defaultMaximumBodyCount
    ) async throws -> TestResponse {
        try await read { reader in
            let head = try await reader.readHead(answersHead: answersHead)
            let body = try await reader.readBody(upTo: maximumBodyCount)
            return TestResponse(status: head.status, headers: head.headers, body: body)
        }
    }

    /// What has come, as soon as there is any; `nil` where the server has closed the connection.
    ///
    /// - Throws: ``TestError``, or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func readBytes() async throws -> [UInt8]? {
        try await read { reader in try await reader.readBytes() }
    }

    /// Sends the exact bytes of one request, and returns those of the response, interim ones
    /// included.
    ///
    /// - Throws: ``TestError``, of the kind `malformedResponse` also where bytes follow the
    ///   response; or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func exchange(_ request: [UInt8]) async throws -> [UInt8] {
        send(request)
        return try await read { reader in
            var response: [UInt8] = []
            var end = ResponseReader(answersHead: request.starts(with: "HEAD ".utf8))
            while true {
                if let count = try end.findEnd(of: response) {
                    guard count == response.count else {
                        throw TestError(
                            .malformedResponse,
                            "There are \(response.count - count) bytes after a whole response.")
                    }
                    return response
                }
                guard let more = try await reader.readBytes() else {
                    guard end.endsWithConnection(response) else {
                        throw TestError(
                            .connectionClosed,
                            "The connection was closed after \(response.count) bytes of a response."
                        )
                    }
                    return response
                }
                response += more
            }
        }
    }
}

extension TestConnection {
    private static let isClosed = TestError(
        .connectionClosed, "The test has closed the connection.")

    /// Whether it can be asked again: nothing has come that was not asked for, nor an end.
    var isQuiet: Bool {
        state.withLock { state in
            state.reader.map { $0.isQuiet && $0.staysOpen && !state.isClosed } ?? false
        }
    }

    /// All bytes that have come, while nobody reads.
    var receivedCount: Int { state.withLock { $0.reader?.receivedCount ?? 0 } }

    /// What only one task at a time may do.
    ///
    /// - Throws: ``TestError`` of the kind `inUse`, and what `body` throws.
    nonisolated(nonsending) func read<Result>(
        _ body: nonisolated(nonsending) (inout MessageReader) async throws -> Result
    ) async throws -> Result {
        var taken = try state.withLock { state throws(TestError) in
            if state.isClosed { throw Self.isClosed }
            guard let reader = state.reader.take() else {
                throw TestError(.inUse, "Another task reads from this connection.")
            }
            return reader
        }
        defer { state.withLock { [taken] state in state.reader = taken } }
        return try await body(&taken)
    }
}
