// SPDX-License-Identifier: MIT

/// How the bytes of a listener's connections pass, where that is not as they are: another target
/// makes it, such as `VanillaTLS`, and links what it takes.
package protocol ListenerTransport: AnyObject, Sendable {
    /// Loads what it is made of, for one server.
    ///
    /// - Parameter protocols: What clients may speak, which they are told where the transport can.
    /// - Parameter log: Takes messages, on any thread.
    /// - Throws: ``ServerError`` where an option of it is impossible.
    func open(
        protocols: Server.Listener.Protocols,
        log: @escaping @Sendable (Server.LogLevel, String) -> Void
    ) throws(ServerError) -> any OpenTransport
}

/// What one server has of it, until that is released.
package protocol OpenTransport: AnyObject, Sendable {
    /// C's transport, which lives as long as this object.
    var transport: OpaquePointer { get }
}

extension Server {
    /// Those of the listeners, in their order; `nil` where bytes pass as they are.
    package var openTransports: [(any OpenTransport)?] { core.transports }
}
