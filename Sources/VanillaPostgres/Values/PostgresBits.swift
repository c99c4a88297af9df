// SPDX-License-Identifier: MIT

/// A string of bits, as `bit` and `varbit` have it.
public struct PostgresBits: Sendable, Hashable {
    /// The number of bits.
    public let count: Int
    /// Eight bits each, the first one highest; what is left of the last one is zero.
    public let bytes: [UInt8]

    /// These bits.
    public init(_ bits: some Collection<Bool>) {
        count = bits.count
        var bytes = Array(repeating: UInt8(0), count: (count + 7) / 8)
        for (index, bit) in bits.enumerated() where bit { bytes[index / 8] |= 0x80 >> (index % 8) }
        self.bytes = bytes
    }

    /// Reads a text of the digits 0 and 1; nil for any other.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }) else {
            return nil
        }
        self.init(text.utf8.map { $0 == UInt8(ascii: "1") })
    }

    /// A bit by its number, from zero, which is less than ``count``.
    public subscript(index: Int) -> Bool {
        precondition(0..<count ~= index, "There are \(count) bits.")
        return bytes[index / 8] & 0x80 >> (index % 8) != 0
    }
}

extension PostgresBits: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .varbit }
    public static var postgresArrayType: PostgresType { .varbitArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .bit || type == .varbit }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        guard let count = Int32(exactly: count) else {
            throw PostgresError(.encoding, "PostgreSQL has no string of \(self.count) bits.")
        }
        try parameters.begin(.varbit)
        try parameters.write(count)
        try parameters.write(bytes.span)
        parameters.end()
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        let span = cell.bytes.span
        guard Self.reads(cell.form), !cell.isNull, span.count >= 4 else {
            throw cell.mismatch(PostgresBits.self)
        }
        count = Int(span.bigEndian(at: 0) as Int32)
        guard count >= 0, span.count == 4 + (count + 7) / 8 else {
            throw cell.mismatch(PostgresBits.self)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count - 4)
        for index in 4..<span.count { bytes.append(span[index]) }
        // What two equal strings have in common must not depend on bits that neither has.
        if count % 8 != 0 { bytes[bytes.count - 1] &= 0xff << (8 - count % 8) }
        self.bytes = bytes
    }
}

extension PostgresBits: CustomStringConvertible {
    /// As PostgreSQL writes it: a text of the digits 0 and 1.
    public var description: String {
        String(
            decoding: (0..<count).map { self[$0] ? UInt8(ascii: "1") : UInt8(ascii: "0") },
            as: UTF8.self)
    }
}
