// SPDX-License-Identifier: MIT

extension Server {
    /// Pushes raw bytes through scanner, handler and writer, on the calling thread and without a
    /// socket.
    ///
    /// ```swift
    /// let answer = server.handle(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    /// ```
    ///
    /// - Parameter request: One request, several behind one another, or broken ones.
    /// - Returns: The exact bytes of the answers.
    public func handle(_ request: [UInt8]) -> [UInt8] {
        core.handle(request)
    }

    /// Runs the server on a free port of the loopback interface, sends the requests one after the
    /// other over one connection, and stops the server. The server itself need not run, and may.
    ///
    /// - Parameters:
    ///   - requests: The exact bytes of one request each.
    ///   - deadline: The time for everything.
    /// - Returns: The exact bytes of the answer to each, interim responses (1xx) included.
    /// - Throws: ``ServerError`` when the server cannot start, the deadline passes, or the server
    ///   closes the connection before the last answer is complete. The server is down then, too.
    public func test(
        _ requests: [[UInt8]], deadline: Duration = .seconds(10)
    ) throws(ServerError) -> [[UInt8]] {
        let server = try Server(like: self, at: .host("127.0.0.1", port: 0))
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }

        let client = try TestClient(port: server.port, deadline: deadline)
        var responses: [[UInt8]] = []
        for request in requests {
            responses.append(try client.exchange(request))
        }
        return responses
    }
}
