// SPDX-License-Identifier: MIT

extension TLSConfiguration {
    /// Whether clients are asked for a certificate, and whose they have to be (mTLS).
    public struct ClientAuthentication: Sendable, Hashable {
        enum Mode: UInt8 {
            case none, optional, required
        }

        let mode: Mode
        let authorityFile: String
        let revocationFile: String?

        /// Clients are not asked.
        public static let none = ClientAuthentication(
            mode: .none, authorityFile: "", revocationFile: nil)

        /// Clients are asked. One that shows none is served, and a handler sees no
        /// ``TLSSession/clientCertificate``; one that is shown has to be good.
        ///
        /// - Parameters:
        ///   - authorityFile: Certificates in PEM, one of which has to have signed that of the
        ///     client, by way of others that the client sends.
        ///   - revocationFile: Lists of what they have revoked (CRL), in PEM: then there has to be
        ///     one of each that signs.
        public static func optional(
            authorityFile: String, revocationFile: String? = nil
        ) -> ClientAuthentication {
            ClientAuthentication(
                mode: .optional, authorityFile: authorityFile, revocationFile: revocationFile)
        }

        /// The same, and the handshake of a client without one fails.
        public static func required(
            authorityFile: String, revocationFile: String? = nil
        ) -> ClientAuthentication {
            ClientAuthentication(
                mode: .required, authorityFile: authorityFile, revocationFile: revocationFile)
        }
    }
}
