// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla

/// How long connections are kept, as it is named on a command line.
public struct KeepAliveOption: ExpressibleByArgument, Sendable {
    /// What it is in the configuration.
    public var keepAlive = Server.Configuration.KeepAlive.rfc

    public init() {}

    public init?(argument: String) {
        guard let keepAlive = Server.Configuration.KeepAlive(argument) else { return nil }
        self.keepAlive = keepAlive
    }

    public static var allValueStrings: [String] {
        Server.Configuration.KeepAlive.allCases.map(\.description)
    }

    public var defaultValueDescription: String { keepAlive.description }
}
