// SPDX-License-Identifier: MIT

/// An amount of money in the smallest unit of its currency, as 1999 for 19.99 euros: whole numbers
/// are exact.
public struct Amount: Equatable, Sendable {
    /// Ten thousand millions of most currencies.
    public static let maximum: Int64 = 1_000_000_000_000

    public let minorUnits: Int64

    public init(_ minorUnits: Int64) throws(Invalid) {
        guard 0...Self.maximum ~= minorUnits else {
            throw Invalid("must be 0 to \(Self.maximum), in the smallest unit of the currency")
        }
        self.minorUnits = minorUnits
    }
}
