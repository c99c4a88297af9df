// SPDX-License-Identifier: MIT

extension Request {
    /// A part of a request's body, decoded and lent for the length of the call.
    public struct BodyPiece: ~Escapable {
        /// The bytes; the last piece may have none.
        public let bytes: Bytes
        /// Whether the body is complete with this piece.
        public let isLast: Bool

        @_lifetime(copy bytes)
        init(bytes: Bytes, isLast: Bool) {
            self.bytes = bytes
            self.isLast = isLast
        }
    }
}
