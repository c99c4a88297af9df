// SPDX-License-Identifier: MIT

extension TLSConfiguration {
    /// A certificate with its chain and its private key, in PEM. Keys may be of RSA, with at least
    /// 2,048 bits, ECDSA (P-256, P-384, P-521), Ed25519 or Ed448.
    public struct Certificate: Sendable {
        enum Source: Sendable {
            case files(chain: String, key: String)
            case bytes(chain: [UInt8], key: [UInt8])
            case selfSigned([String])
        }

        let source: Source
        let password: (@Sendable () -> String?)?

        /// The path of what the authority says of this certificate (OCSP, RFC 6960), in DER, which
        /// is shown to clients that ask (OCSP stapling): `nil` for nothing. The chain has to have
        /// the issuer. A file that cannot be used, or is over, is not shown, and the log says so; a
        /// changed one is loaded again, as a certificate is.
        public var ocspFile: String?

        init(_ source: Source, password: (@Sendable () -> String?)? = nil) {
            self.source = source
            self.password = password
        }

        /// Files, which are read when a server is made.
        ///
        /// - Parameters:
        ///   - chainFile: The path of the certificate, followed by those that lead to a root that
        ///     clients know: `fullchain.pem` of an ACME client.
        ///   - keyFile: The path of the private key: `privkey.pem`.
        ///   - password: Called when the key is encrypted, on the thread that makes the server;
        ///     `nil` where there is no password.
        public init(
            chainFile: String, keyFile: String, password: (@Sendable () -> String?)? = nil
        ) {
            self.init(.files(chain: chainFile, key: keyFile), password: password)
        }

        /// The contents of such files.
        ///
        /// - Parameters:
        ///   - chain: The certificate, followed by those that lead to a root.
        ///   - key: The private key.
        ///   - password: As for files.
        public init(chain: [UInt8], key: [UInt8], password: (@Sendable () -> String?)? = nil) {
            self.init(.bytes(chain: chain, key: key), password: password)
        }
    }
}
