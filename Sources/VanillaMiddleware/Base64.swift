// SPDX-License-Identifier: MIT

/// Base64 (RFC 4648, section 4), read.
enum Base64 {
    /// `nil` for another letter, white space included, and where the padding is wrong.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for letter in text.utf8 {
            count += 1
            if letter == UInt8(ascii: "=") {
                padding += 1
                bits <<= 6
            } else if padding == 0, let value = value(of: letter) {
                bits = bits << 6 | value
            } else {
                return nil
            }
            if count % 4 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bits = 0
            }
        }
        guard count % 4 == 0, padding <= 2 else { return nil }
        // What the padding stands for is zero, or the text is that of other bytes, too.
        guard bytes.suffix(padding).allSatisfy({ $0 == 0 }) else { return nil }
        bytes.removeLast(padding)
        return bytes
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
