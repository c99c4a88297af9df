// SPDX-License-Identifier: MIT

internal import Vanilla

/// Frames of a server, taken apart, and those of a client, written.
struct TestFrameReader: Sendable {
    enum Frame: Sendable {
        case message(WebSocket.Message)
        case ping([UInt8])
        case pong([UInt8])
        case close(WebSocket.CloseCode, String)
    }

    private var bytes: [UInt8]
    /// Of a message in parts: its first byte, and what has come of it.
    private var begun: (first: UInt8, payload: [UInt8])?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func append(_ more: [UInt8]) {
        bytes += more
    }

    /// The next frame that is whole, or message, where it is in parts; `nil` where more is needed.
    ///
    /// - Throws: ``TestError`` of the kind `malformedResponse`.
    mutating func next() throws(TestError) -> Frame? {
        while let (first, payload) = try takeFrame() {
            switch first {
            case 0x88: return try .close(Self.code(of: payload), Self.text(payload.dropFirst(2)))
            case 0x89: return .ping(payload)
            case 0x8A: return .pong(payload)
            case 0x81,
                0x82 where begun == nil:
                return try .message(Self.message(first, payload))
            case 0x01,
                0x02 where begun == nil:
                begun = (first, payload)
            case 0x00 where begun != nil: begun!.payload += payload
            case 0x80 where begun != nil:
                let whole = begun!.payload + payload
                let message = try Self.message(begun!.first | 0x80, whole)
                begun = nil
                return .message(message)
            default:
                throw TestError(
                    .malformedResponse, "A frame of the server begins with \(first).")
            }
        }
        return nil
    }

    private mutating func takeFrame() throws(TestError) -> (UInt8, [UInt8])? {
        guard bytes.count >= 2 else { return nil }
        guard bytes[1] & 0x80 == 0 else {
            throw TestError(.malformedResponse, "A frame of the server is masked.")
        }
        let more = bytes[1] == 126 ? 2 : bytes[1] == 127 ? 8 : 0
        guard bytes.count >= 2 + more else { return nil }
        let length =
            more == 0
            ? Int(bytes[1]) : bytes[2..<(2 + more)].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count - 2 - more >= length else { return nil }
        let frame = (bytes[0], Array(bytes[(2 + more)..<(2 + more + length)]))
        bytes.removeFirst(2 + more + length)
        return frame
    }

    private static func message(
        _ first: UInt8, _ payload: [UInt8]
    ) throws(TestError) -> WebSocket.Message {
        first == 0x81 ? .text(try text(payload[...])) : .binary(payload)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) throws(TestError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TestError(.malformedResponse, "Text of the server is not UTF-8.")
        }
        return text
    }

    private static func code(of payload: [UInt8]) throws(TestError) -> WebSocket.CloseCode {
        guard payload.count != 1 else {
            throw TestError(.malformedResponse, "A Close frame of the server has one byte.")
        }
        if payload.isEmpty { return .noCode }
        return WebSocket.CloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
    }

    /// A frame of the client, masked.
    static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        var frame = [first]
        switch count {
        case ..<126: frame.append(0x80 | UInt8(count))
        case ...0xFFFF: frame += [0x80 | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default:
            frame.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                frame.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        let mask = (0..<4).map { _ in UInt8.random(in: 0...255) }
        frame += mask
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index % 4]) }
        return frame
    }
}
