// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla

/// The backend as it is named on a command line.
public enum BackendOption: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto
    case ioUring = "io_uring"
    case epoll
    case kqueue

    /// The backend; `nil` where the server chooses.
    public var backend: Server.Backend? {
        switch self {
        case .auto: nil
        case .ioUring: .ioUring
        case .epoll: .epoll
        case .kqueue: .kqueue
        }
    }
}
