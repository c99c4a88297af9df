// SPDX-License-Identifier: MIT

extension Routes {
    /// Adds a route that opens WebSockets, with a handler that waits.
    ///
    /// ```swift
    /// routes.webSocket("/chat") { socket in
    ///     for try await message in socket {
    ///         try await socket.send(message)
    ///     }
    /// }
    /// ```
    ///
    /// The request passes the middleware of the group, and any answer of that refuses it. For what
    /// the handler is to know of the request, such as parameters, or to refuse it in another way,
    /// use ``ResponseWriter/acceptWebSocket(for:_:_:)-(_,_,WebSocket.Handler)`` in a route for GET.
    ///
    /// - Parameters:
    ///   - path: As ``Router`` says, after the group's prefix.
    ///   - options: How the sockets live.
    ///   - handler: Runs in a task on the connection's worker: see ``WebSocket``.
    public mutating func webSocket(
        _ path: String, _ options: WebSocket.Options = WebSocket.Options(),
        _ handler: @escaping WebSocket.Handler
    ) {
        get(path) { request, response in
            try response.acceptWebSocket(for: request, options, handler)
        }
    }

    /// Adds a route that opens WebSockets whose messages are given to callbacks.
    ///
    /// ```swift
    /// routes.webSocket("/echo", callbacks: WebSocket.Callbacks(
    ///     onText: { socket, text in _ = try socket.trySend(text, as: .text) }))
    /// ```
    ///
    /// - Parameters:
    ///   - path: As ``Router`` says, after the group's prefix.
    ///   - options: How the sockets live.
    ///   - callbacks: Called on the connection's worker, without a copy of the bytes.
    public mutating func webSocket(
        _ path: String, _ options: WebSocket.Options = WebSocket.Options(),
        callbacks: WebSocket.Callbacks
    ) {
        get(path) { request, response in
            try response.acceptWebSocket(for: request, options, callbacks: callbacks)
        }
    }
}
