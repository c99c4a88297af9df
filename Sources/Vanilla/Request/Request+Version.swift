// SPDX-License-Identifier: MIT

extension Request {
    /// A version of HTTP. Answers to HTTP/1 are always HTTP/1.1, framed so that the client
    /// understands them.
    public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
        /// The number before the point.
        public let major: UInt8
        /// The number after the point.
        public let minor: UInt8

        private init(_ major: UInt8, _ minor: UInt8) {
            self.major = major
            self.minor = minor
        }

        /// HTTP/1.0
        // swift-format-ignore: AlwaysUseLowerCamelCase
        public static let http1_0 = Version(1, 0)
        /// HTTP/1.1, and any later HTTP/1.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        public static let http1_1 = Version(1, 1)

        /// HTTP/2.
        public static let http2 = Version(2, 0)

        /// Whether one is older than the other.
        public static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor) < (right.major, right.minor)
        }

        /// The version as it is written: `HTTP/1.1`, `HTTP/2`.
        public var description: String { major == 1 ? "HTTP/1.\(minor)" : "HTTP/\(major)" }
    }
}
