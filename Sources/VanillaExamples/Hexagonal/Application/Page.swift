// SPDX-License-Identifier: MIT

/// A part of a list: so many items at most, of those after a number.
public struct Page: Equatable, Sendable {
    /// The items of a page at most.
    public static let maximumLimit = 1000

    public let after: Int64
    public let limit: Int

    /// A page; `nil` for one that is empty or too long.
    public init?(after: Int64 = 0, limit: Int = 100) {
        guard 1...Self.maximumLimit ~= limit else { return nil }
        self.after = after
        self.limit = limit
    }
}
