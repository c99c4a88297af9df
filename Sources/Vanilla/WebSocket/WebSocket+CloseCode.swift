// SPDX-License-Identifier: MIT

extension WebSocket {
    /// Why a socket closes (RFC 6455, section 7.4). Any number that a Close frame may have can be
    /// made, those from 3000 to 4999 for libraries and applications.
    public struct CloseCode: Sendable, Hashable, CustomStringConvertible {
        /// The number.
        public let code: UInt16

        /// The code with that number, whether it may be sent or not.
        public init(_ code: UInt16) {
            self.code = code
        }

        /// The number, for people.
        public var description: String { String(code) }

        /// 1000: what it was for is done.
        public static let normal = CloseCode(1000)
        /// 1001: the server stops, or the page was left.
        public static let goingAway = CloseCode(1001)
        /// 1002: what came is not the protocol.
        public static let protocolError = CloseCode(1002)
        /// 1003: a kind of message that is not understood.
        public static let unsupportedData = CloseCode(1003)
        /// 1005: the client's close names no code. Never sent.
        public static let noCode = CloseCode(1005)
        /// 1006: the connection ended without a close. Never sent.
        public static let abnormal = CloseCode(1006)
        /// 1007: text that is not UTF-8.
        public static let invalidData = CloseCode(1007)
        /// 1008: against a rule of this server.
        public static let policyViolation = CloseCode(1008)
        /// 1009: a message that is too big.
        public static let messageTooBig = CloseCode(1009)
        /// 1011: the server failed.
        public static let internalError = CloseCode(1011)
        /// 1012: the server starts again.
        public static let serviceRestart = CloseCode(1012)
        /// 1013: the server has too much to do.
        public static let tryAgainLater = CloseCode(1013)
    }
}
