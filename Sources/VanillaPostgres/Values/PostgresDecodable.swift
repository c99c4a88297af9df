// SPDX-License-Identifier: MIT

internal import Vanilla

/// A value that a column of a result can be read as.
public protocol PostgresDecodable {
    /// Reads the value.
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where the column holds something else.
    init(_ cell: borrowing PostgresCell) throws(PostgresError)
}

extension Bool: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.type == .bool, let value = cell.number(UInt8.self) else {
            throw cell.mismatch(Bool.self)
        }
        self = value != 0
    }
}

extension FixedWidthInteger {
    /// Whatever width of integer the column has, if the value fits.
    @inlinable
    init(integer cell: borrowing PostgresCell) throws(PostgresError) {
        let value: Int64? =
            switch cell.type {
            case .int8: cell.number(Int64.self)
            case .int4: cell.number(Int32.self).map { Int64($0) }
            case .int2: cell.number(Int16.self).map { Int64($0) }
            case .oid: cell.number(UInt32.self).map { Int64($0) }
            default: nil
            }
        guard let value, let number = Self(exactly: value) else { throw cell.mismatch(Self.self) }
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

extension Float: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.type == .float4, let bits = cell.number(UInt32.self) else {
            throw cell.mismatch(Float.self)
        }
        self.init(bitPattern: bits)
    }
}

/// A double precision or a real; a numeric as the nearest.
extension Double: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        if cell.type == .float8, let bits = cell.number(UInt64.self) {
            self.init(bitPattern: bits)
        } else if cell.type == .float4, let bits = cell.number(UInt32.self) {
            self.init(Float(bitPattern: bits))
        } else if cell.type == .numeric, !cell.isNull, let text = cell.numericText,
            let value = Double(text)
        {
            self = value
        } else {
            throw cell.mismatch(Double.self)
        }
    }
}

/// A text, json, a name, a value of an enumeration; a uuid or a numeric as PostgreSQL writes it.
extension String: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard !cell.isNull else { throw cell.mismatch(String.self) }
        let text: String? =
            switch cell.type {
            case .text, .varchar, .bpchar, .name, .json, .xml, .unknown, .char:
                String(validating: cell.bytes)
            case .jsonb:
                // Behind the number of the format's version.
                cell.bytes.span.isEmpty || cell.bytes.span[0] != 1
                    ? nil : String(validating: cell.bytes.dropFirst(1))
            case .uuid: cell.number(UInt128.self).map { UUID($0).description }
            case .numeric: cell.numericText
            case let type where type.rawValue >= PostgresType.isMadeFrom:
                String(validating: cell.bytes)
            default: nil
            }
        guard let text else { throw cell.mismatch(String.self) }
        self = text
    }
}

extension UUID: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.type == .uuid, let number = cell.number(UInt128.self) else {
            throw cell.mismatch(UUID.self)
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

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        self = try Element.decodeArray(cell)
    }
}
