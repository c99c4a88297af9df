// SPDX-License-Identifier: MIT

import CLibrary

/// The time of day in Greenwich.
enum UTC {
    /// As in `2026-01-31 12:34:56 UTC`.
    static var now: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(Int.init)
        return "\(joined(date, by: "-")) \(joined(time, by: ":")) UTC"
    }

    private static func joined(_ parts: [Int], by separator: String) -> String {
        parts.map { part in part < 10 ? "0\(part)" : "\(part)" }.joined(separator: separator)
    }
}
