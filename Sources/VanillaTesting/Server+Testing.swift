// SPDX-License-Identifier: MIT

public import Vanilla

extension Server {
    /// Runs the server on a free port of the loopback interface, sends the requests one after the
    /// other over one connection, and stops the server. The server itself need not run, and may.
    ///
    /// ```swift
    /// let answers = try server.test([Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
    /// ```
    ///
    /// It blocks the calling thread until the last answer is complete.
    ///
    /// - Parameters:
    ///   - requests: The exact bytes of one request each.
    ///   - deadline: The time for all requests together.
    /// - Returns: The exact bytes of the answer to each, interim responses (1xx) included.
    /// - Throws: What `start()` throws when the server cannot start; a ``TestError`` when the
    ///   deadline passes, or the server closes the connection before the last answer is complete.
    ///   The server is down then, too.
    public func test(
        _ requests: [[UInt8]], deadline: Duration = .seconds(10)
    ) throws -> [[UInt8]] {
        let server = try Server(like: self, at: Listener(.host("127.0.0.1", port: 0)))
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }

        let client = try BlockingClient(port: server.port, deadline: deadline)
        var responses: [[UInt8]] = []
        for request in requests {
            responses.append(try client.exchange(request))
        }
        return responses
    }
}
