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
        unsafe config.ticket_lifetime = try cTicketLifetime
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

extension TLSConfiguration.Certificate {
    fileprivate func add(to config: inout vn_tls_config) throws(ServerError) {
        let added: Int32
        switch source {
        case .files(let chain, let key):
            guard !chain.utf8.contains(0), !key.utf8.contains(0) else {
                throw ServerError(.invalidConfiguration, "TLS: a path of a file holds a NUL.")
            }
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
    }
}

extension TLSConfiguration.ClientAuthentication {
    fileprivate func write(to config: inout vn_tls_config) throws(ServerError) {
        guard mode != .none else { return }
        guard !authorityFile.utf8.contains(0), revocationFile?.utf8.contains(0) != true else {
            throw ServerError(.invalidConfiguration, "TLS: a path of a file holds a NUL.")
        }
        let set = unsafe vn_tls_config_set_client(
            &config, mode.rawValue, authorityFile, revocationFile)
        guard set == 0 else {
            throw ServerError(.outOfResources, "TLS: there is no memory.", code: -set)
        }
    }
}
