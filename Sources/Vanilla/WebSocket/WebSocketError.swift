// SPDX-License-Identifier: MIT

/// Why a socket cannot be opened, or nothing be sent over it or received.
public struct WebSocketError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension WebSocketError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// An option has an impossible value; the message names the option.
        public static let invalidConfiguration = Kind("invalidConfiguration")
        /// The socket is closed, or closes.
        public static let closed = Kind("closed")
        /// The client broke the protocol or a limit, or is gone without a close:
        /// ``WebSocket/closeCode`` says which.
        public static let failed = Kind("failed")
        /// A code that no Close frame may have.
        public static let invalidCloseCode = Kind("invalidCloseCode")
        /// The connection's protocol has no WebSockets.
        public static let notSupported = Kind("notSupported")
        /// Memory ran out.
        public static let outOfMemory = Kind("outOfMemory")
    }
}

extension WebSocketError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
