// SPDX-License-Identifier: MIT
import CVanillaIOChecks

/// What the connections of a check go over.
enum Transport: CaseIterable {
    case plain
    /// Bytes are changed on the way, and the transport has words of its own.
    case xor

    var c: Int32 {
        switch self {
        case .plain: Int32(OVER_PLAIN)
        case .xor: Int32(OVER_XOR)
        }
    }
}
