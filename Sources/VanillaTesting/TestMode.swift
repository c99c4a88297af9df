// SPDX-License-Identifier: MIT

/// How the clients of a test reach its server.
public struct TestMode: Sendable, Hashable, CustomStringConvertible {
    /// The name of the static member.
    public let description: String
    /// What sockets wear; `nil` where bytes pass as they are.
    let security: (any SocketSecurity)?

    /// A mode of sockets whose bytes are changed on the way, or the others.
    package init(_ name: String, security: (any SocketSecurity)? = nil) {
        description = name
        self.security = security
    }

    /// Whether both are the same mode.
    public static func == (one: TestMode, other: TestMode) -> Bool {
        one.description == other.description
    }

    /// Feeds the name into a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(description)
    }

    /// Without a socket: one worker serves clients of the same process. Scanner, router, handlers,
    /// deadlines and limits are the server's; what the operating system does between two programs
    /// is left out. Requests have no peer address.
    public static let inProcess = TestMode("inProcess")

    /// Over TCP, on a free port of the loopback interface, with the workers and the backend of the
    /// configuration.
    public static let socket = TestMode("socket")
}
