// SPDX-License-Identifier: MIT

internal import Vanilla

/// The text of a number, as section 6 of RFC 8259 has it, and the numbers that it is.
enum NumberText {
    /// What a text is in a type of whole numbers.
    enum Whole<Number: FixedWidthInteger> {
        case number(Number)
        case fraction
        case outOfRange
    }

    /// Exactly that number, or none: `1e2` and `100.0` are 100, and `99.99999999999999999999` is
    /// not. The work is linear in the text.
    static func whole<Number: FixedWidthInteger>(
        _ text: Bytes, as type: Number.Type = Number.self
    ) -> Whole<Number> {
        if let number = Number(text) { return .number(number) }
        let parts = Parts(text)
        guard let last = parts.last else { return .number(0) }
        if parts.power < 0 { return .fraction }

        var number: Number = 0
        for index in 0...last {
            let byte = text.span[index]
            guard isDigit(byte) else { continue }
            guard parts.append(byte - UInt8(ascii: "0"), to: &number) else { return .outOfRange }
        }
        // Not zero, so that this ends early however large the power is.
        for _ in 0..<parts.power {
            guard parts.append(0, to: &number) else { return .outOfRange }
        }
        return .number(number)
    }

    /// The nearest number of a floating-point type; `nil` where it is beyond all of them.
    static func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ text: Bytes, as type: Number.Type = Number.self
    ) -> Number? {
        guard let number = Number(String(text)), number.isFinite else { return nil }
        return number
    }

    fileprivate static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}

/// A number as whole digits and a power of ten.
private struct Parts {
    /// The offset of the last digit that is not a zero; `nil` where all are.
    private(set) var last: Int?
    /// That of ten, by which the digits up to `last`, read as a whole number, are multiplied.
    private(set) var power = 0
    private let isNegative: Bool

    init(_ text: Bytes) {
        isNegative = text.span[0] == UInt8(ascii: "-")
        // Counts of digits: all, up to the point, and up to the last that is not a zero.
        var count = 0
        var whole: Int?
        var significant = 0
        var index = 0
        while index < text.count, text.span[index] | 0x20 != UInt8(ascii: "e") {
            let byte = text.span[index]
            if byte == UInt8(ascii: ".") { whole = count }
            if NumberText.isDigit(byte) { count += 1 }
            if NumberText.isDigit(byte), byte != UInt8(ascii: "0") {
                last = index
                significant = count
            }
            index += 1
        }
        power = (whole ?? count) - significant + Parts.exponent(text.dropFirst(index + 1))
    }

    /// What follows the `e`. One that does not fit in 32 bits is as good as the largest that does:
    /// no text has so many digits.
    private static func exponent(_ text: Bytes) -> Int {
        if text.isEmpty { return 0 }
        let isNegative = text.span[0] == UInt8(ascii: "-")
        let isSigned = isNegative || text.span[0] == UInt8(ascii: "+")
        var exponent = 0
        for index in (isSigned ? 1 : 0)..<text.count where exponent < 1 << 32 {
            exponent = 10 * exponent + Int(text.span[index] - UInt8(ascii: "0"))
        }
        return isNegative ? -exponent : exponent
    }

    func append<Number: FixedWidthInteger>(_ digit: UInt8, to number: inout Number) -> Bool {
        let (tenfold, isTooLarge) = number.multipliedReportingOverflow(by: 10)
        let digit = Number(truncatingIfNeeded: digit)
        let (next, isBeyond) =
            isNegative
            ? tenfold.subtractingReportingOverflow(digit)
            : tenfold.addingReportingOverflow(digit)
        number = next
        return !isTooLarge && !isBeyond
    }
}
