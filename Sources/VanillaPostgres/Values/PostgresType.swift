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

// MARK: - The types that are the same in every database

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
    @inlinable public static var xmlArray: Self { Self(rawValue: 143) }
    @inlinable public static var jsonArray: Self { Self(rawValue: 199) }
    @inlinable public static var cidr: Self { Self(rawValue: 650) }
    @inlinable public static var cidrArray: Self { Self(rawValue: 651) }
    @inlinable public static var float4: Self { Self(rawValue: 700) }
    @inlinable public static var float8: Self { Self(rawValue: 701) }
    @inlinable public static var unknown: Self { Self(rawValue: 705) }
    @inlinable public static var macaddr: Self { Self(rawValue: 829) }
    @inlinable public static var inet: Self { Self(rawValue: 869) }
    @inlinable public static var boolArray: Self { Self(rawValue: 1000) }
    @inlinable public static var byteaArray: Self { Self(rawValue: 1001) }
    @inlinable public static var charArray: Self { Self(rawValue: 1002) }
    @inlinable public static var nameArray: Self { Self(rawValue: 1003) }
    @inlinable public static var int2Array: Self { Self(rawValue: 1005) }
    @inlinable public static var int4Array: Self { Self(rawValue: 1007) }
    @inlinable public static var textArray: Self { Self(rawValue: 1009) }
    @inlinable public static var bpcharArray: Self { Self(rawValue: 1014) }
    @inlinable public static var varcharArray: Self { Self(rawValue: 1015) }
    @inlinable public static var int8Array: Self { Self(rawValue: 1016) }
    @inlinable public static var float4Array: Self { Self(rawValue: 1021) }
    @inlinable public static var float8Array: Self { Self(rawValue: 1022) }
    @inlinable public static var oidArray: Self { Self(rawValue: 1028) }
    @inlinable public static var macaddrArray: Self { Self(rawValue: 1040) }
    @inlinable public static var inetArray: Self { Self(rawValue: 1041) }
    @inlinable public static var bpchar: Self { Self(rawValue: 1042) }
    @inlinable public static var varchar: Self { Self(rawValue: 1043) }
    @inlinable public static var date: Self { Self(rawValue: 1082) }
    @inlinable public static var time: Self { Self(rawValue: 1083) }
    @inlinable public static var timestamp: Self { Self(rawValue: 1114) }
    @inlinable public static var timestampArray: Self { Self(rawValue: 1115) }
    @inlinable public static var dateArray: Self { Self(rawValue: 1182) }
    @inlinable public static var timeArray: Self { Self(rawValue: 1183) }
    @inlinable public static var timestamptz: Self { Self(rawValue: 1184) }
    @inlinable public static var timestamptzArray: Self { Self(rawValue: 1185) }
    @inlinable public static var interval: Self { Self(rawValue: 1186) }
    @inlinable public static var intervalArray: Self { Self(rawValue: 1187) }
    @inlinable public static var numericArray: Self { Self(rawValue: 1231) }
    @inlinable public static var timetz: Self { Self(rawValue: 1266) }
    @inlinable public static var timetzArray: Self { Self(rawValue: 1270) }
    @inlinable public static var bit: Self { Self(rawValue: 1560) }
    @inlinable public static var bitArray: Self { Self(rawValue: 1561) }
    @inlinable public static var varbit: Self { Self(rawValue: 1562) }
    @inlinable public static var varbitArray: Self { Self(rawValue: 1563) }
    @inlinable public static var numeric: Self { Self(rawValue: 1700) }
    @inlinable public static var record: Self { Self(rawValue: 2249) }
    @inlinable public static var void: Self { Self(rawValue: 2278) }
    @inlinable public static var recordArray: Self { Self(rawValue: 2287) }
    @inlinable public static var uuid: Self { Self(rawValue: 2950) }
    @inlinable public static var uuidArray: Self { Self(rawValue: 2951) }
    @inlinable public static var jsonb: Self { Self(rawValue: 3802) }
    @inlinable public static var jsonbArray: Self { Self(rawValue: 3807) }
    @inlinable public static var int4range: Self { Self(rawValue: 3904) }
    @inlinable public static var int4rangeArray: Self { Self(rawValue: 3905) }
    @inlinable public static var numrange: Self { Self(rawValue: 3906) }
    @inlinable public static var numrangeArray: Self { Self(rawValue: 3907) }
    @inlinable public static var tsrange: Self { Self(rawValue: 3908) }
    @inlinable public static var tsrangeArray: Self { Self(rawValue: 3909) }
    @inlinable public static var tstzrange: Self { Self(rawValue: 3910) }
    @inlinable public static var tstzrangeArray: Self { Self(rawValue: 3911) }
    @inlinable public static var daterange: Self { Self(rawValue: 3912) }
    @inlinable public static var daterangeArray: Self { Self(rawValue: 3913) }
    @inlinable public static var int8range: Self { Self(rawValue: 3926) }
    @inlinable public static var int8rangeArray: Self { Self(rawValue: 3927) }
}

extension PostgresType {
    /// The name of a type that is the same in every database and that values here are made of; nil
    /// for every other type, whose name is in the database.
    var builtInName: StaticString? {
        switch self {
        case .bool: "bool"
        case .bytea: "bytea"
        case .char: "char"
        case .name: "name"
        case .int8: "int8"
        case .int2: "int2"
        case .int4: "int4"
        case .text: "text"
        case .oid: "oid"
        case .json: "json"
        case .xml: "xml"
        case .xmlArray: "xml[]"
        case .jsonArray: "json[]"
        case .cidr: "cidr"
        case .cidrArray: "cidr[]"
        case .float4: "float4"
        case .float8: "float8"
        case .unknown: "unknown"
        case .macaddr: "macaddr"
        case .inet: "inet"
        case .boolArray: "bool[]"
        case .byteaArray: "bytea[]"
        case .charArray: "char[]"
        case .nameArray: "name[]"
        case .int2Array: "int2[]"
        case .int4Array: "int4[]"
        case .textArray: "text[]"
        case .bpcharArray: "bpchar[]"
        case .varcharArray: "varchar[]"
        case .int8Array: "int8[]"
        case .float4Array: "float4[]"
        case .float8Array: "float8[]"
        case .oidArray: "oid[]"
        case .macaddrArray: "macaddr[]"
        case .inetArray: "inet[]"
        case .bpchar: "bpchar"
        case .varchar: "varchar"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestampArray: "timestamp[]"
        case .dateArray: "date[]"
        case .timeArray: "time[]"
        case .timestamptz: "timestamptz"
        case .timestamptzArray: "timestamptz[]"
        case .interval: "interval"
        case .intervalArray: "interval[]"
        case .numericArray: "numeric[]"
        case .timetz: "timetz"
        case .timetzArray: "timetz[]"
        case .bit: "bit"
        case .bitArray: "bit[]"
        case .varbit: "varbit"
        case .varbitArray: "varbit[]"
        case .numeric: "numeric"
        case .record: "record"
        case .void: "void"
        case .recordArray: "record[]"
        case .uuid: "uuid"
        case .uuidArray: "uuid[]"
        case .jsonb: "jsonb"
        case .jsonbArray: "jsonb[]"
        case .int4range: "int4range"
        case .int4rangeArray: "int4range[]"
        case .numrange: "numrange"
        case .numrangeArray: "numrange[]"
        case .tsrange: "tsrange"
        case .tsrangeArray: "tsrange[]"
        case .tstzrange: "tstzrange"
        case .tstzrangeArray: "tstzrange[]"
        case .daterange: "daterange"
        case .daterangeArray: "daterange[]"
        case .int8range: "int8range"
        case .int8rangeArray: "int8range[]"
        default: nil
        }
    }

    /// What the bounds of a range are, where the range is the same in every database.
    var builtInBound: PostgresType? {
        switch self {
        case .int4range: .int4
        case .numrange: .numeric
        case .tsrange: .timestamp
        case .tstzrange: .timestamptz
        case .daterange: .date
        case .int8range: .int8
        default: nil
        }
    }
}
