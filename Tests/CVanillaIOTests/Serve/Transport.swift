// SPDX-License-Identifier: MIT
import CVanillaIOChecks

/// What the connections of a check go over.
enum Transport: CaseIterable {
    case plain
    /// Bytes are changed on the way, and the transport has words of its own.
    case xor
    /// TLS, with a certificate that is made for the checks.
    case tls

    /// How often something is done that takes a connection each time: one over TLS takes a
    /// handshake.
    func rounds(_ count: UInt64) -> UInt64 {
        self == .tls ? count / 16 : count
    }

    var c: Int32 {
        switch self {
        case .plain: Int32(OVER_PLAIN)
        case .xor: Int32(OVER_XOR)
        case .tls: Int32(OVER_TLS)
        }
    }
}
