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
        /// What its clients may speak.
        public var protocols: Protocols
        /// How bytes pass; `nil` as they are.
        package let transport: (any ListenerTransport)?
        /// The port of https to which it redirects each request; `nil` for ordinary listeners.
        public private(set) var redirectedPort: Int?

        /// A listener in clear. `VanillaTLS` has one for HTTPS.
        ///
        /// - Parameter protocols: What its clients may speak. In clear a client of HTTP/2 has to
        ///   know that the server does (RFC 9113, section 3.3); browsers do not.
        public init(_ address: Configuration.Address, protocols: Protocols = .http1) {
            self.init(address, protocols: protocols, transport: nil)
        }

        /// A listener in clear that only says where https is: each request, by any method, is
        /// answered 308 (RFC 9110, section 15.4.9) with the host that it named, this port, and its
        /// path and query as they came. No handler sees it, and its body is not read. A request
        /// that names no host, or a malformed one, gets 400.
        ///
        /// ```swift
        /// let redirecting = Server.Listener.redirecting(.any(port: 80), toHTTPSPort: 443)
        /// ```
        ///
        /// - Parameters:
        ///   - address: Where it listens.
        ///   - port: The port of https as clients know it, 1 to 65,535; 443 is left out of the
        ///     location.
        public static func redirecting(
            _ address: Configuration.Address, toHTTPSPort port: Int = 443
        ) -> Listener {
            var listener = Listener(address)
            listener.redirectedPort = port
            return listener
        }

        /// A listener whose bytes pass as `transport` has it.
        package init(
            _ address: Configuration.Address, protocols: Protocols,
            transport: (any ListenerTransport)?
        ) {
            self.address = address
            self.protocols = protocols
            self.transport = transport
        }

        /// Whether both listen at the same address for the same protocols, with the very same TLS
        /// or both without, and redirect to the same port or not at all.
        public static func == (one: Listener, other: Listener) -> Bool {
            one.address == other.address && one.protocols == other.protocols
                && one.transport === other.transport && one.redirectedPort == other.redirectedPort
        }

        /// Feeds the address into a hasher.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(address)
        }
    }
}
