// SPDX-License-Identifier: MIT

public import Vanilla

/// One value of a result, where libpq put it: nothing is copied until it is decoded.
public struct PostgresCell: ~Escapable {
    /// The value in the binary format of its type; nothing for NULL.
    public let bytes: Bytes
    /// The type of the column.
    public let type: PostgresType
    /// Whether it is NULL.
    public let isNull: Bool
    /// Which column it is, from zero, for the sentence of an error.
    public let column: Int

    @_lifetime(copy bytes)
    init(bytes: Bytes, type: PostgresType, isNull: Bool, column: Int) {
        self.bytes = bytes
        self.type = type
        self.isNull = isNull
        self.column = column
    }

    /// The error that says that this is nothing of the kind.
    public func mismatch(_ wanted: Any.Type) -> PostgresError {
        let found = isNull ? "NULL" : "of the type \(type.rawValue), of \(bytes.count) bytes"
        return PostgresError(.decoding, "Column \(column) is \(found); wanted: \(wanted).")
    }

    /// The number that the bytes are, the highest first, if there are as many as it has.
    @inlinable
    public func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        guard !isNull, bytes.count == Number.bitWidth / 8 else { return nil }
        return bytes.span.bigEndian(at: 0)
    }
}

extension Span<UInt8> {
    /// The number there, the highest byte first. There are enough bytes.
    @inlinable
    func bigEndian<Number: FixedWidthInteger>(at start: Int) -> Number {
        var number: Number = 0
        for index in start..<start + Number.bitWidth / 8 {
            number = number << 8 | Number(truncatingIfNeeded: self[index])
        }
        return number
    }
}
