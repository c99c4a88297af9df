// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension HTTPDate {
    /// The moment in whole seconds, of which what is left is dropped; as near as a date of HTTP can
    /// come to it, where it is before 1970, after 9999, or no number.
    public init(_ date: Date) {
        let seconds = date.timeIntervalSince1970
        // No Double between these is beyond an Int64.
        let bounded = seconds.isNaN ? 0 : min(max(seconds, 0), 1e12)
        self.init(secondsSince1970: Int64(bounded))
    }
}

extension Date {
    /// The same moment.
    public init(_ date: HTTPDate) {
        self.init(timeIntervalSince1970: Double(date.secondsSince1970))
    }
}
