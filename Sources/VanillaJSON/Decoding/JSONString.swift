// SPDX-License-Identifier: MIT

internal import Vanilla

/// What is between the quotes of a string that was scanned (RFC 8259, section 7).
enum JSONString {
    static func text(of written: Bytes) -> String {
        if written.firstIndex(of: UInt8(ascii: "\\")) == nil { return String(written) }
        var text: [UInt8] = []
        text.reserveCapacity(written.count)
        var index = 0
        while index < written.count {
            let byte = written.span[index]
            index += 1
            if byte == UInt8(ascii: "\\") {
                index += appendEscaped(written.dropFirst(index), to: &text)
            } else {
                text.append(byte)
            }
        }
        return String(Bytes(text.span))
    }

    /// What follows a backslash.
    ///
    /// - Returns: How many bytes that are.
    private static func appendEscaped(_ escaped: Bytes, to text: inout [UInt8]) -> Int {
        switch escaped.span[0] {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return appendUnits(escaped, to: &text)
        case let byte: text.append(byte)
        }
        return 1
    }

    /// One `uXXXX`, or two of them for a pair of surrogates: the scan has seen that it is one.
    private static func appendUnits(_ escaped: Bytes, to text: inout [UInt8]) -> Int {
        let first = unit(escaped.dropFirst())
        guard UTF16.isLeadSurrogate(first) else {
            append(UInt32(first), to: &text)
            return 5
        }
        let second = unit(escaped.dropFirst(7))
        append(0x10000 + UInt32(first - 0xD800) << 10 + UInt32(second & 0x3FF), to: &text)
        return 11
    }

    private static func unit(_ digits: Bytes) -> UInt16 {
        var unit: UInt16 = 0
        for index in 0..<4 {
            let byte = digits.span[index]
            let digit = byte <= UInt8(ascii: "9") ? byte - UInt8(ascii: "0") : (byte | 0x20) - 0x57
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        if let scalar = Unicode.Scalar(scalar) { text += UTF8.encode(scalar)! }
    }
}
