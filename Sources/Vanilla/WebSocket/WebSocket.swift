// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// One client's WebSocket (RFC 6455), for as long as it is connected: opened by
/// ``Routes/webSocket(_:_:_:)`` or ``ResponseWriter/acceptWebSocket(for:_:_:)``, used from any
/// thread and any task.
///
/// ```swift
/// routes.webSocket("/echo") { socket in
///     for try await message in socket {
///         try await socket.send(message)
///     }
/// }
/// ```
///
/// Its handler is a task on the worker of its connection. Messages are taken one after the other,
/// and while the handler takes none, none are received. The loop ends when the client closes, and
/// throws where the client breaks the protocol or is gone. When the handler returns, the socket
/// closes with 1000; when it throws, with 1011. When the connection is over, the task is cancelled.
@safe
public final class WebSocket: @unchecked Sendable {
    /// The subprotocol that was chosen of ``Options/subprotocols``; `nil`: none.
    public let subprotocol: String?
    /// The worker of its connection.
    public let worker: Worker
    /// C's socket, retained. Set once, before anybody else has this object.
    nonisolated(unsafe) private(set) var pointer: OpaquePointer!
    /// What C uses lives as long as the core.
    private let core: ServerCore
    /// Of the callback form; `nil`: messages wait for `receive`.
    let callbacks: Callbacks?
    let state = Lock(State())

    init(subprotocol: String?, worker: Worker, core: ServerCore, callbacks: Callbacks?) {
        self.subprotocol = subprotocol
        self.worker = worker
        self.core = core
        self.callbacks = callbacks
    }

    deinit {
        if let pointer = unsafe pointer { unsafe vn_websocket_release(pointer) }
    }

    /// What its threads share.
    struct State {
        var incoming = Incoming()
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
        /// How often there was word of room.
        var rooms: UInt64 = 0
        var closeCode: CloseCode?
        var closeReason = ""
        /// The code is one that the client has sent.
        var isClientsClose = false
        var isOver = false
        var task: Task<Void, Never>?
    }

    /// The code with which the client has closed, or for which it was closed: 1002, 1007, 1008 or
    /// 1009 where it broke the protocol or a limit, ``CloseCode/abnormal`` where it is gone. `nil`
    /// while it may still send.
    public var closeCode: CloseCode? { state.withLock { $0.closeCode } }

    /// The reason in the client's close; empty where it gave none.
    public var closeReason: String { state.withLock { $0.closeReason } }

    /// The bytes that wait for the client to take them; what has just left may still be counted.
    public var unsentBytes: Int { unsafe Int(clamping: vn_websocket_unsent(pointer)) }
}

extension WebSocket {
    /// What is called for a socket, on its worker's thread, one call at a time. They must not
    /// block. What one throws closes the socket with 1011, and is logged.
    ///
    /// ```swift
    /// routes.webSocket("/echo", callbacks: WebSocket.Callbacks(
    ///     onText: { socket, text in _ = try socket.trySend(text, as: .text) },
    ///     onBinary: { socket, bytes in _ = try socket.trySend(bytes, as: .binary) }))
    /// ```
    public struct Callbacks: Sendable {
        /// A message has come, whose bytes are lent for the call.
        public typealias OnMessage = @Sendable (WebSocket, Bytes) throws -> Void

        /// The socket is open, and can be sent messages.
        public var onOpen: (@Sendable (WebSocket) throws -> Void)?
        /// Text has come. Without this it closes the socket with 1003.
        public var onText: OnMessage?
        /// Bytes have come. Without this they close the socket with 1003.
        public var onBinary: OnMessage?
        /// No message will follow: the code and the reason of the client's close, or
        /// ``CloseCode/abnormal``, or what the client did wrong. Once.
        public var onClose: (@Sendable (WebSocket, CloseCode, String) -> Void)?

        /// Those that are given.
        public init(
            onOpen: (@Sendable (WebSocket) throws -> Void)? = nil, onText: OnMessage? = nil,
            onBinary: OnMessage? = nil,
            onClose: (@Sendable (WebSocket, CloseCode, String) -> Void)? = nil
        ) {
            self.onOpen = onOpen
            self.onText = onText
            self.onBinary = onBinary
            self.onClose = onClose
        }
    }
}

// MARK: - Sending

extension WebSocket {
    /// Sends text, unless too much waits for the client. Any thread; the messages of one thread
    /// stay in order.
    ///
    /// - Returns: Whether it was taken: `false` where ``Options/unsent`` bytes wait.
    /// - Throws: ``WebSocketError`` of the kind `closed` or `outOfMemory`.
    public func trySend(_ text: String) throws(WebSocketError) -> Bool {
        try check(text.withBytes { bytes in put(bytes, .text) })
    }

    /// Sends a message of these bytes, which are UTF-8 where it is text, as
    /// ``trySend(_:)-(String)`` does. They are copied.
    public func trySend(_ bytes: Bytes, as kind: MessageKind) throws(WebSocketError) -> Bool {
        try check(put(bytes, kind))
    }

    /// Sends a message, as ``trySend(_:)-(String)`` does.
    public func trySend(_ message: Message) throws(WebSocketError) -> Bool {
        switch message {
        case .text(let text): try trySend(text)
        case .binary(let bytes): try trySend(Bytes(bytes.span), as: .binary)
        }
    }

    /// Sends a message, once there is room for it. Any thread.
    ///
    /// - Throws: ``WebSocketError`` of the kind `closed` or `outOfMemory`; `CancellationError`
    ///   where the task is cancelled meanwhile. Then nothing was sent.
    public func send(_ message: Message) async throws {
        while true {
            let rooms = state.withLock { $0.rooms }
            if try trySend(message) { return }
            try Task.checkCancellation()
            await waitForRoom(since: rooms)
        }
    }

    /// Sends text, once there is room for it, as ``send(_:)-(Message)`` does.
    public func send(_ text: String) async throws {
        try await send(.text(text))
    }

    /// Sends bytes, once there is room for them, as ``send(_:)-(Message)`` does.
    public func send(_ bytes: [UInt8]) async throws {
        try await send(.binary(bytes))
    }

    /// Closes the socket after what was sent: nothing can be sent from here on, and what still
    /// comes is dropped. Any thread, any number of times.
    ///
    /// - Parameters:
    ///   - code: Why.
    ///   - reason: The same in words, of which a client sees at most 123 bytes.
    /// - Throws: ``WebSocketError`` of the kind `invalidCloseCode` for a code that no Close frame
    ///   may have; `outOfMemory`.
    public func close(_ code: CloseCode = .normal, reason: String = "") throws(WebSocketError) {
        let result = reason.withBytes { reason in
            unsafe reason.withCSpan { reason in
                isOnWorker
                    ? unsafe vn_websocket_close(pointer, code.code, reason)
                    : unsafe vn_websocket_post_close(pointer, code.code, reason)
            }
        }
        if result == -SystemError.invalidArgument {
            throw WebSocketError(.invalidCloseCode, "\(code) is no code that a socket closes with.")
        }
        _ = try check(result)
    }

    var isOnWorker: Bool {
        unsafe vn_worker_current() == vn_websocket_worker(pointer).map { OpaquePointer($0) }
    }

    private func put(_ bytes: Bytes, _ kind: MessageKind) -> Int32 {
        unsafe bytes.withCSpan { bytes in
            isOnWorker
                ? unsafe vn_websocket_send(pointer, kind.c, bytes)
                : unsafe vn_websocket_post(pointer, kind.c, bytes)
        }
    }

    private func check(_ result: Int32) throws(WebSocketError) -> Bool {
        switch -result {
        case 0: return true
        case SystemError.again: return false
        case SystemError.brokenPipe: throw WebSocketError(.closed, "The socket is closed.")
        default: throw WebSocketError(.outOfMemory, "There is no memory for a message.")
        }
    }

    /// Until there is word of room, or the socket is over, or the task is cancelled.
    private func waitForRoom(since rooms: UInt64) async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.rooms == rooms, !state.isOver, !Task.isCancelled else {
                        return false
                    }
                    state.waiters[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in state.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// There is room, or the socket is over.
    func noteRoom(isOver: Bool) {
        let waiters = state.withLock { state in
            state.rooms += 1
            state.isOver = state.isOver || isOver
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }
}

// MARK: - C's socket

extension WebSocket {
    /// The socket that C has made for this object.
    func begin(_ pointer: OpaquePointer) {
        unsafe vn_websocket_retain(pointer)
        unsafe self.pointer = unsafe pointer
    }

    /// Does something to C's socket on its worker's thread.
    func onWorker(_ body: @escaping @Sendable (WebSocket) -> Void) {
        if isOnWorker { body(self) } else { worker.run { [self] in body(self) } }
    }

    /// More messages are wanted. On the worker's thread.
    func resumeReceiving() {
        unsafe vn_websocket_resume(pointer)
    }

    /// Everything that was owed is sent. On the worker's thread.
    func finish() {
        unsafe vn_websocket_finish(pointer)
    }

    /// What its handler threw, as far as somebody is to know of it.
    func report(_ error: any Error) {
        core.hooks.report(.error, "The handler of a WebSocket threw: \(error)")
    }
}
