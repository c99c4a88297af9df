// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla

/// How long connections are kept, as it is named on a command line.
public enum KeepAliveOption: String, ExpressibleByArgument, CaseIterable, Sendable {
    case rfc
    case always
    case never

    /// What it is in the configuration.
    public var keepAlive: Server.Configuration.KeepAlive {
        switch self {
        case .rfc: .rfc
        case .always: .always
        case .never: .never
        }
    }
}
