// SPDX-License-Identifier: MIT

internal import Vanilla

/// A value that ranges of the database can have as bounds.
public protocol PostgresRangeBound: PostgresEncodable, PostgresDecodable {
    /// What the server is told that a range of it is.
    static var postgresRangeType: PostgresType { get }
    /// What the server is told that an array of such ranges is.
    static var postgresRangeArrayType: PostgresType { get }
}

/// A range, such as `int8range` or `tstzrange`, whose bounds may be absent.
///
/// PostgreSQL tells ranges of integers and dates with the lower bound in it and the upper one not.
public struct PostgresRange<Bound: PostgresDecodable> {
    /// A side of it: up to a value, which belongs to it or not, or without an end.
    public enum Limit {
        /// The value belongs to the range.
        case included(Bound)
        /// The value does not belong to it any more.
        case excluded(Bound)
        /// It has no end on that side.
        case unbounded

        /// The value, where there is one.
        public var bound: Bound? {
            switch self {
            case .included(let bound), .excluded(let bound): bound
            case .unbounded: nil
            }
        }
    }

    /// Where it begins. Of an empty range, nothing is told.
    public let lower: Limit
    /// Where it ends. Of an empty range, nothing is told.
    public let upper: Limit
    /// Whether it has no value in it.
    public let isEmpty: Bool

    /// A range between two sides.
    public init(from lower: Limit, to upper: Limit) {
        self.lower = lower
        self.upper = upper
        isEmpty = false
    }

    /// The range that has no value in it.
    public static var empty: Self { Self() }

    private init() {
        lower = .unbounded
        upper = .unbounded
        isEmpty = true
    }
}

extension PostgresRange where Bound: Comparable {
    /// The range of Swift, without its upper bound. An empty one is the database's empty range.
    public init(_ range: Range<Bound>) {
        self =
            range.isEmpty
            ? .empty : Self(from: .included(range.lowerBound), to: .excluded(range.upperBound))
    }

    /// The range of Swift, with its upper bound.
    public init(_ range: ClosedRange<Bound>) {
        self.init(from: .included(range.lowerBound), to: .included(range.upperBound))
    }
}

extension PostgresRange: Sendable where Bound: Sendable {}
extension PostgresRange: Equatable where Bound: Equatable {}
extension PostgresRange: Hashable where Bound: Hashable {}
extension PostgresRange.Limit: Sendable where Bound: Sendable {}
extension PostgresRange.Limit: Equatable where Bound: Equatable {}
extension PostgresRange.Limit: Hashable where Bound: Hashable {}

// MARK: - The binary format: a byte of flags, and the bounds that are there

/// The flags of a range.
private struct Flags: OptionSet {
    let rawValue: UInt8

    static var empty: Flags { Flags(rawValue: 1) }
    static var lowerIncluded: Flags { Flags(rawValue: 2) }
    static var upperIncluded: Flags { Flags(rawValue: 4) }
    static var lowerUnbounded: Flags { Flags(rawValue: 8) }
    static var upperUnbounded: Flags { Flags(rawValue: 16) }
}

extension PostgresRange: PostgresDecodable {
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard let type = cell.types.bound(of: cell.form), !cell.isNull, !cell.bytes.isEmpty else {
            throw cell.mismatch(Self.self)
        }
        let flags = Flags(rawValue: cell.bytes.span[0])
        guard !flags.contains(.empty) else {
            self = .empty
            return
        }
        var end = 1
        let lower: Limit =
            flags.contains(.lowerUnbounded)
            ? .unbounded : try Self.limit(cell, type, &end, flags.contains(.lowerIncluded))
        let upper: Limit =
            flags.contains(.upperUnbounded)
            ? .unbounded : try Self.limit(cell, type, &end, flags.contains(.upperIncluded))
        self.init(from: lower, to: upper)
    }

    private static func limit(
        _ cell: borrowing PostgresCell, _ type: PostgresType, _ end: inout Int, _ isIncluded: Bool
    ) throws(PostgresError) -> Limit {
        guard let value = cell.bytes.span.sized(at: end), let place = value.place else {
            throw cell.mismatch(Self.self)
        }
        let part = end == 1 ? 0 : 1
        end = value.end
        let bound = try Bound(cell.inner(place, of: type, part: part))
        return isIncluded ? .included(bound) : .excluded(bound)
    }
}

extension PostgresRange: PostgresEncodable where Bound: PostgresRangeBound {
    public static var postgresType: PostgresType { Bound.postgresRangeType }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        var flags: Flags = isEmpty ? .empty : []
        if case .included = lower { flags.insert(.lowerIncluded) }
        if case .included = upper { flags.insert(.upperIncluded) }
        if case .unbounded = lower { flags.insert(.lowerUnbounded) }
        if case .unbounded = upper { flags.insert(.upperUnbounded) }
        try parameters.begin(Bound.postgresRangeType, of: Bound.postgresType)
        try parameters.write(flags.rawValue)
        try lower.bound?.encode(into: parameters)
        try upper.bound?.encode(into: parameters)
        parameters.end()
    }
}

extension PostgresRange: PostgresArrayElement where Bound: PostgresRangeBound {
    public static var postgresArrayType: PostgresType { Bound.postgresRangeArrayType }
}

extension Int32: PostgresRangeBound {
    public static var postgresRangeType: PostgresType { .int4range }
    public static var postgresRangeArrayType: PostgresType { .int4rangeArray }
}

extension Int64: PostgresRangeBound {
    public static var postgresRangeType: PostgresType { .int8range }
    public static var postgresRangeArrayType: PostgresType { .int8rangeArray }
}

extension Int: PostgresRangeBound {
    public static var postgresRangeType: PostgresType { .int8range }
    public static var postgresRangeArrayType: PostgresType { .int8rangeArray }
}

extension PostgresTimestamp: PostgresRangeBound {
    public static var postgresRangeType: PostgresType { .tstzrange }
    public static var postgresRangeArrayType: PostgresType { .tstzrangeArray }
}
