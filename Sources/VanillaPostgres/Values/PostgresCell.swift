// SPDX-License-Identifier: MIT

public import Vanilla

/// One value of a result, where libpq put it: nothing is copied until it is decoded.
@safe
public struct PostgresCell: ~Escapable {
    /// The value in the binary format of its type, or in text format where the statement asked for
    /// that; nothing for NULL.
    public let bytes: Bytes
    /// The type of the column; `text` where the statement asked for texts.
    public let type: PostgresType
    /// Whether it is NULL.
    public let isNull: Bool
    /// Which column it is, from zero, for the sentence of an error.
    public let column: Int

    /// The type whose binary format the bytes have: of a domain the one below it, of texts of other
    /// names, such as citext, and of enumerations `text`; of any other type that type itself.
    public let form: PostgresType
    /// Which element of an array, or field of a composite, it is; -1 for a whole column.
    let part: Int
    /// What is known of the database's types. Whoever has the bytes retains it.
    private let table: Unmanaged<TypeTable>
    /// What the statement calls the column, in the memory that the bytes are in, with a NUL at its
    /// end; nil in a copy.
    @unsafe var name: UnsafePointer<CChar>?

    @_lifetime(copy bytes)
    init(
        bytes: Bytes, type: PostgresType, isNull: Bool, column: Int, part: Int = -1,
        _ types: TypeTable
    ) {
        self.bytes = bytes
        self.type = type
        self.isNull = isNull
        self.column = column
        self.part = part
        form = types.form(of: type)
        unsafe table = .passUnretained(types)
    }

    /// What is known of the database's types.
    var types: TypeTable {
        // Retained as long as the bytes are there, which this cannot outlive.
        unsafe table.takeUnretainedValue()
    }

    /// A value within this one: an element of an array, a field, a bound.
    @_lifetime(copy self)
    func inner(_ place: Range<Int>?, of type: PostgresType, part: Int) -> PostgresCell {
        var cell = PostgresCell(
            bytes: Bytes(bytes.span.extracting(place ?? 0..<0)), type: type, isNull: place == nil,
            column: column, part: part, types)
        unsafe cell.name = unsafe name
        return cell
    }
}

// MARK: - What decoders need

extension PostgresCell {
    /// The name of its type: for a type of the database's users, as `format_type` tells it.
    public var typeName: String { types.describe(type) }

    /// The error that says that this is nothing of the kind.
    public func mismatch(_ wanted: Any.Type) -> PostgresError {
        let found = isNull ? "NULL" : "of the type \(typeName), of \(bytes.count) bytes"
        return failure("is \(found); wanted: \(wanted)")
    }

    /// The error that says this of the value, such as "is empty", after the place where it is.
    func failure(_ predicate: String) -> PostgresError {
        let place = part < 0 ? "Column \(label)" : "Part \(part) of column \(label)"
        return PostgresError(.decoding, "\(place) \(predicate).")
    }

    /// The number of the column, and its name.
    private var label: String {
        guard let name = unsafe name.map({ unsafe String(cString: $0) }) else { return "\(column)" }
        // What the server calls a column that has no name.
        return name == "?column?" ? "\(column)" : "\(column) (\(name))"
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

    /// Where the value lies that has its size in four bytes before it, at `start`; nil where there
    /// is no such. A size of -1 stands for NULL.
    func sized(at start: Int) -> (place: Range<Int>?, end: Int)? {
        guard start + 4 <= count else { return nil }
        let size = Int(bigEndian(at: start) as Int32)
        let start = start + 4
        if size == -1 { return (nil, start) }
        guard size >= 0, size <= count - start else { return nil }
        return (start..<start + size, start + size)
    }
}
