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
        /// How bytes pass; `nil` as they are.
        package let transport: (any ListenerTransport)?

        /// A listener for HTTP/1.1, in clear. `VanillaTLS` has one for HTTPS.
        public init(_ address: Configuration.Address) {
            self.init(address, transport: nil)
        }

        /// A listener whose bytes pass as `transport` has it.
        package init(_ address: Configuration.Address, transport: (any ListenerTransport)?) {
            self.address = address
            self.transport = transport
        }

        /// Whether both listen at the same address, with the very same TLS or both without.
        public static func == (one: Listener, other: Listener) -> Bool {
            one.address == other.address && one.transport === other.transport
        }

        /// Feeds the address into a hasher.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(address)
        }
    }
}
