// SPDX-License-Identifier: MIT

internal import Vanilla

extension PostgresCell {
    /// A numeric as PostgreSQL writes it; `nil` if the bytes are none.
    ///
    /// Four numbers of 16 bits (digits, weight of the first, sign, decimals) and the digits, each
    /// from 0 to 9999.
    var numericText: String? {
        let span = bytes.span
        guard span.count >= 8 else { return nil }
        let count = Int(span.bigEndian(at: 0) as UInt16)
        let weight = Int(span.bigEndian(at: 2) as Int16)
        let sign: UInt16 = span.bigEndian(at: 4)
        let decimals = Int(span.bigEndian(at: 6) as UInt16)
        guard span.count == 8 + 2 * count else { return nil }

        switch sign {
        case 0xc000: return "NaN"
        case 0xd000: return "Infinity"
        case 0xf000: return "-Infinity"
        case 0, 0x4000: break
        default: return nil
        }
        func digit(_ place: Int) -> Int {
            // Digits left out at either end are zero.
            0..<count ~= place ? Int(span.bigEndian(at: 8 + 2 * place) as UInt16) : 0
        }
        var text = sign == 0x4000 ? "-" : ""
        if weight < 0 {
            text += "0"
        } else {
            text += String(digit(0))
            if weight > 0 { for place in 1...weight { text += Self.fourDigits(digit(place)) } }
        }
        guard decimals > 0 else { return text }
        var fraction = ""
        var place = weight + 1
        while fraction.utf8.count < decimals {
            fraction += Self.fourDigits(digit(place))
            place += 1
        }
        return text + "." + fraction.prefix(decimals)
    }

    private static func fourDigits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text
    }
}
