// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Configuration {
    /// Whether connections stay open between requests. Later versions may have more ways.
    public struct KeepAlive: Sendable, Hashable, CaseIterable, LosslessStringConvertible {
        /// The way's number in C.
        let c: UInt8
        /// The name that people and options use.
        public let description: String

        private init(_ name: String, _ number: Int) {
            description = name
            c = UInt8(number)
        }

        /// The way of that name; `nil` where there is none.
        public init?(_ description: String) {
            guard let way = KeepAlive.allCases.first(where: { $0.description == description })
            else { return nil }
            self = way
        }

        /// As client and version ask for (RFC 9112, section 9.3).
        public static let rfc = KeepAlive("rfc", VN_KEEP_ALIVE_RFC)
        /// Whatever the client asks for; errors still close.
        public static let always = KeepAlive("always", VN_KEEP_ALIVE_ALWAYS)
        /// One request for each connection.
        public static let never = KeepAlive("never", VN_KEEP_ALIVE_NEVER)

        /// All ways.
        public static let allCases = [rfc, always, never]
    }
}
