// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla

/// An address as it is named on a command line: `3001`, `127.0.0.1:3001`, `[::1]:3001`,
/// `unix:/run/app.sock`.
public struct ListenOption: ExpressibleByArgument, Sendable {
    /// What it is in the configuration.
    public let address: Server.Configuration.Address

    public init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = String(argument.dropFirst("unix:".count))
            guard !path.isEmpty else { return nil }
            address = .unixSocket(path: path)
            return
        }
        let colon = argument.lastIndex(of: ":")
        let digits = colon.map { argument[argument.index(after: $0)...] } ?? argument[...]
        guard let port = Int(digits), 0...65535 ~= port else { return nil }
        guard let colon else {
            address = .any(port: port)
            return
        }
        let host = String(argument[..<colon])
        guard !host.isEmpty, !host.contains(":") || host.hasPrefix("[") else { return nil }
        address = .host(host, port: port)
    }
}
