// SPDX-License-Identifier: MIT

/// A value that arrays of the database can be made of, as for `= any($1)`.
///
/// A type that is ``PostgresEncodable`` and ``PostgresDecodable`` says which array it is, and an
/// enumeration with raw values not even that. An array whose elements are optional can have NULL
/// among them.
public protocol PostgresArrayElement {
    /// What the server is told that an array of it is.
    static var postgresArrayType: PostgresType { get }
    /// Whether an array of elements of that type can be read, so that an empty one of another type
    /// is refused as well. Domains and enumerations come as what they are made of: an enumeration
    /// as `text`. Unless it says otherwise, an empty array of any type is read.
    static func reads(_ type: PostgresType) -> Bool
    /// Adds the array as one parameter.
    static func encode(_ array: [Self], into parameters: PostgresParameters) throws(PostgresError)
    /// Reads an array from a column.
    static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Self]
}

extension PostgresArrayElement {
    public static func reads(_ type: PostgresType) -> Bool { true }
}

extension PostgresArrayElement where Self: PostgresEncodable {
    /// Adds the array with each element as the type encodes it.
    public static func encode(
        _ array: [Self], into parameters: PostgresParameters
    ) throws(PostgresError) {
        // An array says of what it is: what has its type left open elsewhere is a text.
        let type = postgresType == .unspecified ? .text : postgresType
        try parameters.append(arrayOf: type, postgresArrayType, count: array.count) {
            () throws(PostgresError) in
            for element in array { try element.encode(into: parameters) }
        }
    }
}

extension PostgresArrayElement where Self: PostgresDecodable {
    /// Reads the array with each element as the type decodes it.
    public static func decodeArray(
        _ cell: borrowing PostgresCell
    ) throws(PostgresError) -> [Self] {
        try cell.decodeArray(reads) { element throws(PostgresError) in try Self(element) }
    }
}

extension PostgresArrayElement where Self: RawRepresentable, RawValue: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { RawValue.postgresArrayType }

    public static func reads(_ type: PostgresType) -> Bool { RawValue.reads(type) }
}

/// An array of the database; of bytes, a bytea.
extension Array: PostgresEncodable where Element: PostgresArrayElement {
    public static var postgresType: PostgresType { Element.postgresArrayType }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try Element.encode(self, into: parameters)
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        self = try Element.decodeArray(cell)
    }
}

// MARK: - Types of Swift

extension Bool: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .boolArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .bool }
}

extension PostgresType {
    /// Whether values are read as an integer: all of them, or those without a fraction.
    fileprivate var isInteger: Bool { [.int8, .int4, .int2, .oid, .numeric].contains(self) }
}

extension Int16: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int2Array }
    public static func reads(_ type: PostgresType) -> Bool { type.isInteger }
}

extension Int32: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int4Array }
    public static func reads(_ type: PostgresType) -> Bool { type.isInteger }
}

extension Int64: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }
    public static func reads(_ type: PostgresType) -> Bool { type.isInteger }
}

extension Int: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }
    public static func reads(_ type: PostgresType) -> Bool { type.isInteger }
}

extension Float: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .float4Array }
    public static func reads(_ type: PostgresType) -> Bool { type == .float4 || type.isInteger }
}

extension Double: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .float8Array }
    public static func reads(_ type: PostgresType) -> Bool {
        type == .float8 || type == .float4 || type.isInteger
    }
}

extension String: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .textArray }
    public static func reads(_ type: PostgresType) -> Bool {
        [.text, .varchar, .bpchar, .name, .json, .xml, .unknown, .char, .jsonb, .uuid, .numeric]
            .contains(type)
    }
}

extension PostgresUUID: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .uuidArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .uuid }
}

extension Optional: PostgresArrayElement
where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    public static func reads(_ type: PostgresType) -> Bool { Wrapped.reads(type) }
}

// MARK: - Bytes

/// An array of bytes is a bytea.
extension UInt8: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .bytea }

    public static func encode(
        _ array: [UInt8], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array.span, type: .bytea)
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [UInt8]
    {
        guard cell.form == .bytea, !cell.isNull else { throw cell.mismatch([UInt8].self) }
        return Array(cell.bytes)
    }
}

/// An array of arrays of bytes is an array of bytea; arrays of more dimensions are not read.
extension Array: PostgresArrayElement where Element == UInt8 {
    public static var postgresArrayType: PostgresType { .byteaArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .bytea }
}
