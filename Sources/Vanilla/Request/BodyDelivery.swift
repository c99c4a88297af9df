// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// How a request's body reaches its handler. Later versions may have more ways.
    public struct BodyDelivery: Sendable, Hashable {
        /// The way's number in C.
        let c: Int32

        private init(_ number: Int) {
            c = Int32(number)
        }

        /// The handler is called once the body is complete, and finds it in ``Request/body``.
        /// `limits.body` bounds it.
        public static let whole = BodyDelivery(VN_BODY_WHOLE)
        /// The handler is called at once and takes the pieces as they come:
        /// ``ResponseWriter/receiveBody(_:)``.
        public static let streamed = BodyDelivery(VN_BODY_STREAMED)
        /// The handler is called at once. Its answer leaves when the body was drained, or, where
        /// the body is longer than `limits.discard`, at once and the connection closes: a proxy
        /// must not take the connection for free while a body is on its way.
        public static let ignored = BodyDelivery(VN_BODY_IGNORED)
    }
}
