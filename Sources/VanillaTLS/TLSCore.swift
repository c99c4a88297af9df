// SPDX-License-Identifier: MIT

internal import CVanillaTLS
internal import Vanilla

/// C's TLS of one listener of one server.
@safe
final class TLSCore: OpenTransport, @unchecked Sendable {
    /// Set once. C's functions on it may be called from any thread.
    private var tls: OpaquePointer?
    /// What C's callbacks are called with, which outlives it.
    private let callbacks: TLSCallbacks

    init(
        _ configuration: TLSConfiguration,
        protocols: Server.Listener.Protocols,
        log: @escaping @Sendable (Server.LogLevel, String) -> Void
    ) throws(ServerError) {
        callbacks = TLSCallbacks(configuration.certificates.map(\.password), log: log)
        let context = unsafe Unmanaged.passUnretained(callbacks).toOpaque()
        unsafe tls = try configuration.withC { config throws(ServerError) in
            unsafe config.offers_http2 = protocols.contains(.http2)
            if !protocols.contains(.http1) { unsafe config.protocol_count = 0 }
            unsafe config.password = TLSCallbacks.password
            unsafe config.password_context = unsafe context
            unsafe config.log = TLSCallbacks.log
            unsafe config.log_context = unsafe context
            var error = vn_tls_error()
            guard let tls = unsafe vn_tls_open(&config, &error) else {
                throw ServerError(c: error)
            }
            return unsafe tls
        }
    }

    deinit {
        if let tls = unsafe tls { unsafe vn_tls_close(tls) }
    }

    var transport: OpaquePointer {
        // It was opened, or there is no such object.
        unsafe vn_tls_transport(tls!)
    }

    func reload() throws(ServerError) {
        var error = vn_tls_error()
        guard unsafe vn_tls_reload(tls!, &error) == 0 else { throw ServerError(c: error) }
    }

    var statistics: TLSStatistics {
        var statistics = vn_tls_statistics()
        unsafe vn_tls_statistics_of(tls!, &statistics)
        return TLSStatistics(c: statistics)
    }
}

extension ServerError {
    /// What C has to say about a configuration of TLS.
    fileprivate init(c error: vn_tls_error) {
        let message = unsafe withUnsafeBytes(of: error.message) { text in
            // C's array, imported as a tuple; what follows the NUL is not text.
            unsafe String(decoding: text.prefix { byte in byte != 0 }, as: UTF8.self)
        }
        self.init(.invalidConfiguration, "TLS: \(message)")
    }
}
