// SPDX-License-Identifier: MIT

public import Vanilla

/// A client of the server that a test runs: `server.test { client in ... }`.
///
/// ```swift
/// let answer = try await client.post("/notes", body: "buy milk")
/// #expect(answer.status == .created)
/// #expect(answer.headers["Location"] == "/notes/1")
/// ```
///
/// It has cookies of its own, and as many connections as it has requests under way at the same
/// time, which stay open for the next ones. It may be used by any number of tasks. Redirections are
/// answers, and not followed.
///
/// What it throws is a ``TestError``, or `CancellationError` where the task was cancelled. Any
/// status is an answer, and no error.
public final class TestClient: Sendable {
    /// The cookies that it got and sends.
    public let cookies: TestCookies

    private let session: Session
    private let idle = Lock([TestConnection]())

    init(_ session: Session, keepsCookies: Bool) {
        self.session = session
        cookies = TestCookies(isOn: keepsCookies)
    }

    /// Another client of the same server, such as that of another user: with cookies and
    /// connections of its own.
    public func another(keepsCookies: Bool = true) -> TestClient {
        TestClient(session, keepsCookies: keepsCookies)
    }

    /// Sends a request, and returns the whole answer.
    ///
    /// `Host`, `Cookie`, `Content-Length` and `Content-Type` are added where `headers` do not have
    /// them.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The path, and the query where there is one, percent-encoded.
    ///   - headers: The header fields.
    ///   - body: The body.
    /// - Throws: ``TestError``, or `CancellationError`.
    @discardableResult
    nonisolated(nonsending) public func send(
        _ method: Method, _ target: String, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestResponse {
        let request = RequestWriter(method: method, target: target, headers: headers, body: body)
        let bytes = try request.bytes(
            host: session.network.host, cookies: cookies.field(for: request.path))
        if let connection = takeIdle() {
            let count = connection.receivedCount
            do {
                return try await exchange(request, bytes, on: connection)
            } catch let error as TestError
                where error.kind == .connectionClosed && request.isIdempotent
                && connection.receivedCount == count
            {
                // The server has closed it in this moment, as it may (RFC 9112, section 9.3.1).
            }
        }
        return try await exchange(request, bytes, on: TestConnection(session))
    }

    /// Sends a request whose answer is read as it comes, on a connection of its own.
    ///
    /// - Parameters: As for ``send(_:_:headers:body:)``.
    /// - Returns: The answer, once its head has come.
    /// - Throws: ``TestError``, or `CancellationError`.
    nonisolated(nonsending) public func stream(
        _ target: String, method: Method = .get, headers: TestHeaders = [:], body: TestBody? = nil
    ) async throws -> TestStream {
        let request = RequestWriter(method: method, target: target, headers: headers, body: body)
        let connection = TestConnection(session)
        connection.send(
            try request.bytes(
                host: session.network.host, cookies: cookies.field(for: request.path)))
        let head = try await connection.read { reader in
            try await reader.readHead(answersHead: method == .head)
        }
        cookies.take(head.headers, path: request.path)
        return TestStream(head.status, head.headers, on: connection)
    }

    /// Subscribes to server-sent events, as a browser's `EventSource` does.
    ///
    /// - Parameters:
    ///   - target: The path, and the query where there is one, percent-encoded.
    ///   - lastEventID: Where a client that reconnects was.
    ///   - headers: More header fields.
    /// - Throws: ``TestError`` of the kind `unexpectedContent` where the answer is no stream of
    ///   events, with its status in the message; others, or `CancellationError`.
    nonisolated(nonsending) public func events(
        _ target: String, lastEventID: String? = nil, headers: TestHeaders = [:]
    ) async throws -> TestEvents {
        var headers = headers
        if headers["Accept"] == nil { headers.add("Accept", "text/event-stream") }
        if let lastEventID { headers["Last-Event-ID"] = lastEventID }
        let stream = try await stream(target, headers: headers)
        let type = stream.headers["Content-Type"] ?? "no Content-Type"
        guard stream.status == .ok, type.lowercased().hasPrefix("text/event-stream") else {
            throw TestError(
                .unexpectedContent,
                "GET \(target) was answered \(stream.status) and \(type), which is no stream of events."
            )
        }
        return TestEvents(stream)
    }

    /// What is sent for a request, with the cookies of this client.
    func bytes(of request: RequestWriter) throws(TestError) -> [UInt8] {
        try request.bytes(
            host: session.network.host, cookies: cookies.field(for: request.path))
    }

    /// A connection for bytes of your own, without cookies.
    public func connect() -> TestConnection {
        TestConnection(session)
    }
}

extension TestClient {
    private func takeIdle() -> TestConnection? {
        idle.withLock { idle in
            while let connection = idle.popLast() {
                if connection.isQuiet { return connection }
            }
            return nil
        }
    }

    private nonisolated(nonsending) func exchange(
        _ request: RequestWriter, _ bytes: [UInt8], on connection: TestConnection
    ) async throws -> TestResponse {
        do {
            connection.send(bytes)
            let response = try await connection.readResponse(answersHead: request.method == .head)
            cookies.take(response.headers, path: request.path)
            if connection.isQuiet {
                idle.withLock { $0.append(connection) }
            } else {
                connection.close()
            }
            return response
        } catch {
            // Also where the task was cancelled: the server learns that nobody waits.
            connection.close()
            throw error
        }
    }
}
