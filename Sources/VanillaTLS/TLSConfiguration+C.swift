// SPDX-License-Identifier: MIT

internal import CVanillaTLS
internal import Vanilla

extension TLSConfiguration {
    /// Calls `body` with C's form of this configuration, whose certificates it may take over.
    func withC<Result>(
        _ body: (inout vn_tls_config) throws(ServerError) -> Result
    ) throws(ServerError) -> Result {
        var config = unsafe vn_tls_config()
        unsafe vn_tls_config_init(&config)
        defer { unsafe vn_tls_config_free(&config) }
        unsafe config.version_min = minimumVersion.number
        unsafe config.handshake = handshakeDeadline.boundedMilliseconds
        unsafe config.handshakes = UInt32(clamping: max(0, maximumHandshakes))
        unsafe config.probes_kernel = probesKernel
        unsafe config.ticket_lifetime = try cTicketLifetime
        if let value = try strictTransportSecurity?.cValue {
            guard unsafe vn_tls_config_set_strict(&config, value) == 0 else {
                throw ServerError(.invalidConfiguration, "TLS: \(value) is too long.")
            }
        }
        if let ticketKeyFile {
            try unsafe write(ticketKeyFile) { path in
                unsafe vn_tls_config_set_ticket_keys(&config, path)
            }
        }
        for certificate in certificates { try unsafe certificate.add(to: &config) }
        try unsafe clientAuthentication.write(to: &config)
        return try unsafe body(&config)
    }

    private var cTicketLifetime: UInt32 {
        get throws(ServerError) {
            guard let ticketLifetime else { return 0 }
            // To C, 0 stands for none.
            guard ticketLifetime >= .seconds(1) else {
                throw ServerError(
                    .invalidConfiguration,
                    "ticketLifetime is \(ticketLifetime), but must be a second at least; nil turns it off."
                )
            }
            return UInt32(clamping: ticketLifetime.components.seconds)
        }
    }
}

extension TLSConfiguration.StrictTransportSecurity {
    fileprivate var cValue: String {
        get throws(ServerError) {
            guard let value else {
                throw ServerError(
                    .invalidConfiguration,
                    "strictTransportSecurity lasts from 0 seconds to 100 years; a preload wants a year and subdomains."
                )
            }
            return value
        }
    }
}

extension TLSConfiguration.Certificate {
    fileprivate func add(to config: inout vn_tls_config) throws(ServerError) {
        let added: Int32
        switch source {
        case .files(let chain, let key):
            try check(chain)
            try check(key)
            added = unsafe vn_tls_config_add_files(&config, chain, key)
        case .bytes(let chain, let key):
            added = unsafe vn_tls_config_add_bytes(&config, chain, chain.count, key, key.count)
        case .selfSigned(let names):
            added = unsafe vn_tls_config_add_self_signed(&config, names.joined(separator: ","))
        }
        guard added == 0 else {
            throw ServerError(
                .outOfResources, "TLS: a certificate cannot be made.", code: -added)
        }
        if let ocspFile {
            try unsafe write(ocspFile) { path in unsafe vn_tls_config_set_staple(&config, path) }
        }
    }
}

extension TLSConfiguration.ClientAuthentication {
    fileprivate func write(to config: inout vn_tls_config) throws(ServerError) {
        guard mode != .none else { return }
        try check(authorityFile)
        if let revocationFile { try check(revocationFile) }
        let set = unsafe vn_tls_config_set_client(
            &config, mode.rawValue, authorityFile, revocationFile)
        guard set == 0 else {
            throw ServerError(.outOfResources, "TLS: there is no memory.", code: -set)
        }
    }
}

/// To C a path ends at its first NUL.
private func check(_ path: String) throws(ServerError) {
    guard !path.utf8.contains(0) else {
        throw ServerError(.invalidConfiguration, "TLS: a path of a file holds a NUL.")
    }
}

/// Hands a path to C, which copies it.
private func write(
    _ path: String, _ set: (UnsafePointer<CChar>) -> Int32
) throws(ServerError) {
    try check(path)
    let result = unsafe path.withCString { path in unsafe set(path) }
    guard result == 0 else {
        throw ServerError(.outOfResources, "TLS: there is no memory.", code: -result)
    }
}
