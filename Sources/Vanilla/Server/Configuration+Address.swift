// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// Where a server listens. Port 0 stands for any free one: `Server.port` tells which.
    public struct Address: Sendable, Hashable {
        enum Place: Sendable, Hashable {
            case any(port: Int)
            case host(String, port: Int)
            case unixSocket(path: String, permissions: Int)
        }

        let place: Place

        /// Every address of the machine, IPv4 and IPv6.
        public static func any(port: Int) -> Address {
            Address(place: .any(port: port))
        }

        /// One address in digits, `127.0.0.1`, `::1`, `0.0.0.0`, or the name of this host,
        /// `localhost`. An IPv6 address of one link has its interface with it: `fe80::1%eth0`, or
        /// as in a URL, `fe80::1%25eth0`.
        ///
        /// A name is looked up when the server starts, by getaddrinfo(3) on the thread that starts
        /// it, which may take seconds. Of several addresses the first IPv4 address counts, which
        /// clients of either family find, or where there is none the first IPv6 address: whoever
        /// wants several lists several listeners. A name without an address fails the start with
        /// ``ServerError`` of the kind `invalidAddress`.
        public static func host(_ host: String, port: Int) -> Address {
            Address(place: .host(host, port: port))
        }

        /// A unix domain socket at that path, with permissions as for chmod(2). A socket file that
        /// nobody listens on is replaced; any other file is left alone. `@` and a name stand for
        /// one of the abstract namespace (unix(7)), which is no file and has no permissions.
        public static func unixSocket(path: String, permissions: Int = 0o600) -> Address {
            Address(place: .unixSocket(path: path, permissions: permissions))
        }
    }
}

extension Server.Configuration.Address {
    /// The address in digits, or the name, as it was given; `nil` for every address of the machine
    /// and for a unix domain socket.
    public var host: String? {
        if case .host(let host, _) = place { host } else { nil }
    }

    /// The port; `nil` for a unix domain socket.
    public var port: Int? {
        switch place {
        case .any(let port), .host(_, let port): port
        case .unixSocket: nil
        }
    }

    /// The same address with another port, where it has one.
    func with(port: Int) -> Self {
        switch place {
        case .any: .any(port: port)
        case .host(let host, _): .host(host, port: port)
        case .unixSocket: self
        }
    }

    /// The path of a unix domain socket and its permissions; `nil` for other addresses.
    public var unixSocket: (path: String, permissions: Int)? {
        if case .unixSocket(let path, let permissions) = place { (path, permissions) } else { nil }
    }
}
