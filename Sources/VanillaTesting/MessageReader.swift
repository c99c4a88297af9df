// SPDX-License-Identifier: MIT

internal import Vanilla

/// Reads responses from a connection, piece by piece.
struct MessageReader: Sendable {
    private let buffer: ReceiveBuffer
    private let link: any Link
    /// What has come and is not used yet, from `at` on.
    private var bytes: [UInt8] = []
    private var at = 0
    private var framing = Framing.nothing
    /// All bytes that have come.
    private(set) var receivedCount = 0
    /// Whether another response may come after this one.
    private(set) var staysOpen = true

    /// What is left of a body.
    private enum Framing {
        case nothing
        case bytes(Int)
        /// The line of a chunk comes next.
        case chunkLine
        /// So many bytes of a chunk are left.
        case chunk(Int)
        /// The CRLF after a chunk.
        case chunkEnd
        case untilEnd
    }

    /// A head, or what ends a chunked body.
    private static let headMaximum = 1 << 20

    init(_ buffer: ReceiveBuffer, _ link: any Link) {
        self.buffer = buffer
        self.link = link
    }

    /// Whether nothing has come that was not asked for, nor the end.
    var isQuiet: Bool { at == bytes.count && buffer.isQuiet }

    /// The head of the next final response, whose body comes next.
    ///
    /// - Throws: ``TestError``, or `CancellationError`.
    nonisolated(nonsending) mutating func readHead(
        answersHead: Bool
    ) async throws -> (status: Status, headers: TestHeaders) {
        while true {
            if let head = try ResponseHead(bytes, from: at) {
                at = head.end
                if head.isInterim { continue }
                return try begin(head, answersHead: answersHead)
            }
            guard bytes.count - at <= Self.headMaximum else {
                throw TestError(
                    .malformedResponse, "The head of a response is larger than a megabyte.")
            }
            let count = bytes.count - at
            guard try await readMore() else {
                throw TestError(
                    .connectionClosed,
                    "The connection was closed after \(count) bytes of a response.")
            }
        }
    }

    private mutating func begin(
        _ head: ResponseHead, answersHead: Bool
    ) throws(TestError) -> (status: Status, headers: TestHeaders) {
        guard let status = Status(code: head.status) else {
            throw TestError(
                .malformedResponse, "The status is \(head.status), which no response ends with.")
        }
        staysOpen = !head.closes
        framing =
            if answersHead || head.hasNoBody {
                .nothing
            } else if head.isChunked {
                .chunkLine
            } else if let length = head.contentLength {
                length == 0 ? .nothing : .bytes(length)
            } else {
                .untilEnd
            }
        if case .untilEnd = framing { staysOpen = false }
        return (status, TestHeaders(head.fields))
    }

    /// What has come of the body, as soon as there is any; `nil` at its end.
    ///
    /// - Throws: ``TestError``, or `CancellationError`.
    nonisolated(nonsending) mutating func readPiece() async throws -> [UInt8]? {
        while true {
            if let piece = try takePiece() { return piece }
            if case .nothing = framing { return nil }
            if try await readMore() { continue }
            if case .untilEnd = framing {
                framing = .nothing
                return nil
            }
            throw TestError(
                .connectionClosed, "The connection was closed in the body of a response.")
        }
    }

    /// A piece of what is there; `nil` where there is none.
    private mutating func takePiece() throws(TestError) -> [UInt8]? {
        while at < bytes.count {
            switch framing {
            case .nothing: return nil
            case .untilEnd: return take(bytes.count - at)
            case .bytes(let left):
                let piece = take(left)
                framing = piece.count == left ? .nothing : .bytes(left - piece.count)
                return piece
            case .chunk(let left):
                let piece = take(left)
                framing = piece.count == left ? .chunkEnd : .chunk(left - piece.count)
                return piece
            case .chunkEnd:
                guard bytes.count - at >= 2 else { return nil }
                guard bytes[at...].starts(with: "\r\n".utf8) else {
                    throw TestError(
                        .malformedResponse, "A chunk of the response is longer than it says.")
                }
                at += 2
                framing = .chunkLine
            case .chunkLine:
                guard try takeChunkLine() else { return nil }
            }
        }
        return nil
    }

    /// At most `count` bytes.
    private mutating func take(_ count: Int) -> [UInt8] {
        let end = count < bytes.count - at ? at + count : bytes.count
        defer { at = end }
        return Array(bytes[at..<end])
    }

    /// False where it is not whole.
    private mutating func takeChunkLine() throws(TestError) -> Bool {
        guard let lineEnd = findLineEnd(in: bytes, from: at) else {
            guard bytes.count - at <= Self.headMaximum else {
                throw TestError(
                    .malformedResponse, "The line of a chunk is larger than a megabyte.")
            }
            return false
        }
        let digits = bytes[at..<lineEnd].prefix { $0 != UInt8(ascii: ";") }
        guard
            let size = Int(String(Substring(decoding: digits, as: UTF8.self).trimmed), radix: 16),
            size >= 0
        else {
            throw TestError(.malformedResponse, "A chunk of the response has no size.")
        }
        if size > 0 {
            at = lineEnd + 2
            framing = .chunk(size)
            return true
        }
        guard let end = findEndOfLines(in: bytes, from: lineEnd + 2) else {
            guard bytes.count - at <= Self.headMaximum else {
                throw TestError(
                    .malformedResponse, "The trailer of a response is larger than a megabyte.")
            }
            return false
        }
        at = end
        framing = .nothing
        return true
    }

    /// False at the end.
    private nonisolated(nonsending) mutating func readMore() async throws -> Bool {
        if at > 0 {
            bytes.removeSubrange(..<at)
            at = 0
        }
        guard let more = try await buffer.read() else { return false }
        link.take(more.count)
        receivedCount += more.count
        if bytes.isEmpty { bytes = more } else { bytes += more }
        return true
    }

    /// What is there, or comes next, as it is; `nil` at the end.
    nonisolated(nonsending) mutating func readBytes() async throws -> [UInt8]? {
        if at == bytes.count, try await !readMore() { return nil }
        return take(bytes.count - at)
    }

    /// The rest of the body.
    ///
    /// - Throws: ``TestError`` of the kind `malformedResponse` where it is larger than `maximum`,
    ///   or as ``readPiece()``.
    nonisolated(nonsending) mutating func readBody(upTo maximum: Int) async throws -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try await readPiece() {
            if body.isEmpty { body = piece } else { body += piece }
            guard body.count <= maximum else {
                throw TestError(
                    .malformedResponse, "The body is larger than \(maximum) bytes: stream it.")
            }
        }
        return body
    }
}
