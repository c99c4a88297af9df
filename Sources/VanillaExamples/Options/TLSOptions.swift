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

    @Option(help: "A file with lists, in PEM, of what these authorities have revoked.")
    public var tlsClientCrl: String?

    @Flag(help: "Serve clients that show no certificate, too.")
    public var tlsClientOptional = false

    @Option(help: "A file with keys for tickets that several machines share.")
    public var tlsTicketKeys: String?

    @Option(help: "A file with the authority's answer (OCSP) about the first --tls-certificate.")
    public var tlsOcsp: String?

    @Option(help: "Seconds for which answers tell browsers to come over TLS alone.")
    public var tlsStrict: Int?

    @Flag(help: "Say in the log whether the kernel has TLS, which is not used.")
    public var tlsProbeKernel = false

    public init() {}

    /// Refuses impossible values.
    public func validate() throws {
        if let tlsPort, !(0...65535 ~= tlsPort) {
            throw ValidationError("--tls-port is \(tlsPort), but must be 0 to 65535.")
        }
        guard tlsCertificate.count == tlsKey.count else {
            throw ValidationError("Each --tls-certificate has a --tls-key, in the same order.")
        }
        guard tlsClientCa != nil || (tlsClientCrl == nil && !tlsClientOptional) else {
            throw ValidationError(
                "--tls-client-crl and --tls-client-optional go with --tls-client-ca.")
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
        configuration.certificates[0].ocspFile = tlsOcsp
        configuration.probesKernel = tlsProbeKernel
        configuration.ticketKeyFile = tlsTicketKeys
        configuration.strictTransportSecurity = tlsStrict.map { .init(maximumAge: .seconds($0)) }
        if let tlsClientCa {
            configuration.clientAuthentication =
                tlsClientOptional
                ? .optional(authorityFile: tlsClientCa, revocationFile: tlsClientCrl)
                : .required(authorityFile: tlsClientCa, revocationFile: tlsClientCrl)
        }
        return configuration
    }
}
