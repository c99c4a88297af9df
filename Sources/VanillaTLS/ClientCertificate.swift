// SPDX-License-Identifier: MIT

internal import CVanillaTLS
internal import Vanilla

/// The certificate that a client has shown, and that was found good.
public struct ClientCertificate: Sendable, Hashable {
    /// The certificate in DER.
    public let der: [UInt8]

    init(der: [UInt8]) {
        self.der = der
    }

    /// Who it is about, as text (RFC 2253): `CN=client,O=Example`.
    public var subject: String {
        unsafe text(vn_tls_certificate_subject(der, der.count)) ?? ""
    }

    /// Its alternative names, each with its kind: `DNS:a.example`, `email:a@b.example`.
    public var alternativeNames: [String] {
        let lines = unsafe text(vn_tls_certificate_names(der, der.count)) ?? ""
        return lines.split(separator: "\n").map(String.init)
    }

    /// The SHA-256 of ``der``: 32 bytes.
    public var fingerprint: [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe vn_tls_certificate_fingerprint(der, der.count, &digest)
        return digest
    }

    /// A copy of C's text, which is freed.
    private func text(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text = unsafe text else { return nil }
        // C hands over memory of malloc.
        defer { unsafe freeMemory(text) }
        return unsafe String(cString: text)
    }
}
