// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Begins an answer whose body is written piece by piece by an asynchronous handler.
    ///
    /// ```swift
    /// routes.get("/export") { request, response in
    ///     try response.begin(contentType: "text/csv")
    ///     for try await row in rows(for: request) {
    ///         try await response.write(row)
    ///     }
    /// }
    /// ```
    ///
    /// The head leaves now, and so nothing can be changed in it afterwards. The body is complete
    /// when the handler returns, or at ``finish()``. Where the handler throws, the connection is
    /// cut, so that the client sees an incomplete body. The handler is cancelled when its client is
    /// gone; `deadlines.handler` counts no longer.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - contentType: What the body is.
    ///   - length: The body's length; without one it is chunked, and to HTTP/1.0 ends where the
    ///     connection does.
    /// - Throws: ``ResponseError`` of the kind `alreadyAnswered`, `invalidContent` for a content
    ///   type that is none or a negative length, `notOnWorker`, `notAsynchronous` or `outOfMemory`.
    public mutating func begin(
        status: Status? = nil, contentType: ContentType = .bytes, length: Int? = nil
    ) throws(ResponseError) {
        let call = unsafe try asynchronous()
        if let length, length < 0 {
            throw ResponseError(.invalidContent, "A body cannot have \(length) bytes.")
        }
        begin(status)
        let result = unsafe contentType.bytes.withCSpan { contentType in
            unsafe vn_detached_begin_body(call, contentType, Int64(length ?? -1))
        }
        if result != 0 && result != -SystemError.cancelled {
            throw ResponseError(beginningBody: result)
        }
    }

    /// Writes the next part of the body that was begun: a text that is written in the program.
    ///
    /// It returns at once while the client takes what was written, and otherwise, beyond 32 KiB,
    /// once it has. What is written in one go, without a wait between, leaves together.
    ///
    /// - Throws: `CancellationError` where nobody wants the body: the client is gone, or takes it
    ///   too slowly; the server stops; the request is HEAD, whose answer is its head; the task is
    ///   cancelled. ``ResponseError`` of the kind `lengthExceeded` past the declared length,
    ///   `notBegun` without ``begin(status:contentType:length:)`` or after the end, `notOnWorker`,
    ///   `notAsynchronous` or `outOfMemory`.
    nonisolated(nonsending) public mutating func write(_ text: StaticString) async throws {
        try await write(text.bytes)
    }

    /// Writes a text, in UTF-8. It waits and throws as for a `StaticString`.
    @_disfavoredOverload
    nonisolated(nonsending) public mutating func write<Text: StringProtocol>(
        _ text: Text
    ) async throws {
        if text.utf8.count > ResponseWriter.maximumPartCount {
            return try await write(Array(text.utf8))
        }
        if try check(writing: text.withBytes { bytes in append(bytes) }) {
            try await waitForRoom()
        }
    }

    /// Writes bytes. It waits and throws as for a `StaticString`.
    nonisolated(nonsending) public mutating func write(_ bytes: [UInt8]) async throws {
        try await write(Bytes(bytes.span))
    }

    /// Writes bytes, which are copied. It waits and throws as for a `StaticString`.
    nonisolated(nonsending) public mutating func write(_ bytes: Bytes) async throws {
        var start = 0
        repeat {
            let part = bytes.dropFirst(start).prefix(ResponseWriter.maximumPartCount)
            if try check(writing: append(part)) { try await waitForRoom() }
            start += part.count
        } while start < bytes.count
    }

    /// Writes shared bytes, or the part of them in `range`, which are not copied. It waits and
    /// throws as for a `StaticString`, and `lengthExceeded` also where `range` does not lie within
    /// the bytes.
    nonisolated(nonsending) public mutating func write(
        _ bytes: SharedBytes, in range: Range<Int>? = nil
    ) async throws {
        let range = range ?? 0..<bytes.count
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw ResponseError(
                .lengthExceeded, "The range \(range) is not within \(bytes.count) shared bytes.")
        }
        if try check(writing: append(bytes, range)) { try await waitForRoom() }
    }

    /// Ends the body that was begun, before the handler returns. What it does afterwards is not
    /// seen by the client. More than once is the same as once.
    ///
    /// - Throws: ``ResponseError`` of the kind `incomplete` where less was written than was
    ///   declared, and the connection is cut; `notBegun`, `notOnWorker`, `notAsynchronous` or
    ///   `outOfMemory`.
    public mutating func finish() throws(ResponseError) {
        let result = unsafe vn_detached_finish_body(try asynchronous())
        // Where nobody wants the body, it does not matter.
        if result != 0 && result != -SystemError.cancelled {
            throw ResponseError(finishingBody: result)
        }
    }
}

extension ResponseWriter {
    /// The bytes that are copied at a time.
    private static var maximumPartCount: Int { 64 * 1024 }

    private func asynchronous() throws(ResponseError) -> OpaquePointer {
        guard let call = unsafe vn_response_detached(pointer) else {
            throw ResponseError(
                .notAsynchronous, "Only an asynchronous handler writes a body part by part.")
        }
        return unsafe call
    }

    /// C's result; 1 where the handler is to wait.
    private func append(_ bytes: Bytes) -> Int32 {
        guard let call = unsafe vn_response_detached(pointer) else {
            return -SystemError.notSupported
        }
        return unsafe bytes.withCSpan { bytes in unsafe vn_detached_write(call, bytes) }
    }

    private func append(_ bytes: SharedBytes, _ range: Range<Int>) -> Int32 {
        guard let call = unsafe vn_response_detached(pointer) else {
            return -SystemError.notSupported
        }
        let part = bytes.bytes.dropFirst(range.lowerBound).prefix(range.count)
        return unsafe part.withCSpan { part in
            unsafe vn_detached_write_shared(
                call, part, SharedBytes.release, bytes.retainedContext())
        }
    }

    /// Whether the handler is to wait.
    private func check(writing result: @autoclosure () -> Int32) throws -> Bool {
        if Task.isCancelled { throw CancellationError() }
        let result = result()
        if result == -SystemError.cancelled { throw CancellationError() }
        if result < 0 { throw ResponseError(writingPart: result) }
        return result == 1
    }

    nonisolated(nonsending) private func waitForRoom() async throws {
        try await unsafe AsyncBodies.of(vn_response_detached(pointer))?.waitForRoom()
    }
}
