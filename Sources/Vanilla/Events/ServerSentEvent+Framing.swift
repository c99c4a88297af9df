// SPDX-License-Identifier: MIT

extension ServerSentEvent {
    /// The event as it is sent, in UTF-8, with the blank line at its end.
    ///
    /// - Throws: ``EventError`` of the kind `invalidEvent` where `event` holds CR, LF or NUL, where
    ///   `id` is none that a client can send as Last-Event-ID, since it has more than 255 bytes,
    ///   a control byte other than HTAB, or a space or HTAB at an end (RFC 9110, section 5.5), or
    ///   where `retry` is less than zero.
    public func serialized() throws(EventError) -> [UInt8] {
        var bytes = try lines(includingID: true)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// The event's lines, each with its LF, without the blank line that ends it.
    func lines(includingID: Bool) throws(EventError) -> [UInt8] {
        try checkType(event)
        try checkID(id)
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

private func checkType(_ type: String?) throws(EventError) {
    if let type, type.hasLineEnd || type.hasByte(0) {
        throw EventError(.invalidEvent, "An event's type holds CR, LF or NUL.")
    }
}

/// A client that comes back sends it as Last-Event-ID; where no field can hold it, each of its
/// attempts would be refused.
private func checkID(_ id: String?) throws(EventError) {
    guard let id, !id.isEmpty else { return }
    let bytes = id.utf8
    guard bytes.count <= idMax else {
        throw EventError(.invalidEvent, "An event's id has more than \(idMax) bytes.")
    }
    guard !bytes.contains(where: \.isControl), !bytes.first!.isSpace, !bytes.last!.isSpace else {
        throw EventError(
            .invalidEvent, "An event's id holds a control byte, or begins or ends with a space.")
    }
}

/// As many bytes as an event hub takes.
private let idMax = 255

extension UInt8 {
    fileprivate var isControl: Bool { (self < 0x20 && !isSpace) || self == 0x7F }
    fileprivate var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
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
