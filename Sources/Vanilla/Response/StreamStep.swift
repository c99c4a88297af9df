// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// What the producer of a body wants next.
    public enum StreamStep: Sendable {
        /// To be called again once the client has taken most of what was written.
        case more
        /// To be called again after ``ResponseWriter/Handle/resume()``.
        case wait
        /// Nothing: the body is complete.
        case done

        var c: Int32 {
            switch self {
            case .more: Int32(VN_STREAM_MORE)
            case .wait: Int32(VN_STREAM_WAIT)
            case .done: Int32(VN_STREAM_DONE)
            }
        }
    }
}
