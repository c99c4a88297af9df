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

/// What the head of a response says about its end.
private struct ResponseHead {
    var status = 0
    var contentLength: Int?
    var isChunked = false
    /// The first byte after the head.
    var end = 0

    var isInterim: Bool { 100...199 ~= status && status != 101 }
    var hasNoBody: Bool { status == 204 || status == 304 || status == 101 }

    /// The head that begins at `start`; `nil` while it is not whole.
    init?(_ bytes: [UInt8], from start: Int) throws(TestError) {
        guard let end = findEndOfLines(in: bytes, from: start) else { return nil }
        self.end = end

        var at = start
        while let lineEnd = findLineEnd(in: bytes, from: at), lineEnd > at {
            let line = String(decoding: bytes[at..<lineEnd], as: UTF8.self)
            if at == start {
                try readStatus(line)
            } else {
                readField(line)
            }
            at = lineEnd + 2
        }
    }

    private mutating func readStatus(_ line: String) throws(TestError) {
        let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].count == 3,
            let status = Int(words[1])
        else {
            throw TestError(.malformedResponse, "The response begins with \"\(line)\".")
        }
        self.status = status
    }

    private mutating func readField(_ line: String) {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return }
        let value = parts[1].drop { $0 == " " || $0 == "\t" }
        switch parts[0].lowercased() {
        case "content-length": contentLength = Int(value)
        case "transfer-encoding": isChunked = value.lowercased().hasSuffix("chunked")
        default: break
        }
    }
}

/// The position of the CR of the first CRLF at or after `start`.
private func findLineEnd(in bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + 1 < bytes.count {
        if bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") {
            return index
        }
        index += 1
    }
    return nil
}

/// The first byte after lines that end with an empty one: a head, or a trailer section.
private func findEndOfLines(in bytes: [UInt8], from start: Int) -> Int? {
    var at = start
    while let lineEnd = findLineEnd(in: bytes, from: at) {
        if lineEnd == at { return lineEnd + 2 }
        at = lineEnd + 2
    }
    return nil
}
