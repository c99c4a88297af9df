// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server {
    /// How much a message of the server matters.
    public enum LogLevel: Sendable, Comparable {
        /// Something to know, such as the backend chosen.
        case info
        /// Something that the server copes with, such as descriptors running out.
        case warning
        /// Something that failed, such as a handler that threw.
        case error

        init(c level: Int32) {
            switch Int(level) {
            case VN_LOG_INFO: self = .info
            case VN_LOG_WARNING: self = .warning
            default: self = .error
            }
        }
    }
}
