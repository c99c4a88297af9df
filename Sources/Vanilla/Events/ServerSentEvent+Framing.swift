// SPDX-License-Identifier: MIT

extension ServerSentEvent {
    /// The event as it is sent, in UTF-8, with the blank line at its end.
    ///
    /// - Throws: ``EventError`` of the kind `invalidEvent` where `event` or `id` holds CR, LF or
    ///   NUL, or `retry` is less than zero.
    public func serialized() throws(EventError) -> [UInt8] {
        var bytes = try lines(includingID: true)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// The event's lines, each with its LF, without the blank line that ends it.
    func lines(includingID: Bool) throws(EventError) -> [UInt8] {
        try checkLine(event, "type")
        try checkLine(id, "id")
        var bytes: [UInt8] = []
        bytes.reserveCapacity((data?.utf8.count ?? 0) + 64)
        if let comment { bytes.appendLines(comment, of: ":") }
        if let event, !event.isEmpty { bytes.appendLines(event, of: "event:") }
        if let id, includingID { bytes.appendLines(id, of: "id:") }
        if let retry {
            guard retry >= .zero else {
                throw EventError(.invalidEvent, "An event's retry is less than zero.")
            }
            bytes.appendLines("\(retry.boundedMilliseconds)", of: "retry:")
        }
        if let data { bytes.appendLines(data, of: "data:") }
        return bytes
    }
}

private func checkLine(_ text: String?, _ part: StaticString) throws(EventError) {
    if let text, text.hasLineEnd || text.hasByte(0) {
        throw EventError(.invalidEvent, "An event's \(part) holds CR, LF or NUL.")
    }
}

extension String {
    fileprivate var hasLineEnd: Bool {
        hasByte(UInt8(ascii: "\n")) || hasByte(UInt8(ascii: "\r"))
    }

    fileprivate func hasByte(_ byte: UInt8) -> Bool {
        withBytes { bytes in bytes.firstIndex(of: byte) != nil }
    }
}

extension [UInt8] {
    /// Appends each line of `text`, however it ends, as a line of the field. The space after the
    /// colon is the one that a client removes, so that those of the text stay.
    fileprivate mutating func appendLines(_ text: String, of field: StaticString) {
        begin(field)
        if !text.hasLineEnd {
            append(contentsOf: text.utf8)
            append(UInt8(ascii: "\n"))
            return
        }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                append(UInt8(ascii: "\n"))
                begin(field)
            default: append(byte)
            }
            previous = byte
        }
        append(UInt8(ascii: "\n"))
    }

    private mutating func begin(_ field: StaticString) {
        let name = field.bytes.span
        for index in name.indices { append(name[index]) }
        append(UInt8(ascii: " "))
    }
}
