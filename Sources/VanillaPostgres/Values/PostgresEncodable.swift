// SPDX-License-Identifier: MIT

/// A value that can be a parameter of a query.
///
/// An enumeration with raw values that can be parameters needs no more than the conformance.
public protocol PostgresEncodable {
    /// What the server is told that the parameter is.
    static var postgresType: PostgresType { get }
    /// Adds the value as one parameter.
    func encode(into parameters: PostgresParameters) throws(PostgresError)
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    public static var postgresType: PostgresType { RawValue.postgresType }

    /// Adds the raw value.
    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try rawValue.encode(into: parameters)
    }
}

extension Bool: PostgresEncodable {
    public static var postgresType: PostgresType { .bool }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(self ? 1 : 0 as UInt8, type: .bool)
    }
}

extension Int16: PostgresEncodable {
    public static var postgresType: PostgresType { .int2 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(self, type: .int2)
    }
}

extension Int32: PostgresEncodable {
    public static var postgresType: PostgresType { .int4 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(self, type: .int4)
    }
}

extension Int64: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(self, type: .int8)
    }
}

/// A bigint; the server narrows it where it is assigned to a smaller column, or refuses it.
extension Int: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(Int64(self), type: .int8)
    }
}

extension Float: PostgresEncodable {
    public static var postgresType: PostgresType { .float4 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(bitPattern, type: .float4)
    }
}

extension Double: PostgresEncodable {
    public static var postgresType: PostgresType { .float8 }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(bitPattern, type: .float8)
    }
}

/// A text, or whatever the statement has there that is written as text: a date, a uuid, json.
extension String: PostgresEncodable {
    public static var postgresType: PostgresType { .unspecified }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(self)
    }
}

extension PostgresUUID: PostgresEncodable {
    public static var postgresType: PostgresType { .uuid }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(number, type: .uuid)
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var postgresType: PostgresType { Wrapped.postgresType }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        if let value = self {
            try value.encode(into: parameters)
        } else {
            try parameters.appendNull(Wrapped.postgresType)
        }
    }
}
