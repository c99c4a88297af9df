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

        init(c level: Int32) {
            switch Int(level) {
            case VN_LOG_INFO: self = .info
            case VN_LOG_WARNING: self = .warning
            default: self = .error
            }
        }
    }
}
