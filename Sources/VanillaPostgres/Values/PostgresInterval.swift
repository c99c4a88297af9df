// SPDX-License-Identifier: MIT

/// An `interval`: months, days and microseconds, which PostgreSQL keeps apart, because a month has
/// no fixed number of days, and a day no fixed number of hours.
@frozen
public struct PostgresInterval: Sendable, Hashable {
    /// Whole months; twelve make a year.
    public var months: Int32
    /// Whole days; seven make a week.
    public var days: Int32
    /// What is left, in microseconds.
    public var microseconds: Int64

    /// An interval of these parts.
    @inlinable
    public init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }

    /// A duration, rounded down to microseconds; nil where an interval cannot be so long.
    public init?(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // Both have the sign of the duration, and the second is less than a second.
        var rest = attoseconds / 1_000_000_000_000
        if attoseconds % 1_000_000_000_000 < 0 { rest -= 1 }
        let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isLonger) = product.addingReportingOverflow(rest)
        guard !isTooLong && !isLonger else { return nil }
        self.init(microseconds: sum)
    }
}

extension Duration {
    /// The length of an interval without months and days; nil for any other, as those have no fixed
    /// length.
    public init?(_ interval: PostgresInterval) {
        guard interval.months == 0 && interval.days == 0 else { return nil }
        self = .microseconds(interval.microseconds)
    }
}

extension PostgresInterval: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .interval }
    public static var postgresArrayType: PostgresType { .intervalArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .interval }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.begin(.interval)
        try parameters.write(microseconds)
        try parameters.write(days)
        try parameters.write(months)
        parameters.end()
    }

    /// An infinite interval (from PostgreSQL 17 on) has the largest or the least number in each
    /// part.
    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .interval, let number = cell.number(UInt128.self) else {
            throw cell.mismatch(PostgresInterval.self)
        }
        self.init(
            months: Int32(truncatingIfNeeded: number),
            days: Int32(truncatingIfNeeded: number >> 32),
            microseconds: Int64(truncatingIfNeeded: number >> 64))
    }
}

extension PostgresInterval: CustomStringConvertible {
    /// As in ISO 8601, each part with its sign: `P1Y2M-3DT4H5M6.5S`. PostgreSQL reads it.
    public var description: String {
        var text = "P"
        func add(_ number: some BinaryInteger, _ unit: String) {
            if number != 0 { text += "\(number)\(unit)" }
        }
        add(months / 12, "Y")
        add(months % 12, "M")
        add(days, "D")
        guard microseconds != 0 else { return text == "P" ? "PT0S" : text }
        text += "T"
        add(microseconds / 3_600_000_000, "H")
        add(microseconds / 60_000_000 % 60, "M")
        let rest = microseconds % 60_000_000
        guard rest != 0 else { return text }
        let fraction = String((rest % 1_000_000).magnitude + 1_000_000).dropFirst()
        text += "\(rest < 0 ? "-" : "")\(rest.magnitude / 1_000_000)"
        if rest % 1_000_000 != 0 {
            text += "." + fraction.trimmingZeros
        }
        return text + "S"
    }
}

extension Substring {
    /// Without the zeros at its end.
    fileprivate var trimmingZeros: Substring {
        var text = self
        while text.last == "0" { text.removeLast() }
        return text
    }
}
