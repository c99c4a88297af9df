// SPDX-License-Identifier: MIT

public import VanillaPostgres

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A `numeric`, or an integer. One with more digits than a `Decimal` has, or without an end, is
/// refused: read it as a `String`.
extension Decimal: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .numeric }
    public static var postgresArrayType: PostgresType { .numericArray }
    public static func reads(_ type: PostgresType) -> Bool { Int.reads(type) }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(numeric: isNaN ? "NaN" : description)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .numeric else {
            self.init(try Int64(cell))
            return
        }
        guard let number = Self.exactly(try String(cell)) else {
            throw cell.mismatch(Decimal.self)
        }
        self = number
    }

    private static func exactly(_ text: String) -> Decimal? {
        if text == "NaN" { return .nan }
        let digits = text.utf8.filter { 0x30...0x39 ~= $0 }
        let significant = digits.drop { $0 == 0x30 }.reversed().drop { $0 == 0x30 }.count
        // Its mantissa has 128 bits, in which all numbers of 38 digits have room.
        guard significant <= 38, let number = Decimal(string: text) else { return nil }
        // The exponent has a range of its own, beyond which it is nothing.
        return significant == 0 || !number.isZero ? number : nil
    }
}
