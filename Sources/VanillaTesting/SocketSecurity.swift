// SPDX-License-Identifier: MIT

package import Vanilla

/// What changes the bytes of a test's sockets on their way: TLS, which another target has.
package protocol SocketSecurity: Sendable {
    /// Where the server listens: on a free port of the loopback interface.
    func listener(_ address: Server.Configuration.Address) -> Server.Listener

    /// A client's side of a connection.
    func client() throws(TestError) -> any SecuredClient
}

/// A client's side of one connection, without the connection. One thread at a time.
package protocol SecuredClient: AnyObject {
    /// Takes what came, and returns what of it is for the client.
    func receive(_ bytes: [UInt8]) -> [UInt8]
    /// Takes what the client sends.
    func send(_ bytes: [UInt8])
    /// The client sends nothing more.
    func finish()
    /// What is to go to the server.
    func takeOutput() -> [UInt8]
    /// Whether the server's last word came.
    var isOver: Bool { get }
}
