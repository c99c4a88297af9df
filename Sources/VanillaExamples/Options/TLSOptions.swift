// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla
import VanillaTLS

/// The options about HTTPS.
public struct TLSOptions: ParsableArguments {
    @Flag(
        help: """
            Serve https in place of http at the first address, with a certificate that is made for \
            the run where none is named.
            """)
    public var tls = false

    @Option(help: "A port for https beside the others, 0 for any free one.")
    public var tlsPort: Int?

    @Option(
        help: """
            A file with a certificate and its chain in PEM, as often as needed; each with a \
            --tls-key.
            """)
    public var tlsCertificate: [String] = []

    @Option(help: "The file with the private key of such a certificate, in the same order.")
    public var tlsKey: [String] = []

    @Option(help: "A file with the authorities, in PEM, of certificates that clients must show.")
    public var tlsClientCa: String?

    public init() {}

    /// Refuses impossible values.
    public func validate() throws {
        if let tlsPort, !(0...65535 ~= tlsPort) {
            throw ValidationError("--tls-port is \(tlsPort), but must be 0 to 65535.")
        }
        guard tlsCertificate.count == tlsKey.count else {
            throw ValidationError("Each --tls-certificate has a --tls-key, in the same order.")
        }
        if !tlsCertificate.isEmpty, tlsPort == nil, !tls {
            throw ValidationError("--tls-certificate goes with --tls-port or --tls.")
        }
    }

    /// A listener for https there.
    public func listener(at address: Server.Configuration.Address) throws -> Server.Listener {
        Server.Listener(address, tls: configuration)
    }

    private var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.selfSigned
        if !tlsCertificate.isEmpty {
            configuration.certificates = zip(tlsCertificate, tlsKey).map { chain, key in
                .init(chainFile: chain, keyFile: key)
            }
        }
        if let tlsClientCa {
            configuration.clientAuthentication = .required(authorityFile: tlsClientCa)
        }
        return configuration
    }
}
