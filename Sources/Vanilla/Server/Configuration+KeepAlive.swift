// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Whether connections stay open between requests.
    public enum KeepAlive: String, Sendable, CaseIterable {
        /// As client and version ask for (RFC 9112, section 9.3).
        case rfc
        /// Whatever the client asks for; errors still close.
        case always
        /// One request a connection.
        case never
    }
}
