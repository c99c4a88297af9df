// SPDX-License-Identifier: MIT

/// A universally unique identifier: 16 bytes (RFC 9562).
@frozen
public struct PostgresUUID: Sendable, Hashable {
    /// The bytes as a number, the first one highest.
    public let number: UInt128

    /// The identifier with these bytes.
    @inlinable
    public init(_ number: UInt128) {
        self.number = number
    }

    /// A random one (version 4), from the system's generator.
    public static func random() -> PostgresUUID {
        var number = UInt128.random(in: .min ... .max)
        number = number & ~(0xf << 76) | 4 << 76
        number = number & ~(3 << 62) | 2 << 62
        return PostgresUUID(number)
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

extension PostgresUUID: CustomStringConvertible {
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

/// As its text, for other formats than rows: JSON, for instance.
extension PostgresUUID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let uuid = PostgresUUID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "The text is no UUID.")
        }
        self = uuid
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
