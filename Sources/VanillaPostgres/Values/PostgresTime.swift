// SPDX-License-Identifier: MIT

/// A time of day, as `time` has it: without a day and without a zone.
@frozen
public struct PostgresTime: Sendable, Hashable, Comparable {
    /// Microseconds since midnight: from 0 to 86,400,000,000, which is 24:00:00, as in PostgreSQL.
    public let microsecondsSinceMidnight: Int64

    /// The time that many microseconds after midnight; nil where a day has no such time.
    @inlinable
    public init?(microsecondsSinceMidnight: Int64) {
        guard 0...86_400_000_000 ~= microsecondsSinceMidnight else { return nil }
        self.microsecondsSinceMidnight = microsecondsSinceMidnight
    }

    /// A time by what a clock shows; nil where it shows no such time.
    @inlinable
    public init?(hour: Int, minute: Int = 0, second: Int = 0, microsecond: Int = 0) {
        guard 0...24 ~= hour, 0..<60 ~= minute, 0..<60 ~= second, 0..<1_000_000 ~= microsecond
        else { return nil }
        let seconds = (hour * 60 + minute) * 60 + second
        self.init(microsecondsSinceMidnight: Int64(seconds) * 1_000_000 + Int64(microsecond))
    }

    /// Whether one is earlier in the day than the other.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSinceMidnight < right.microsecondsSinceMidnight
    }

    /// What a clock shows: from 0 to 24.
    public var hour: Int { Int(microsecondsSinceMidnight / 3_600_000_000) }
    /// From 0 to 59.
    public var minute: Int { Int(microsecondsSinceMidnight / 60_000_000 % 60) }
    /// From 0 to 59.
    public var second: Int { Int(microsecondsSinceMidnight / 1_000_000 % 60) }
    /// From 0 to 999,999.
    public var microsecond: Int { Int(microsecondsSinceMidnight % 1_000_000) }
}

extension PostgresTime: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .time }
    public static var postgresArrayType: PostgresType { .timeArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .time }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(microsecondsSinceMidnight, type: .time)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .time, let count = cell.number(Int64.self),
            let time = PostgresTime(microsecondsSinceMidnight: count)
        else { throw cell.mismatch(PostgresTime.self) }
        self = time
    }
}

extension PostgresTime: CustomStringConvertible {
    /// As PostgreSQL writes it, always with six decimals: `07:05:00.250000`.
    public var description: String {
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let clock = [hour, minute, second].map { digits($0, 2) }.joined(separator: ":")
        return clock + "." + digits(microsecond, 6)
    }
}
