// SPDX-License-Identifier: MIT

public import Vanilla

/// An answer whose body is read as it comes.
///
/// ```swift
/// let answer = try await client.stream("/export")
/// #expect(answer.status == .ok)
/// for try await piece in answer { ... }
/// ```
///
/// It is a sequence of pieces, which are as the connection delivers them: pieces of the handler may
/// come joined, or torn. One task at a time reads; a second loop goes on where the first one left.
/// The server has to wait while nobody reads, beyond 256 KiB. The connection is its own, and closed
/// when the stream is released.
public final class TestStream: Sendable {
    /// The status.
    public let status: Status
    /// The header fields.
    public let headers: TestHeaders

    private let connection: TestConnection

    init(_ status: Status, _ headers: TestHeaders, on connection: TestConnection) {
        self.status = status
        self.headers = headers
        self.connection = connection
    }

    /// The next piece, at least a byte; `nil` at the end.
    ///
    /// - Throws: ``TestError``, or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func next() async throws -> [UInt8]? {
        try await connection.read { reader in try await reader.readPiece() }
    }

    /// The rest of the body.
    ///
    /// - Parameter maximum: The bytes that it may have.
    /// - Throws: ``TestError``, or `CancellationError` where the task was cancelled.
    nonisolated(nonsending) public func collect(
        upTo maximum: Int = TestResponse.defaultMaximumBodyCount
    ) async throws -> [UInt8] {
        try await connection.read { reader in try await reader.readBody(upTo: maximum) }
    }

    /// Leaves before the end, as a client that is closed does. The next read throws.
    public func close() {
        connection.close()
    }
}

extension TestStream: AsyncSequence, AsyncIteratorProtocol {
    /// A piece of the body.
    public typealias Element = [UInt8]

    /// Itself: there is one place up to which it was read.
    public func makeAsyncIterator() -> TestStream { self }
}
