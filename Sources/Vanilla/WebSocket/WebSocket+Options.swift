// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension WebSocket {
    /// How a socket is opened and how it lives. What is beyond a limit closes it with the code that
    /// is named.
    public struct Options: Sendable, Equatable {
        /// The bytes of a message, however it is divided: 1 MiB by default;
        /// ``WebSocket/CloseCode/messageTooBig``.
        public var message: Int
        /// The bytes of one frame of a message: `nil` by default, as many as the message may have;
        /// ``WebSocket/CloseCode/messageTooBig``.
        public var frame: Int?
        /// The frames of one message: 131,072 by default; ``WebSocket/CloseCode/messageTooBig``.
        public var frames: Int
        /// A client's pings and pongs in a second: 1,000 by default;
        /// ``WebSocket/CloseCode/policyViolation``.
        public var controlFrames: Int
        /// The bytes that wait for the client, above which no message is taken: 1 MiB by default.
        /// One goes beyond it, so that a message of any size can be sent.
        public var unsent: Int
        /// The client's silence after which it is sent a ping: 30 seconds by default, `nil` for no
        /// pings.
        public var pingInterval: Duration?
        /// The time from such a ping to anything from the client, after which the connection is
        /// cut: 20 seconds by default.
        public var pingTimeout: Duration
        /// The time for what the handler still sends when the client has closed, and for a client
        /// to answer a close: 2 seconds by default. Then the connection ends.
        public var closeTimeout: Duration
        /// When the server stops, its sockets close with ``WebSocket/CloseCode/goingAway`` at
        /// random moments within this time, and within half of the time that the stop gives:
        /// 2 seconds by default.
        public var shutdownSpread: Duration
        /// The subprotocols that the server speaks: the first of the client's that is one of them
        /// is chosen (RFC 6455, section 4.2.2). None by default.
        public var subprotocols: [String] = []
        /// Whose pages may open a socket.
        public var origins = Origins.any
        /// How messages are compressed where the client offers it: `nil` by default, not at all.
        /// `VanillaCompression` has `.deflate`.
        public var compression: Compression?

        /// Every option at its default.
        public init() {
            let defaults = unsafe Defaults.webSocket
            message = Int(clamping: unsafe defaults.message)
            frame = nil
            frames = Int(unsafe defaults.frames)
            controlFrames = Int(unsafe defaults.control_frames)
            unsent = Int(unsafe defaults.unsent)
            pingInterval = .unlessZero(milliseconds: unsafe defaults.ping_interval)
            pingTimeout = Duration(milliseconds: unsafe defaults.ping_timeout)
            closeTimeout = Duration(milliseconds: unsafe defaults.close_timeout)
            shutdownSpread = Duration(milliseconds: unsafe defaults.shutdown_spread)
        }
    }

    /// What compresses the messages of sockets. Another library makes one, since this one links
    /// none that compresses: `VanillaCompression`.
    public struct Compression: Sendable, Equatable {
        // A constant of C: a `vn_message_codec`.
        private let codecAddress: UInt
        fileprivate let settings: UInt64

        /// With a `vn_message_codec`, which has to stay.
        package init(codec: UnsafeRawPointer, settings: UInt64) {
            codecAddress = UInt(bitPattern: codec)
            self.settings = settings
        }

        fileprivate var codec: UnsafePointer<vn_message_codec>? {
            unsafe UnsafePointer(bitPattern: codecAddress)
        }
    }

    /// Whose pages may open a socket, by the Origin that browsers send: any page can open one with
    /// the cookies of this server (RFC 6455, section 10.2). A client that sends none is no browser,
    /// and may.
    public struct Origins: Sendable, Equatable {
        fileprivate enum Kind: Equatable {
            case any, same
            case only([String])
        }
        fileprivate let kind: Kind

        /// Everybody's: for what needs no cookies.
        public static let any = Origins(kind: .any)
        /// Those of this server: the origin's host and port are those of the request.
        public static let same = Origins(kind: .same)

        /// Those of these origins, such as `https://example.com`, as browsers write them.
        public static func only(_ origins: [String]) -> Origins {
            Origins(kind: .only(origins))
        }
    }
}

extension WebSocket.Origins {
    /// Whether a request may open a socket.
    func allow(_ request: Request) -> Bool {
        guard kind != .any, let origin = request.headers[.origin] else { return true }
        switch kind {
        case .any: return true
        case .only(let origins): return origins.contains(origin)
        case .same:
            guard let host = request.headers[.host] else { return false }
            let origin = origin.lowercased()
            return origin == "https://" + host.lowercased()
                || origin == "http://" + host.lowercased()
        }
    }
}

extension WebSocket.Options {
    func c() throws(InvalidOption) -> vn_websocket_options {
        unsafe vn_websocket_options(
            message: try message.positive("message"),
            frame: try frame?.positive("frame") ?? .max,
            frames: try frames.positive("frames"),
            control_frames: try controlFrames.c("controlFrames"),
            unsent: try unsent.positive("unsent"),
            ping_interval: try pingInterval?.c("pingInterval") ?? 0,
            ping_timeout: try pingTimeout.c("pingTimeout"),
            close_timeout: try closeTimeout.c("closeTimeout"),
            shutdown_spread: try shutdownSpread.c("shutdownSpread"),
            protocol: vn_span(), codec: compression?.codec,
            codec_settings: compression?.settings ?? 0)
    }

    /// The first subprotocol of the client's that is the server's, too.
    func chooseSubprotocol(for request: Request) -> String? {
        guard !subprotocols.isEmpty else { return nil }
        var chosen: String?
        request.headers.forEach(.secWebSocketProtocol) { value in
            for name in String(value).split(separator: ",") where chosen == nil {
                let trimmed = name.trimmed
                if subprotocols.contains(trimmed) { chosen = trimmed }
            }
        }
        return chosen
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let begun = drop(while: isBlank)
        guard let end = begun.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(begun[...end])
    }
}

extension HeaderName {
    /// Sec-WebSocket-Protocol
    @inlinable public static var secWebSocketProtocol: HeaderName {
        HeaderName(known: "Sec-WebSocket-Protocol")
    }
}
