// SPDX-License-Identifier: MIT

/// A universally unique identifier: 16 bytes (RFC 9562).
@frozen
public struct UUID: Sendable, Hashable {
    /// The bytes as a number, the first one highest.
    public let number: UInt128

    /// The identifier with these bytes.
    @inlinable
    public init(_ number: UInt128) {
        self.number = number
    }

    /// A random one (version 4), from the system's generator.
    public static func random() -> UUID {
        var number = UInt128.random(in: .min ... .max)
        number = number & ~(0xf << 76) | 4 << 76
        number = number & ~(3 << 62) | 2 << 62
        return UUID(number)
    }

    /// Reads 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with `-` between; `nil` for
    /// anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36 else { return nil }
        var number: UInt128 = 0
        for (index, byte) in text.utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
                number = number << 4 | UInt128(digit)
            }
        }
        self.number = number
    }
}

extension UUID: CustomStringConvertible {
    /// In lower case, as PostgreSQL writes it.
    public var description: String {
        var text = ""
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append("-") }
            text.append(String(Int(number >> (4 * (31 - UInt128(index))) & 0xf), radix: 16))
        }
        return text
    }
}
