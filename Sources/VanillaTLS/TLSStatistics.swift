// SPDX-License-Identifier: MIT

internal import CVanillaTLS

/// What a listener has counted of TLS since its server was made.
public struct TLSStatistics: Sendable, Hashable {
    /// Handshakes that were completed with a new session.
    public let fullHandshakes: Int
    /// Handshakes that resumed a session.
    public let resumedHandshakes: Int
    /// Handshakes that ended in another way, those of the following included.
    public let failedHandshakes: Int
    /// Those that took longer than ``TLSConfiguration/handshakeDeadline``.
    public let lateHandshakes: Int
    /// Those that were given up for ``TLSConfiguration/maximumHandshakes``.
    public let displacedHandshakes: Int
    /// Clients that spoke plain HTTP, and were told so.
    public let plainRequests: Int

    init(c statistics: vn_tls_statistics) {
        fullHandshakes = Int(clamping: statistics.full)
        resumedHandshakes = Int(clamping: statistics.resumed)
        failedHandshakes = Int(clamping: statistics.failed)
        lateHandshakes = Int(clamping: statistics.late)
        displacedHandshakes = Int(clamping: statistics.displaced)
        plainRequests = Int(clamping: statistics.plain)
    }
}
