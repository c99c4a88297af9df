// SPDX-License-Identifier: MIT

import CLibrary

/// What a client makes of a stream of events, step by step as WHATWG HTML, section 9.2.6, says.
/// Bytes may come in any pieces.
struct EventParser {
    struct Event: Equatable {
        var type = "message"
        var data: String
        var lastID = ""
    }

    private(set) var events: [Event] = []
    private(set) var comments: [String] = []
    /// Milliseconds before it comes back, where the stream says so.
    private(set) var retry: Int?
    /// What the client would send as Last-Event-ID: it is set when an event ends, with or without
    /// data.
    private(set) var lastID = ""

    private var line: [UInt8] = []
    private var isFirstLine = true
    private var endsAtCR = false
    private var data = ""
    private var type = ""
    private var id = ""

    mutating func feed(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        while let end = rest.firstLineEnd {
            let isSecondHalf = endsAtCR && end == rest.startIndex && rest[end] == 0x0A
            line += rest[..<end]
            endsAtCR = rest[end] == 0x0D
            // CRLF is one end of a line.
            if !isSecondHalf { endLine() }
            rest = rest[(end + 1)...]
        }
        line += rest
        if !rest.isEmpty { endsAtCR = false }
    }

    private mutating func endLine() {
        defer {
            line = []
            isFirstLine = false
        }
        // One byte order mark is stripped from the start of the stream.
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        if line.isEmpty { return dispatch() }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            return process(String(decoding: line, as: UTF8.self), "")
        }
        var value = line[(colon + 1)...]
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        process(
            String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    private mutating func process(_ field: String, _ value: String) {
        switch field {
        case "": comments.append(value)
        case "event": type = value
        case "data": data += value + "\n"
        case "id": if !value.utf8.contains(0) { id = value }
        case "retry":
            let isDigits = !value.isEmpty && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
            if isDigits { retry = Int(value) }
        default: break
        }
    }

    private mutating func dispatch() {
        defer {
            data = ""
            type = ""
        }
        lastID = id
        if data.isEmpty { return }
        events.append(
            Event(
                type: type.isEmpty ? "message" : type,
                data: String(decoding: data.utf8.dropLast(), as: UTF8.self), lastID: id))
    }
}

extension ArraySlice<UInt8> {
    /// Where the first CR or LF is. By the C library, because unoptimised Swift takes long.
    fileprivate var firstLineEnd: Int? {
        let feed = firstIndex(of: 0x0A, in: startIndex..<endIndex)
        return firstIndex(of: 0x0D, in: startIndex..<(feed ?? endIndex)) ?? feed
    }

    private func firstIndex(of byte: Int32, in range: Range<Int>) -> Int? {
        self[range].withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let found = memchr(start, byte, bytes.count)
            else { return nil }
            return range.lowerBound + (UnsafeRawPointer(found) - start)
        }
    }
}
