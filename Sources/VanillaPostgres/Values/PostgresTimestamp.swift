// SPDX-License-Identifier: MIT

public import Vanilla

/// A moment in microseconds, as `timestamptz` has it.
///
/// In a `timestamp` it is written and read as UTC, in a `date` as its midnight in UTC: a connection
/// has its `TimeZone` set to that.
@frozen
public struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the first of January 1970, 00:00:00 UTC; `.max` and `.min` are the
    /// database's `infinity` and `-infinity`.
    public let microsecondsSince1970: Int64

    /// The moment that many microseconds after the beginning of 1970.
    @inlinable
    public init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    /// The moment that HTTP told.
    @inlinable
    public init(_ date: HTTPDate) {
        // Seconds up to the year 9999.
        microsecondsSince1970 = date.secondsSince1970 * 1_000_000
    }

    /// Whether one is earlier than the other.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    /// From 1970 to 2000, where PostgreSQL begins to count.
    private static let epoch: Int64 = 946_684_800_000_000
}

extension HTTPDate {
    /// The moment in whole seconds, rounded down, within what HTTP can tell.
    @inlinable
    public init(_ timestamp: PostgresTimestamp) {
        let (seconds, rest) = timestamp.microsecondsSince1970.quotientAndRemainder(
            dividingBy: 1_000_000)
        self.init(secondsSince1970: rest < 0 ? seconds - 1 : seconds)
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .timestamptz }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        let count: Int64
        switch microsecondsSince1970 {
        case .max, .min: count = microsecondsSince1970
        default:
            let (since2000, overflow) = microsecondsSince1970.subtractingReportingOverflow(
                Self.epoch)
            guard !overflow else {
                throw PostgresError(.encoding, "PostgreSQL has no moment that long ago.")
            }
            count = since2000
        }
        try parameters.append(count, type: .timestamptz)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        if cell.form == .timestamptz || cell.form == .timestamp,
            let count = cell.number(Int64.self)
        {
            self = try Self.since2000(count, cell)
        } else if cell.form == .date, let days = cell.number(Int32.self) {
            switch days {
            case .max: self.init(microsecondsSince1970: .max)
            case .min: self.init(microsecondsSince1970: .min)
            default:
                // Dates go on for longer than microseconds can tell.
                let (count, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000_000)
                guard !overflow else { throw cell.mismatch(PostgresTimestamp.self) }
                self = try Self.since2000(count, cell)
            }
        } else {
            throw cell.mismatch(PostgresTimestamp.self)
        }
    }

    private static func since2000(
        _ count: Int64, _ cell: borrowing PostgresCell
    ) throws(PostgresError) -> Self {
        if count == .max || count == .min { return Self(microsecondsSince1970: count) }
        let (since1970, overflow) = count.addingReportingOverflow(epoch)
        guard !overflow else { throw cell.mismatch(PostgresTimestamp.self) }
        return Self(microsecondsSince1970: since1970)
    }
}

extension PostgresTimestamp: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .timestamptzArray }
    public static func reads(_ type: PostgresType) -> Bool {
        type == .timestamptz || type == .timestamp || type == .date
    }
}

/// As its number of microseconds since 1970, for other formats than rows: exact, and not a text
/// whose form each reader wants otherwise. Foundation's `Date` is encoded as its encoder says.
extension PostgresTimestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(microsecondsSince1970: try container.decode(Int64.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microsecondsSince1970)
    }
}
