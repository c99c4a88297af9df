// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// What a receiver of a body wants next.
    public enum ReceiveStep: Sendable {
        /// The next piece, as soon as it comes.
        case more
        /// Nothing until ``ResponseWriter/Handle/resume()``: the client is held back meanwhile.
        case pause

        var c: Int32 {
            switch self {
            case .more: Int32(VN_RECEIVE_MORE)
            case .pause: Int32(VN_RECEIVE_PAUSE)
            }
        }
    }
}
