// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension WebSocket {
    /// Has the client get the events of a topic from now on, for as long as the socket is open: the
    /// data of each as text. Events without data are left out.
    ///
    /// ```swift
    /// routes.webSocket("/chat") { socket in
    ///     try socket.subscribe(to: "chat", in: hub)
    ///     while case .text(let text)? = try await socket.receive() {
    ///         try hub.publish(ServerSentEvent(text), to: "chat")
    ///     }
    /// }
    /// ```
    ///
    /// A publication reaches streams of events and sockets alike; it is framed once for all sockets
    /// of a worker, which share its bytes. A client that takes them too slowly is cut, or loses
    /// events, as ``EventHub/TopicOptions/slowPolicy`` says.
    ///
    /// - Throws: ``EventError`` of the kind `invalidTopic` for a name of more than 255 bytes,
    ///   `tooManyTopics` or `outOfMemory`; ``WebSocketError`` of the kind `closed`;
    ///   ``ServerError`` of the kind `notOnWorker` on another thread than the worker's.
    public func subscribe(to topic: String, in hub: EventHub) throws {
        try EventHub.check(topic)
        guard isOnWorker else {
            throw ServerError(.notOnWorker, "A socket subscribes on its worker's thread alone.")
        }
        let result = unsafe hub.subscribe(socket: pointer, to: topic)
        if result == -SystemError.brokenPipe {
            throw WebSocketError(.closed, "The socket is closed.")
        }
        if result != 0 { throw EventError(usingTopic: result) }
    }
}
