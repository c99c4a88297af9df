// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server {
    /// How much a message of the server matters. Later versions may have more levels.
    public struct LogLevel: Sendable, Hashable, Comparable, CustomStringConvertible {
        private let rank: UInt8
        /// The name of the level, for people.
        public let description: String

        private init(_ name: String, rank: UInt8) {
            description = name
            self.rank = rank
        }

        /// Something to know, such as the backend chosen.
        public static let info = LogLevel("info", rank: 64)
        /// Something that the server copes with, such as descriptors running out.
        public static let warning = LogLevel("warning", rank: 128)
        /// Something that failed, such as a handler that threw.
        public static let error = LogLevel("error", rank: 192)

        /// Whether one matters less than the other.
        public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

        var c: Int32 {
            switch self {
            case .info: Int32(VN_LOG_INFO)
            case .warning: Int32(VN_LOG_WARNING)
            default: Int32(VN_LOG_ERROR)
            }
        }

        /// The level that C's number stands for.
        package init(c level: Int32) {
            switch Int(level) {
            case VN_LOG_INFO: self = .info
            case VN_LOG_WARNING: self = .warning
            default: self = .error
            }
        }
    }
}

/// Writes a message to standard error, by a thread that does nothing else: a caller waits for no
/// reader. On any thread.
package func logByDefault(_ level: Server.LogLevel, _ message: String) {
    unsafe vn_log_default(level.c, message)
}
