// SPDX-License-Identifier: MIT

extension Duration {
    /// Whole nanoseconds, from none to a year.
    var boundedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds >= 31_536_000 { return 31_536_000_000_000_000 }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
