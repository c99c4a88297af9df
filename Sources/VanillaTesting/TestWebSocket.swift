// SPDX-License-Identifier: MIT

public import Vanilla

/// A WebSocket of a test: what a browser has of one.
///
/// ```swift
/// let socket = try await client.webSocket("/chat")
/// socket.send("Hello")
/// #expect(try await socket.receive() == .text("Hello"))
/// try await socket.close()
/// ```
///
/// Pings are answered while somebody receives. One task at a time receives; any may send. The
/// connection is closed when the socket is released.
public final class TestWebSocket: Sendable {
    /// The header fields of the answer that opened it.
    public let headers: TestHeaders

    private let connection: TestConnection
    private let state: Lock<State>

    private struct State {
        var reader: TestFrameReader
        var closeCode: WebSocket.CloseCode?
        var closeReason = ""
        var hasClosed = false
    }

    init(_ connection: TestConnection, _ headers: TestHeaders, _ rest: [UInt8]) {
        self.connection = connection
        self.headers = headers
        state = Lock(State(reader: TestFrameReader(rest)))
    }

    /// The subprotocol that the server chose; `nil` where it chose none.
    public var subprotocol: String? { headers["Sec-WebSocket-Protocol"] }

    /// The code of the server's close; `nil` while there was none.
    public var closeCode: WebSocket.CloseCode? { state.withLock { $0.closeCode } }

    /// The reason in the server's close.
    public var closeReason: String { state.withLock { $0.closeReason } }

    /// Sends text.
    public func send(_ text: String) {
        sendFrame(0x81, Array(text.utf8))
    }

    /// Sends bytes.
    public func send(_ bytes: [UInt8]) {
        sendFrame(0x82, bytes)
    }

    /// Sends a ping with at most 125 bytes.
    public func ping(_ bytes: [UInt8] = []) {
        sendFrame(0x89, bytes)
    }

    /// Sends one frame, masked, as its first byte says, however wrong that is.
    public func sendFrame(_ first: UInt8, _ payload: [UInt8]) {
        connection.send(TestFrameReader.frame(first, payload))
    }

    /// Sends bytes as they are.
    public func sendRaw(_ bytes: [UInt8]) {
        connection.send(bytes)
    }

    /// The next message; `nil` when the server has closed, with the code in ``closeCode``.
    ///
    /// - Throws: ``TestError`` of the kind `connectionClosed` where the connection ended without a
    ///   close, `malformedResponse` for what is no frame of a server; others, or
    ///   `CancellationError`.
    nonisolated(nonsending) public func receive() async throws -> WebSocket.Message? {
        while true {
            guard
                let frame = try state.withLock({ state throws(TestError) in
                    try state.reader.next()
                })
            else {
                guard let more = try await connection.readBytes() else {
                    if closeCode != nil { return nil }
                    throw TestError(
                        .connectionClosed, "The connection ended without a Close frame.")
                }
                state.withLock { $0.reader.append(more) }
                continue
            }
            switch frame {
            case .message(let message): return message
            case .ping(let bytes): sendFrame(0x8A, bytes)
            case .pong: break
            case .close(let code, let reason):
                let answers = state.withLock { state in
                    state.closeCode = code
                    state.closeReason = reason
                    defer { state.hasClosed = true }
                    return !state.hasClosed
                }
                if answers { sendClose(code) }
                connection.finish()
                return nil
            }
        }
    }

    /// Closes the socket, and waits for the server's close. Messages that come meanwhile are
    /// dropped.
    ///
    /// - Throws: As ``receive()``.
    nonisolated(nonsending) public func close(
        _ code: WebSocket.CloseCode = .normal, reason: String = ""
    ) async throws {
        state.withLock { $0.hasClosed = true }
        sendClose(code, reason)
        while try await receive() != nil {}
    }

    /// Leaves without a word, as a client whose network fails.
    public func cut() {
        connection.close()
    }

    /// Sends nothing more, and still reads.
    public func finish() {
        connection.finish()
    }

    private func sendClose(_ code: WebSocket.CloseCode, _ reason: String = "") {
        let number = code == .noCode ? [] : [UInt8(code.code >> 8), UInt8(code.code & 0xFF)]
        sendFrame(0x88, number + Array(reason.utf8))
    }
}

extension TestWebSocket: AsyncSequence, AsyncIteratorProtocol {
    /// A message.
    public typealias Element = WebSocket.Message

    /// As ``receive()``.
    nonisolated(nonsending) public func next() async throws -> WebSocket.Message? {
        try await receive()
    }

    /// Itself: there is one place up to which it was read.
    public func makeAsyncIterator() -> TestWebSocket { self }
}
