// SPDX-License-Identifier: MIT

/// A moment as HTTP tells it: in whole seconds, from 1970 to the end of 9999 (RFC 9110, section
/// 5.6.7).
@frozen
public struct HTTPDate: Sendable, Hashable, Comparable {
    /// Seconds since the first of January 1970, 00:00:00 UTC.
    public let secondsSince1970: Int64

    /// The moment that many seconds after the beginning of 1970, as in the `st_mtime` of a file. A
    /// moment before 1970 becomes its beginning, one after 9999 its end.
    @inlinable
    public init(secondsSince1970: Int64) {
        self.secondsSince1970 = min(max(secondsSince1970, 0), 253_402_300_799)
    }

    /// Whether one is earlier than the other.
    @inlinable
    public static func < (left: HTTPDate, right: HTTPDate) -> Bool {
        left.secondsSince1970 < right.secondsSince1970
    }
}
