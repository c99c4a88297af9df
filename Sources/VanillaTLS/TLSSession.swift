// SPDX-License-Identifier: MIT

internal import CVanillaTLS
public import Vanilla

/// What the connection of a request has agreed on.
public struct TLSSession: Sendable, Hashable {
    /// The version of TLS.
    public let version: TLSVersion
    /// The cipher suite, by its name in the registry of IANA: `TLS_AES_128_GCM_SHA256`.
    public let cipher: String
    /// The group of the key exchange, by its name in the registry of IANA: `x25519`,
    /// `X25519MLKEM768`; `nil` where a session of TLS 1.2 was resumed, which does not say.
    public let group: String?
    /// The name that the client has asked for (SNI); `nil` where it named none. It need not be one
    /// of a certificate.
    public let serverName: String?
    /// The protocol that was chosen by ALPN: `http/1.1`; `nil` where the client offered none.
    public let applicationProtocol: String?
    /// Whether it resumed an earlier one, without a certificate.
    public let isResumed: Bool

    /// What the client has shown of itself; `nil` where it was not asked, or showed nothing.
    public let clientCertificate: ClientCertificate?

    fileprivate init(c session: vn_tls_session, clientCertificate: ClientCertificate?) {
        self.clientCertificate = clientCertificate
        version = unsafe TLSVersion(number: session.version)
        cipher = unsafe session.cipher.map { unsafe String(cString: $0) } ?? ""
        group = unsafe session.group.map { unsafe String(cString: $0) }
        serverName = unsafe session.server_name.map { unsafe String(cString: $0) }
        // C lends `protocol_count` bytes.
        let bytes = unsafe UnsafeRawBufferPointer(
            start: session.protocol, count: session.protocol_count)
        applicationProtocol =
            unsafe bytes.isEmpty ? nil : unsafe String(decoding: bytes, as: UTF8.self)
        isResumed = unsafe session.is_resumed
    }
}

extension Request {
    /// What the client and this server have agreed on; `nil` where the request came in clear, on
    /// another thread than the worker's, and once the client is gone.
    ///
    /// It is put together each time, so a handler that does not want to know does not pay.
    public var tls: TLSSession? {
        var session = unsafe vn_tls_session()
        guard unsafe vn_tls_session_of(cRequest, &session) else { return nil }
        return unsafe TLSSession(c: session, clientCertificate: clientCertificate)
    }

    private var clientCertificate: ClientCertificate? {
        var count = 0
        guard let bytes = unsafe vn_tls_client_certificate(cRequest, &count) else { return nil }
        // C hands over memory of malloc with `count` bytes in it.
        defer { unsafe freeMemory(bytes) }
        return unsafe ClientCertificate(
            der: Array(UnsafeBufferPointer(start: bytes, count: count)))
    }
}
