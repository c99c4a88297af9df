// SPDX-License-Identifier: MIT

internal import Vanilla

/// A numeric in the binary format: four numbers of 16 bits (digits, weight of the first, sign,
/// decimals) and the digits, each from 0 to 9999.
private struct Numeric: ~Escapable {
    private let span: Span<UInt8>
    let count: Int
    let weight: Int
    let sign: UInt16
    let decimals: Int

    @_lifetime(copy bytes)
    init?(_ bytes: Bytes) {
        span = bytes.span
        guard span.count >= 8 else { return nil }
        count = Int(span.bigEndian(at: 0) as UInt16)
        weight = Int(span.bigEndian(at: 2) as Int16)
        sign = span.bigEndian(at: 4)
        decimals = Int(span.bigEndian(at: 6) as UInt16)
        guard span.count == 8 + 2 * count else { return nil }
    }

    static var negative: UInt16 { 0x4000 }

    /// Digits left out at either end are zero.
    func digit(_ place: Int) -> Int {
        0..<count ~= place ? Int(span.bigEndian(at: 8 + 2 * place) as UInt16) : 0
    }
}

extension PostgresCell {
    /// A numeric as PostgreSQL writes it; `nil` if the bytes are none.
    var numericText: String? {
        guard let numeric = Numeric(bytes) else { return nil }
        switch numeric.sign {
        case 0xc000: return "NaN"
        case 0xd000: return "Infinity"
        case 0xf000: return "-Infinity"
        case 0, Numeric.negative: break
        default: return nil
        }
        let weight = numeric.weight
        var text = numeric.sign == Numeric.negative ? "-" : ""
        if weight < 0 {
            text += "0"
        } else {
            text += String(numeric.digit(0))
            if weight > 0 {
                for place in 1...weight { text += Self.fourDigits(numeric.digit(place)) }
            }
        }
        guard numeric.decimals > 0 else { return text }
        var fraction = ""
        var place = weight + 1
        while fraction.utf8.count < numeric.decimals {
            fraction += Self.fourDigits(numeric.digit(place))
            place += 1
        }
        return text + "." + fraction.prefix(numeric.decimals)
    }

    /// A numeric without a fraction, where it fits; `nil` for any other.
    @usableFromInline
    var numericInteger: Int64? {
        guard !isNull, let numeric = Numeric(bytes),
            numeric.sign == 0 || numeric.sign == Numeric.negative
        else { return nil }
        // Below zero, which has one number more.
        var number: Int64 = 0
        for place in 0..<max(numeric.count, numeric.weight + 1) {
            let digit = numeric.digit(place)
            guard place <= numeric.weight else {
                if digit != 0 { return nil }
                continue
            }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10_000)
            let (sum, isTooLow) = product.subtractingReportingOverflow(Int64(digit))
            // Five places hold more than a number of 64 bits has, so that this ends soon.
            guard !isTooLarge && !isTooLow else { return nil }
            number = sum
        }
        guard numeric.sign == 0 else { return number }
        return number == .min ? nil : -number
    }

    private static func fourDigits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 4 - text.utf8.count)) + text
    }
}
