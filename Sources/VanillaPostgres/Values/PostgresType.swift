// SPDX-License-Identifier: MIT

/// A type of the database, by its object identifier.
@frozen
public struct PostgresType: RawRepresentable, Sendable, Hashable {
    /// The identifier, as in `pg_type.oid`; 0 leaves the choice to the server.
    public let rawValue: UInt32

    /// The type with that identifier.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }
}

extension PostgresType {
    /// The server finds out by where the parameter stands.
    @inlinable public static var unspecified: Self { Self(rawValue: 0) }
    @inlinable public static var bool: Self { Self(rawValue: 16) }
    @inlinable public static var bytea: Self { Self(rawValue: 17) }
    @inlinable public static var char: Self { Self(rawValue: 18) }
    @inlinable public static var name: Self { Self(rawValue: 19) }
    @inlinable public static var int8: Self { Self(rawValue: 20) }
    @inlinable public static var int2: Self { Self(rawValue: 21) }
    @inlinable public static var int4: Self { Self(rawValue: 23) }
    @inlinable public static var text: Self { Self(rawValue: 25) }
    @inlinable public static var oid: Self { Self(rawValue: 26) }
    @inlinable public static var json: Self { Self(rawValue: 114) }
    @inlinable public static var xml: Self { Self(rawValue: 142) }
    @inlinable public static var float4: Self { Self(rawValue: 700) }
    @inlinable public static var float8: Self { Self(rawValue: 701) }
    @inlinable public static var unknown: Self { Self(rawValue: 705) }
    @inlinable public static var boolArray: Self { Self(rawValue: 1000) }
    @inlinable public static var int2Array: Self { Self(rawValue: 1005) }
    @inlinable public static var int4Array: Self { Self(rawValue: 1007) }
    @inlinable public static var textArray: Self { Self(rawValue: 1009) }
    @inlinable public static var varcharArray: Self { Self(rawValue: 1015) }
    @inlinable public static var int8Array: Self { Self(rawValue: 1016) }
    @inlinable public static var float4Array: Self { Self(rawValue: 1021) }
    @inlinable public static var float8Array: Self { Self(rawValue: 1022) }
    @inlinable public static var bpchar: Self { Self(rawValue: 1042) }
    @inlinable public static var varchar: Self { Self(rawValue: 1043) }
    @inlinable public static var date: Self { Self(rawValue: 1082) }
    @inlinable public static var timestamp: Self { Self(rawValue: 1114) }
    @inlinable public static var timestamptz: Self { Self(rawValue: 1184) }
    @inlinable public static var timestamptzArray: Self { Self(rawValue: 1185) }
    @inlinable public static var numeric: Self { Self(rawValue: 1700) }
    @inlinable public static var void: Self { Self(rawValue: 2278) }
    @inlinable public static var uuid: Self { Self(rawValue: 2950) }
    @inlinable public static var uuidArray: Self { Self(rawValue: 2951) }
    @inlinable public static var jsonb: Self { Self(rawValue: 3802) }

    /// Types below are the server's own; those from here were made by users and extensions.
    @inlinable static var isMadeFrom: UInt32 { 16384 }
}
