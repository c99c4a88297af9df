// SPDX-License-Identifier: MIT

/// The normal form in which paths are compared (RFC 3986, section 6.2.2).
///
/// An escape such as `%63` is the byte that it stands for. Only reserved characters differ from
/// their escapes (section 2.2): `%2F` is not a slash. Those escapes, and `%25`, stay what they are,
/// with upper-case digits. Nothing is decoded twice, and no two paths that differ get the same
/// form.
enum PathSymbol {
    /// The normal form of the escape of `byte`.
    static func normalForm(ofEscaped byte: UInt8) -> [UInt8] {
        keepsEscape(byte)
            ? [UInt8(ascii: "%"), upperDigit(byte >> 4), upperDigit(byte & 15)] : [byte]
    }

    /// Whether an escape differs from the byte that it stands for.
    static func keepsEscape(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "?"),
            UInt8(ascii: "#"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "@"),
            UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            true
        default:
            false
        }
    }

    /// The digit as normal form writes it.
    static func upperCase(_ digit: UInt8) -> UInt8 {
        digit >= UInt8(ascii: "a") ? digit & ~0x20 : digit
    }

    private static func upperDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
