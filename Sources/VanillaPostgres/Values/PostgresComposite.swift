// SPDX-License-Identifier: MIT

internal import Vanilla

/// A composite value: a row of a table, a value of a type made by `CREATE TYPE ... AS (...)`, or of
/// `ROW(...)`. Its fields are read like the columns of a row.
///
/// ```swift
/// let address: PostgresComposite = try row["address"]
/// let (street, city): (String, String?) = try (address["street"], address["city"])
/// ```
///
/// It is a copy, so that it holds nothing of the result.
public struct PostgresComposite: Sendable, PostgresDecodable {
    /// The type: that of a domain is the one below it.
    private let type: PostgresType
    private let bytes: [UInt8]
    private let fields: [Field]
    private let names: [String]
    private let column: Int
    private let types: TypeTable

    struct Field: Sendable {
        let type: PostgresType
        /// Where its value is, in the bytes; nil for NULL.
        let place: Range<Int>?
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        let types = cell.types
        guard !cell.isNull, types.isComposite(cell.form), let fields = cell.fields else {
            throw cell.mismatch(PostgresComposite.self)
        }
        self.fields = fields
        self.types = types
        let names = types.entry(cell.form)?.fields ?? []
        // The type may have been changed since its names were looked up.
        self.names = names.count == fields.count ? names : []
        column = cell.column
        type = cell.form
        bytes = Array(cell.bytes)
    }

    /// The number of fields.
    public var count: Int { fields.count }

    /// The names of the fields; none for a `record`, such as `ROW(1, 2)`, whose fields have no
    /// names.
    public var fieldNames: [String] { names }
}

// MARK: - Fields

extension PostgresComposite {
    /// A field by its number, from zero.
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where the field holds something else, or
    ///   there is none.
    public subscript<Value: PostgresDecodable>(field: Int) -> Value {
        get throws(PostgresError) { try Value(cell(field)) }
    }

    /// A field by its name.
    ///
    /// - Throws: ``PostgresError`` where the field cannot be read as that type, or there is none.
    public subscript<Value: PostgresDecodable>(name: String) -> Value {
        get throws(PostgresError) { try Value(cell(find(name))) }
    }

    /// A field by its number, from zero, as a type that is named here.
    public subscript<Value: PostgresDecodable>(field: Int, as _: Value.Type) -> Value {
        get throws(PostgresError) { try Value(cell(field)) }
    }

    /// A field by its name, as a type that is named here.
    public subscript<Value: PostgresDecodable>(name: String, as _: Value.Type) -> Value {
        get throws(PostgresError) { try Value(cell(find(name))) }
    }

    /// A field where it is.
    ///
    /// - Throws: ``PostgresError`` where there is no such field.
    @_lifetime(borrow self)
    public func cell(_ field: Int) throws(PostgresError) -> PostgresCell {
        guard fields.indices ~= field else {
            throw PostgresError(
                .decoding, "There is no field \(field): the composite has \(fields.count).")
        }
        let place = fields[field].place
        return PostgresCell(
            bytes: Bytes(bytes.span.extracting(place ?? 0..<0)), type: fields[field].type,
            isNull: place == nil, column: column, part: field, types)
    }

    private func find(_ name: String) throws(PostgresError) -> Int {
        guard let field = names.firstIndex(of: name) else {
            throw PostgresError(.decoding, "There is no field \(name).")
        }
        return field
    }
}

extension PostgresCell {
    /// The fields of a composite in the binary format: their number, and of each the type, and the
    /// value with its size before it. Nil where the bytes are no such thing.
    var fields: [PostgresComposite.Field]? {
        let span = bytes.span
        guard !isNull, span.count >= 4 else { return nil }
        let count = Int(span.bigEndian(at: 0) as Int32)
        // Each field has four bytes for its type and four for its size at least.
        guard 0...(span.count - 4) / 8 ~= count else { return nil }
        var fields: [PostgresComposite.Field] = []
        fields.reserveCapacity(count)
        var end = 4
        for _ in 0..<count {
            guard end + 8 <= span.count, let value = span.sized(at: end + 4) else { return nil }
            let type = PostgresType(rawValue: span.bigEndian(at: end))
            fields.append(PostgresComposite.Field(type: type, place: value.place))
            end = value.end
        }
        return fields
    }
}

/// A composite that was read can be sent, as a value of the type that it was read from. An array of
/// them is read, and refused as a parameter.
extension PostgresComposite: PostgresEncodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .unspecified }
    public static var postgresArrayType: PostgresType { .recordArray }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(bytes.span, type: type)
    }
}
