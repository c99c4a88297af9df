// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension WebSocket {
    /// A message, which is as a client sent it, however it was divided.
    public enum Message: Sendable, Hashable {
        /// Text.
        case text(String)
        /// Bytes.
        case binary([UInt8])
    }

    /// The two sorts of messages.
    public enum MessageKind: Sendable, Hashable {
        /// UTF-8.
        case text
        /// Any bytes.
        case binary
    }
}

extension WebSocket.MessageKind {
    /// C's number.
    var c: UInt8 { UInt8(self == .text ? VN_MESSAGE_TEXT : VN_MESSAGE_BINARY) }
}

extension WebSocket.Message {
    /// A copy of what C lends, whose text is UTF-8.
    init(copying bytes: Bytes, kind: UInt8) {
        self =
            kind == UInt8(VN_MESSAGE_TEXT)
            ? .text(String(bytes)) : .binary([UInt8](bytes))
    }

    /// Bytes that it has.
    var count: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
