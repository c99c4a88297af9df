// SPDX-License-Identifier: MIT

internal import Vanilla

/// Takes a stream of events apart: the HTML standard, section 9.2.6.
struct EventParser: Sendable {
    private var bytes: [UInt8] = []
    private var at = 0
    private var isAtStart = true
    private var event = ServerSentEvent()

    private static let lineMaximum = 16 << 20

    /// More of the stream.
    ///
    /// - Throws: ``TestError`` where a line is longer than 16 MiB.
    mutating func append(_ piece: [UInt8]) throws(TestError) {
        bytes.removeSubrange(..<at)
        at = 0
        bytes += piece
        guard bytes.count <= Self.lineMaximum else {
            throw TestError(
                .malformedResponse, "A line of the stream of events is longer than 16 MiB.")
        }
    }

    /// What the lines up to the next empty one say; `nil` while that has not come. Without data it
    /// is no event for the reader.
    mutating func takeEvent() -> ServerSentEvent? {
        while let line = takeLine() {
            if line.isEmpty {
                defer { event = ServerSentEvent() }
                return event
            }
            read(line)
        }
        return nil
    }

    /// The next line, which ends with CR LF, LF or CR.
    private mutating func takeLine() -> Substring? {
        guard
            let end = bytes[at...].firstIndex(where: { byte in
                byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            })
        else { return nil }
        var next = end + 1
        if bytes[end] == UInt8(ascii: "\r") {
            // Whether an LF belongs to it is only known once there is more.
            guard next < bytes.count else { return nil }
            if bytes[next] == UInt8(ascii: "\n") { next += 1 }
        }
        var line = Substring(decoding: bytes[at..<end], as: UTF8.self)
        at = next
        if isAtStart, line.unicodeScalars.first == "\u{FEFF}" {
            line = Substring(line.unicodeScalars.dropFirst())
        }
        isAtStart = false
        return line
    }

    private mutating func read(_ line: Substring) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count == 2 ? parts[1] : ""
        if value.first == " " { value.removeFirst() }
        switch parts[0] {
        case "": event.comment = event.comment.map { $0 + "\n" + value } ?? String(value)
        case "data": event.data = event.data.map { $0 + "\n" + value } ?? String(value)
        case "event": event.event = String(value)
        case "id": if !value.utf8.contains(0) { event.id = String(value) }
        case "retry":
            if value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let time = Int64(value) {
                event.retry = .milliseconds(time)
            }
        default: break
        }
    }
}
