// SPDX-License-Identifier: MIT

/// Finds where one whole response ends among the bytes that a test has received (RFC 9112, section
/// 6.3).
struct ResponseReader {
    /// Whether the request was HEAD, whose answer has no body whatever its fields say.
    let answersHead: Bool

    /// The start of the response that is not known to be interim.
    private var start = 0
    /// How far a chunked body was followed: the start of a chunk's line.
    private var chunk: Int?

    init(answersHead: Bool) {
        self.answersHead = answersHead
    }

    /// The number of bytes up to the end of the final response; `nil` while it is not there.
    ///
    /// - Throws: ``TestError`` of the kind `malformedResponse`.
    mutating func findEnd(of bytes: [UInt8]) throws(TestError) -> Int? {
        while let head = try ResponseHead(bytes, from: start) {
            if head.isInterim {
                start = head.end
                continue
            }
            if answersHead || head.hasNoBody { return head.end }
            if head.isChunked { return try findLastChunk(of: bytes, from: head.end) }
            guard let length = head.contentLength else { return nil }
            let (end, overflow) = head.end.addingReportingOverflow(length)
            return !overflow && end <= bytes.count ? end : nil
        }
        return nil
    }

    /// Whether the end of the connection is the end of the response, which says neither a length
    /// nor chunks.
    func endsWithConnection(_ bytes: [UInt8]) -> Bool {
        guard let head = try? ResponseHead(bytes, from: start) else { return false }
        return !head.isInterim && !head.isChunked && head.contentLength == nil
    }

    /// Follows chunk after chunk, from where it came to last time.
    private mutating func findLastChunk(of bytes: [UInt8], from bodyStart: Int) throws(TestError)
        -> Int?
    {
        var at = chunk ?? bodyStart
        while let lineEnd = findLineEnd(in: bytes, from: at) {
            let digits = bytes[at..<lineEnd].prefix { byte in byte != UInt8(ascii: ";") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else {
                throw TestError(.malformedResponse, "A chunk of the response has no size.")
            }
            if size == 0 { return findEndOfLines(in: bytes, from: lineEnd + 2) }
            let (next, overflow) = (lineEnd + 4).addingReportingOverflow(size)
            guard !overflow, next <= bytes.count else { return nil }
            at = next
            chunk = next
        }
        return nil
    }
}
