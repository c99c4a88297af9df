// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Where a server listens. Port 0 stands for any free one: `Server.port` tells which.
    public enum Address: Sendable, Hashable {
        /// Every address of the machine, IPv4 and IPv6.
        case any(port: Int)
        /// One address in digits: `127.0.0.1`, `::1`, `0.0.0.0`.
        case host(String, port: Int)
        /// A unix domain socket at that path, with permissions as for chmod(2). A socket file that
        /// nobody listens on is replaced; any other file is left alone.
        case unixSocket(path: String, permissions: Int = 0o600)
    }
}
