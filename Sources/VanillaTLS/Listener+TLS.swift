// SPDX-License-Identifier: MIT

public import Vanilla

extension Server.Listener {
    /// A listener for HTTP/1.1 over TLS (HTTPS). It shares the server's workers with all others.
    ///
    /// ```swift
    /// let configuration = Server.Configuration(listeners: [
    ///     Server.Listener(.any(port: 8443), tls: .selfSigned)
    /// ])
    /// ```
    public init(_ address: Server.Configuration.Address, tls: TLSConfiguration) {
        self.init(address, transport: TLSTransport(tls))
    }

    /// How it speaks TLS; `nil` where it does not.
    public var tls: TLSConfiguration? {
        (transport as? TLSTransport)?.configuration
    }
}
