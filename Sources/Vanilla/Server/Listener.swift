// SPDX-License-Identifier: MIT

extension Server {
    /// One place where a server listens. All listeners of a server share its workers.
    ///
    /// ```swift
    /// let configuration = Server.Configuration(listeners: [
    ///     Server.Listener(.any(port: 3000)),
    ///     Server.Listener(.unixSocket(path: "/run/app.sock")),
    /// ])
    /// ```
    public struct Listener: Sendable, Hashable {
        /// Where it listens.
        public var address: Configuration.Address

        /// A listener for HTTP/1.1.
        public init(_ address: Configuration.Address) {
            self.address = address
        }
    }
}
