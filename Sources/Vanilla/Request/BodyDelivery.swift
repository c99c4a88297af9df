// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// How a request's body reaches its handler.
    public enum BodyDelivery: Sendable {
        /// The handler is called once the body is complete, and finds it in ``Request/body``.
        /// `limits.body` bounds it.
        case whole
        /// The handler is called at once and takes the pieces as they come:
        /// ``ResponseWriter/receiveBody(_:)``.
        case streamed
        /// The handler is called at once; the body is drained, or the connection closes where it is
        /// long.
        case ignored

        var c: Int32 {
            switch self {
            case .whole: Int32(VN_BODY_WHOLE)
            case .streamed: Int32(VN_BODY_STREAMED)
            case .ignored: Int32(VN_BODY_IGNORED)
            }
        }
    }
}
