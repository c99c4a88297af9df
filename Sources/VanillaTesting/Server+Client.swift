// SPDX-License-Identifier: MIT

public import Vanilla

extension Server {
    /// Runs the server for a test, with a client of it.
    ///
    /// ```swift
    /// @Test func createsANote() async throws {
    ///     try await server.test { client in
    ///         let answer = try await client.post("/notes", body: "buy milk")
    ///         #expect(answer.status == .created)
    ///     }
    /// }
    /// ```
    ///
    /// It is a server like this one, with its handlers and its configuration, which has threads of
    /// its own: no thread of Swift's is held up, and any number of tests run side by side. When
    /// `body` has ended, connections that are left are cut, and the server is down before this
    /// returns.
    ///
    /// - Parameters:
    ///   - mode: How the client reaches the server. In process is the default.
    ///   - deadline: The time for the whole test. What waits for the server when it is over throws
    ///     a ``TestError`` of the kind `deadlineExceeded`; what waits for something else does not.
    ///   - keepsCookies: Whether the client keeps cookies, and sends them.
    ///   - body: The test. It runs where the caller does.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; what `start()` throws when the server cannot start;
    ///   ``TestError`` of the kind `deadlineExceeded` where it does not stop, since a handler
    ///   blocks its worker.
    nonisolated(nonsending) public func test<Value>(
        _ mode: TestMode = .inProcess, deadline: Duration = .seconds(30),
        keepsCookies: Bool = true,
        _ body: nonisolated(nonsending) (TestClient) async throws -> Value
    ) async throws -> Value {
        let session = try await Session.open(self, mode, deadline: deadline)
        let value: Value
        do {
            value = try await body(TestClient(session, keepsCookies: keepsCookies))
        } catch {
            // It says more than how the server has stopped.
            try? await session.close()
            throw error
        }
        try await session.close()
        return value
    }

    /// The `test` that blocks, for tasks: it sends the exact bytes of requests one after the other
    /// over one connection of a socket, and holds up no thread of Swift's.
    ///
    /// - Parameters:
    ///   - requests: The exact bytes of one request each.
    ///   - deadline: The time for all requests together.
    /// - Returns: The exact bytes of the answer to each, interim responses (1xx) included.
    /// - Throws: What `start()` throws when the server cannot start; a ``TestError`` when the
    ///   deadline passes, or the server closes the connection before the last answer is complete;
    ///   `CancellationError` where the task was cancelled. The server is down then, too.
    nonisolated(nonsending) public func test(
        _ requests: [[UInt8]], deadline: Duration = .seconds(10)
    ) async throws -> [[UInt8]] {
        try await test(.socket, deadline: deadline) { client in
            let connection = client.connect()
            var responses: [[UInt8]] = []
            for request in requests { responses.append(try await connection.exchange(request)) }
            return responses
        }
    }

    /// The `handle` that blocks, for tasks: it runs on a thread of its own, and holds up none of
    /// Swift's.
    ///
    /// - Parameter request: One request, several in a row, or broken ones.
    /// - Returns: The exact bytes of the answers.
    nonisolated(nonsending) public func handle(_ request: [UInt8]) async -> [UInt8] {
        let answer = Promise<[UInt8]>()
        do {
            try onAThreadOfItsOwn { answer.keep(.success(self.handle(request))) }
            return try await answer.value()
        } catch {
            // No thread is left: it has to be this one.
            return handleHere(request)
        }
    }
    /// Not asynchronous, for the compiler not to take the twin.
    private func handleHere(_ request: [UInt8]) -> [UInt8] { handle(request) }
}
