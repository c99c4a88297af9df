// SPDX-License-Identifier: MIT

internal import CVanillaCompression
public import Vanilla

extension WebSocket.Compression {
    /// permessage-deflate (RFC 7692) by zlib, as ``deflate(_:)`` with every option at its default.
    public static let deflate: WebSocket.Compression = DeflateOptions().compression

    /// permessage-deflate (RFC 7692) by zlib.
    ///
    /// ```swift
    /// var options = WebSocket.Options()
    /// options.compression = .deflate
    /// ```
    ///
    /// The first offer of the client's that can be met is agreed to. What becomes smaller is sent
    /// compressed.
    ///
    /// - Throws: ``WebSocketError`` of the kind `invalidConfiguration`.
    public static func deflate(
        _ options: DeflateOptions
    ) throws(WebSocketError) -> WebSocket.Compression {
        guard (9...15).contains(options.serverWindow), (9...15).contains(options.clientWindow),
            (1...9).contains(options.level)
        else {
            throw WebSocketError(
                .invalidConfiguration, "A window has 9 to 15 bits, and a level is 1 to 9.")
        }
        return options.compression
    }

    /// What a server has of permessage-deflate; a client may ask for less.
    public struct DeflateOptions: Sendable, Equatable {
        /// The bits of the window for what is sent, 9 to 15: 15 by default.
        public var serverWindow: Int
        /// The bits of the window for what comes, 9 to 15, where the client can bound its own: 15
        /// by default.
        public var clientWindow: Int
        /// How hard it tries, as zlib counts, 1 to 9: 1 by default. It is done on the worker.
        public var level: Int
        /// Whether a message that is sent may refer to those before it: `false` by default. The
        /// socket then has up to 264 KiB of its own.
        public var keepsServerContext: Bool
        /// The same for what comes: `false` by default. Up to 40 KiB a socket.
        public var keepsClientContext: Bool

        /// Every option at its default.
        public init() {
            var defaults = vn_message_deflate_options()
            unsafe vn_message_deflate_options_init(&defaults)
            serverWindow = Int(defaults.server_window)
            clientWindow = Int(defaults.client_window)
            level = Int(defaults.level)
            keepsServerContext = defaults.server_takeover
            keepsClientContext = defaults.client_takeover
        }

        /// They are within their ranges.
        fileprivate var compression: WebSocket.Compression {
            var options = vn_message_deflate_options(
                server_window: UInt8(serverWindow), client_window: UInt8(clientWindow),
                level: UInt8(level), server_takeover: keepsServerContext,
                client_takeover: keepsClientContext)
            return unsafe WebSocket.Compression(
                codec: UnsafeRawPointer(vn_message_deflate()),
                settings: vn_message_deflate_settings(&options))
        }
    }
}
