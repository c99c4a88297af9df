// SPDX-License-Identifier: MIT

import ArgumentParser
public import Vanilla

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

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
                    port: server.port, backend: server.backend, workerCount: server.workerCount)
            }
        } catch let error as ServerError where error.isAboutOptions {
            throw ValidationError(error.description)
        }
    }

    /// Says on one line of standard output that connections are accepted, for people and for
    /// scripts that wait for it.
    public func announce(port: Int, backend: Server.Backend, workerCount: Int) {
        let workers = workerCount == 1 ? "1 worker" : "\(workerCount) workers"
        print("listening on \(place(port: port)) (\(backend), \(workers))")
        fflush(nil)
    }

    private func place(port: Int) -> String {
        if let unixSocket { return "unix:\(unixSocket)" }
        return switch host {
        case nil, "0.0.0.0", "::", "[::]": "http://127.0.0.1:\(port)"
        case let host? where host.contains(":") && !host.hasPrefix("["): "http://[\(host)]:\(port)"
        case let host?: "http://\(host):\(port)"
        }
    }
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
