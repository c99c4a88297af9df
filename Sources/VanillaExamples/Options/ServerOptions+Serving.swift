// SPDX-License-Identifier: MIT

import ArgumentParser
import CLibrary
public import Vanilla
import VanillaTLS

extension ServerOptions {
    /// Makes a server with the options, says where it listens, and serves until a signal stops it.
    ///
    /// ```swift
    /// try options.serve { configuration in
    ///     try Server(configuration: configuration, router: router)
    /// }
    /// ```
    public func serve(_ makeServer: (Server.Configuration) throws -> Server) throws {
        do {
            let server = try makeServer(configuration)
            try server.run {
                announce(
                    server.addresses, schemes: server.configuration.listeners.map(\.scheme),
                    backend: server.backend, workerCount: server.workerCount)
            }
        } catch let error as ServerError where error.isAboutOptions {
            throw ValidationError(error.description)
        }
    }

    /// Says on standard output that connections are accepted, one line for each address, for people
    /// and for scripts that wait for it.
    public func announce(
        _ addresses: [Server.Configuration.Address], schemes: [String] = [],
        backend: Server.Backend, workerCount: Int
    ) {
        let workers = workerCount == 1 ? "1 worker" : "\(workerCount) workers"
        for (index, address) in addresses.enumerated() {
            let scheme = schemes.indices.contains(index) ? schemes[index] : "http"
            print("listening on \(address.url(scheme: scheme)) (\(backend), \(workers))")
        }
        fflush(nil)
    }
}

extension Server.Listener {
    /// What stands before its address: `h2c` where a client has to know that it is HTTP/2.
    fileprivate var scheme: String {
        if tls != nil { return "https" }
        return protocols == .http2 ? "h2c" : "http"
    }
}

extension Server.Configuration.Address {
    /// What a client is told to reach it.
    fileprivate func url(scheme: String) -> String {
        if let unixSocket { return "unix:\(unixSocket.path)" }
        let port = port ?? 0
        return switch host {
        case nil, "0.0.0.0", "::", "[::]": "\(scheme)://127.0.0.1:\(port)"
        case let host? where host.contains(":"): "\(scheme)://[\(ipv6InURL(host))]:\(port)"
        case let host?: "\(scheme)://\(host):\(port)"
        }
    }
}

/// An IPv6 address, in brackets or not, as it stands between those of a URL: `%25` before its
/// interface (RFC 6874), unless it was given as in a URL.
private func ipv6InURL(_ host: String) -> String {
    let bare = host.hasPrefix("[") ? host.dropFirst().dropLast() : host[...]
    let parts = bare.split(separator: "%", maxSplits: 1)
    guard parts.count == 2 else { return String(bare) }
    let (address, interface) = (parts[0], parts[1])
    let isEscaped =
        interface.hasPrefix("25") && if_nametoindex(String(interface)) == 0
        && if_nametoindex(String(interface.dropFirst(2))) != 0
    return "\(address)%25\(isEscaped ? interface.dropFirst(2) : interface)"
}

extension ServerError {
    fileprivate var isAboutOptions: Bool {
        kind == .invalidConfiguration || kind == .invalidAddress
    }
}

/// The value of a variable of the environment; `nil` where it is not set or empty.
public func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}
