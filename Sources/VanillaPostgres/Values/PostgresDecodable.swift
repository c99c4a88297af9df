// SPDX-License-Identifier: MIT

internal import Vanilla

/// A value that a column of a result can be read as.
///
/// An enumeration with raw values that can be read needs no more than the conformance:
/// `enum Mood: String, PostgresDecodable { case happy, sad }`.
public protocol PostgresDecodable {
    /// Reads the value.
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where the column holds something else.
    init(_ cell: borrowing PostgresCell) throws(PostgresError)
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    /// Reads the raw value.
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard let value = Self(rawValue: try RawValue(cell)) else {
            throw cell.failure("has a value that \(Self.self) does not have")
        }
        self = value
    }
}

extension Bool: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .bool, let value = cell.number(UInt8.self) else {
            throw cell.mismatch(Bool.self)
        }
        self = value != 0
    }
}

extension PostgresCell {
    /// The value of an integer of any width, or of a numeric without a fraction.
    @inlinable
    var integer: Int64? {
        switch form {
        case .int8: number(Int64.self)
        case .int4: number(Int32.self).map { Int64($0) }
        case .int2: number(Int16.self).map { Int64($0) }
        case .oid: number(UInt32.self).map { Int64($0) }
        case .numeric: numericInteger
        default: nil
        }
    }
}

extension FixedWidthInteger {
    /// Whatever width of integer the column has, or a numeric without a fraction, if the value
    /// fits.
    @inlinable
    init(integer cell: borrowing PostgresCell) throws(PostgresError) {
        guard let value = cell.integer, let number = Self(exactly: value) else {
            throw cell.mismatch(Self.self)
        }
        self = number
    }
}

extension Int16: PostgresDecodable {
    @inlinable
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        try self.init(integer: cell)
    }
}

extension Int32: PostgresDecodable {
    @inlinable
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        try self.init(integer: cell)
    }
}

extension Int64: PostgresDecodable {
    @inlinable
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        try self.init(integer: cell)
    }
}

extension Int: PostgresDecodable {
    @inlinable
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        try self.init(integer: cell)
    }
}

/// A real; an integer that it can tell exactly; a numeric as the nearest.
extension Float: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        let value: Float? =
            switch cell.form {
            case .float4: cell.number(UInt32.self).map { Float(bitPattern: $0) }
            case .numeric: cell.isNull ? nil : cell.numericText.flatMap { Float($0) }
            default: cell.integer.flatMap { Float(exactly: $0) }
            }
        guard let value else { throw cell.mismatch(Float.self) }
        self = value
    }
}

/// A double precision or a real; an integer that it can tell exactly; a numeric as the nearest.
extension Double: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        let value: Double? =
            switch cell.form {
            case .float8: cell.number(UInt64.self).map { Double(bitPattern: $0) }
            case .float4: cell.number(UInt32.self).map { Double(Float(bitPattern: $0)) }
            case .numeric: cell.isNull ? nil : cell.numericText.flatMap { Double($0) }
            default: cell.integer.flatMap { Double(exactly: $0) }
            }
        guard let value else { throw cell.mismatch(Double.self) }
        self = value
    }
}

/// A text of any name, such as citext; json, a name, a value of an enumeration; a uuid or a numeric
/// as PostgreSQL writes it. Any other type has no text but the one that the server makes: cast it
/// to `text`, or make the ``Statement`` with `results: .texts`.
extension String: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard !cell.isNull else { throw cell.mismatch(String.self) }
        let text: String? =
            switch cell.form {
            case .text, .varchar, .bpchar, .name, .json, .xml, .unknown, .char:
                String(validating: cell.bytes)
            case .jsonb:
                // Behind the number of the format's version.
                cell.bytes.span.isEmpty || cell.bytes.span[0] != 1
                    ? nil : String(validating: cell.bytes.dropFirst(1))
            case .uuid: cell.number(UInt128.self).map { PostgresUUID($0).description }
            case .numeric: cell.numericText
            default: nil
            }
        guard let text else { throw cell.mismatch(String.self) }
        self = text
    }
}

extension PostgresUUID: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .uuid, let number = cell.number(UInt128.self) else {
            throw cell.mismatch(PostgresUUID.self)
        }
        self.init(number)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    @inlinable
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        self = cell.isNull ? nil : try Wrapped(cell)
    }
}
