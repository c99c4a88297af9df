// SPDX-License-Identifier: MIT

/// A version of TLS. Later ones are greater.
public struct TLSVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number of the version as it is sent: 0x0304 for TLS 1.3.
    public let number: UInt16

    init(number: UInt16) {
        self.number = number
    }

    /// TLS 1.2 (RFC 5246).
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static let v1_2 = TLSVersion(number: 0x0303)
    /// TLS 1.3 (RFC 8446).
    // swift-format-ignore: AlwaysUseLowerCamelCase
    public static let v1_3 = TLSVersion(number: 0x0304)

    /// Whether `one` is the earlier version.
    public static func < (one: TLSVersion, other: TLSVersion) -> Bool {
        one.number < other.number
    }

    /// `TLS 1.3`.
    public var description: String {
        "TLS 1.\(Int(number & 0xFF) - 1)"
    }
}
