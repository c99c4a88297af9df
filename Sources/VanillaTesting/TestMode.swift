// SPDX-License-Identifier: MIT

/// How the clients of a test reach its server.
public struct TestMode: Sendable, Hashable, CustomStringConvertible {
    /// The name of the static member.
    public let description: String

    private init(_ name: String) {
        description = name
    }

    /// Without a socket: one worker serves clients of the same process. Scanner, router, handlers,
    /// deadlines and limits are the server's; what the operating system does between two programs
    /// is left out. Requests have no peer address.
    public static let inProcess = TestMode("inProcess")

    /// Over TCP, on a free port of the loopback interface, with the workers and the backend of the
    /// configuration.
    public static let socket = TestMode("socket")
}
