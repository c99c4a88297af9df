// SPDX-License-Identifier: MIT

public import Vanilla

extension Server.Listener {
    /// A listener for HTTP over TLS (HTTPS). It shares the server's workers with all others.
    ///
    /// ```swift
    /// let configuration = Server.Configuration(listeners: [
    ///     Server.Listener(.any(port: 8443), tls: .selfSigned)
    /// ])
    /// ```
    ///
    /// - Parameter protocols: What its clients may speak, and are offered by ALPN: the first of
    ///   HTTP/2 and HTTP/1.1 that they know.
    public init(
        _ address: Server.Configuration.Address, tls: TLSConfiguration,
        protocols: Protocols = [.http1, .http2]
    ) {
        self.init(address, protocols: protocols, transport: TLSTransport(tls))
    }

    /// How it speaks TLS; `nil` where it does not.
    public var tls: TLSConfiguration? {
        (transport as? TLSTransport)?.configuration
    }
}
