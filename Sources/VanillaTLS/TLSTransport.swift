// SPDX-License-Identifier: MIT

internal import Vanilla

/// The TLS of a listener, as it was configured.
final class TLSTransport: ListenerTransport {
    let configuration: TLSConfiguration

    init(_ configuration: TLSConfiguration) {
        self.configuration = configuration
    }

    func open(
        protocols: Server.Listener.Protocols,
        log: @escaping @Sendable (Server.LogLevel, String) -> Void
    ) throws(ServerError) -> any OpenTransport {
        try TLSCore(configuration, protocols: protocols, log: log)
    }
}
