// SPDX-License-Identifier: MIT

extension PostgresParameters {
    /// Adds a numeric by its digits, such as `-12.50`, or `NaN`.
    ///
    /// - Throws: ``PostgresError`` for a text that is none, or that has more digits than PostgreSQL
    ///   keeps.
    public func append(numeric text: String) throws(PostgresError) {
        guard let number = NumericDigits(text) else {
            throw PostgresError(.encoding, "This is no numeric: \(text.prefix(50))")
        }
        try begin(.numeric)
        try write(UInt16(number.digits.count))
        try write(number.weight)
        try write(number.sign)
        try write(number.decimals)
        for digit in number.digits { try write(digit) }
        end()
    }
}

/// A numeric as its binary format has it: digits from 0 to 9999, of which the first stands for as
/// many powers of ten thousand as its weight says.
private struct NumericDigits {
    var digits: [UInt16] = []
    var weight: Int16 = 0
    var sign: UInt16 = 0
    var decimals: UInt16 = 0

    init?(_ text: String) {
        if text == "NaN" {
            sign = 0xc000
            return
        }
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") {
            sign = 0x4000
            rest.removeFirst()
        }
        let parts = rest.split(
            separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts[0]
        let fraction = parts.count == 2 ? parts[1] : Substring().utf8[...]
        // As many as PostgreSQL keeps on either side.
        guard !rest.isEmpty, whole.count + fraction.count > 0, whole.count <= 131_072,
            fraction.count <= 16_383, whole.allSatisfy({ 0x30...0x39 ~= $0 }),
            fraction.allSatisfy({ 0x30...0x39 ~= $0 })
        else { return nil }
        decimals = UInt16(fraction.count)
        add(whole, zerosBefore: (4 - whole.count % 4) % 4, zerosAfter: 0)
        weight = Int16(digits.count - 1)
        add(fraction, zerosBefore: 0, zerosAfter: (4 - fraction.count % 4) % 4)
        trim()
    }

    private mutating func add(
        _ text: Substring.UTF8View, zerosBefore: Int, zerosAfter: Int
    ) {
        var digit: UInt16 = 0
        var count = zerosBefore
        func zeros(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "0"), count: count) }
        for byte in Array(text) + zeros(zerosAfter) {
            digit = digit * 10 + UInt16(byte - UInt8(ascii: "0"))
            count += 1
            if count % 4 == 0 {
                digits.append(digit)
                digit = 0
            }
        }
    }

    /// Digits at either end that are zero are left out.
    private mutating func trim() {
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        weight = digits.isEmpty ? 0 : weight - Int16(zeros)
        while digits.last == 0 { digits.removeLast() }
    }
}
