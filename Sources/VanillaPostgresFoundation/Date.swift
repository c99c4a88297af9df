// SPDX-License-Identifier: MIT

public import VanillaPostgres

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension PostgresTimestamp {
    /// The moment in microseconds, rounded to the nearest; nil where PostgreSQL has no such moment.
    public init?(_ date: Date) {
        // A number of seconds, of which a double tells microseconds for some centuries around 2001.
        let count = (date.timeIntervalSinceReferenceDate * 1_000_000).rounded()
        guard let since2001 = Int64(exactly: count) else { return nil }
        let (since1970, isTooLate) = since2001.addingReportingOverflow(Self.from1970To2001)
        // The largest and the least stand for infinity.
        guard !isTooLate, since1970 != .max, since1970 != .min else { return nil }
        self.init(microsecondsSince1970: since1970)
    }

    /// From the beginning of 1970 to that of 2001, from where Foundation counts, in microseconds.
    fileprivate static let from1970To2001: Int64 = 978_307_200_000_000
}

extension Date {
    /// The moment; nil for `infinity` and `-infinity`, which a `Date` does not have.
    public init?(_ timestamp: PostgresTimestamp) {
        let count = timestamp.microsecondsSince1970
        guard count != .max && count != .min else { return nil }
        let (since2001, isTooEarly) = count.subtractingReportingOverflow(
            PostgresTimestamp.from1970To2001)
        guard !isTooEarly else { return nil }
        // Counted from 2001, so that whole microseconds come back as they went.
        self.init(timeIntervalSinceReferenceDate: Double(since2001) / 1_000_000)
    }
}

/// A `timestamptz`; a `timestamp` is read as UTC, a `date` as its midnight in UTC. What has no end,
/// `infinity`, is refused: read it as a `PostgresTimestamp`.
extension Date: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .timestamptz }
    public static var postgresArrayType: PostgresType { .timestamptzArray }
    public static func reads(_ type: PostgresType) -> Bool { PostgresTimestamp.reads(type) }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        guard let timestamp = PostgresTimestamp(self) else {
            // In seconds: the description of a date that far away ends the process.
            throw PostgresError(
                encoding: "PostgreSQL has no moment \(timeIntervalSince1970) s after 1970.")
        }
        try timestamp.encode(into: parameters)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard let date = Date(try PostgresTimestamp(cell)) else { throw cell.mismatch(Date.self) }
        self = date
    }
}

extension Date: PostgresRangeBound {
    public static var postgresRangeType: PostgresType { .tstzrange }
    public static var postgresRangeArrayType: PostgresType { .tstzrangeArray }
}
