// SPDX-License-Identifier: MIT

internal import Vanilla

extension TestClient {
    /// Opens a WebSocket, with the cookies of this client.
    ///
    /// - Parameters:
    ///   - target: The path, and the query where there is one, percent-encoded.
    ///   - subprotocols: Those that the client speaks.
    ///   - headers: More header fields, such as Origin.
    /// - Throws: ``TestError`` of the kind `unexpectedContent` where the request was refused, with
    ///   the status in the message; others, or `CancellationError`.
    nonisolated(nonsending) public func webSocket(
        _ target: String, subprotocols: [String] = [], headers: TestHeaders = [:]
    ) async throws -> TestWebSocket {
        var headers = headers
        for (name, value) in [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] where headers[name] == nil {
            headers.add(name, value)
        }
        if !subprotocols.isEmpty {
            headers.add("Sec-WebSocket-Protocol", subprotocols.joined(separator: ", "))
        }
        let request = RequestWriter(method: .get, target: target, headers: headers, body: nil)
        let connection = connect()
        connection.send(try bytes(of: request))
        let (head, rest) = try await Self.readHead(of: connection)
        let fields = TestHeaders(head.fields)
        cookies.take(fields, path: request.path)
        guard head.status == 101, fields["Sec-WebSocket-Accept"] != nil else {
            throw TestError(
                .unexpectedContent,
                "GET \(target) was answered \(head.status), which opens no WebSocket.")
        }
        return TestWebSocket(connection, fields, rest)
    }

    /// The head of an answer, and what came after it.
    private nonisolated(nonsending) static func readHead(
        of connection: TestConnection
    ) async throws -> (ResponseHead, [UInt8]) {
        var bytes: [UInt8] = []
        while true {
            if let head = try ResponseHead(bytes, from: 0) {
                return (head, Array(bytes[head.end...]))
            }
            guard let more = try await connection.readBytes() else {
                throw TestError(
                    .connectionClosed,
                    "The connection was closed after \(bytes.count) bytes of a response.")
            }
            bytes += more
        }
    }
}
