// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Listener {
    /// What the clients of a listener may speak. Their first bytes say which it is, so both share
    /// a port.
    ///
    /// ```swift
    /// let listener = Server.Listener(.any(port: 3000), protocols: [.http1, .http2])
    /// ```
    public struct Protocols: OptionSet, Sendable, Hashable {
        /// The bits of the protocols.
        public let rawValue: UInt8

        /// Those of these bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// HTTP/1.1, and HTTP/1.0.
        public static let http1 = Protocols(rawValue: UInt8(VN_SPEAKS_HTTP1))
        /// HTTP/2 (RFC 9113): over TLS where the client chooses it by ALPN, and in clear where it
        /// knows beforehand.
        public static let http2 = Protocols(rawValue: UInt8(VN_SPEAKS_HTTP2))
    }
}
