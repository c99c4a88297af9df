// SPDX-License-Identifier: MIT

/// The head of a response, and what it says about the end of its body (RFC 9112, section 6.3).
struct ResponseHead: Sendable {
    private(set) var status = 0
    /// The lines after the first, in order.
    private(set) var fields: [(name: String, value: String)] = []
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    /// Whether the connection ends with this response.
    private(set) var closes = false
    /// The first byte after the head.
    private(set) var end = 0

    var isInterim: Bool { 100...199 ~= status && status != 101 }
    var hasNoBody: Bool { status == 204 || status == 304 || status == 101 }

    /// The head that begins at `start`; `nil` while it is not whole.
    ///
    /// - Throws: ``TestError`` of the kind `malformedResponse`.
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
        closes = words[0] == "HTTP/1.0"
    }

    private mutating func readField(_ line: String) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        let value = String(parts[1].trimmed)
        fields.append((String(parts[0]), value))
        switch parts[0].lowercased() {
        case "content-length": contentLength = Int(value)
        case "transfer-encoding": isChunked = value.lowercased().hasSuffix("chunked")
        case "connection":
            if value.lowercased().contains("close") { closes = true }
        default: break
        }
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    var trimmed: Substring {
        var rest = drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }
}

/// The position of the CR of the first CRLF at or after `start`.
func findLineEnd(in bytes: [UInt8], from start: Int) -> Int? {
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
func findEndOfLines(in bytes: [UInt8], from start: Int) -> Int? {
    var at = start
    while let lineEnd = findLineEnd(in: bytes, from: at) {
        if lineEnd == at { return lineEnd + 2 }
        at = lineEnd + 2
    }
    return nil
}
