// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Opens a WebSocket in answer to a request, or refuses the request: with 426 where it asks for
    /// no WebSocket or for another version of the protocol, 400 where it is damaged, 403 where its
    /// origin is not one of ``WebSocket/Options/origins``.
    ///
    /// ```swift
    /// routes.get("/rooms/:name") { request, response in
    ///     let room = try request.parameters.require("name")
    ///     guard request.cookies["session"] != nil else {
    ///         return response.send(status: .unauthorized)
    ///     }
    ///     try response.acceptWebSocket(for: request) { socket in
    ///         try await socket.send("Welcome to \(room).")
    ///     }
    /// }
    /// ```
    ///
    /// The status and the headers that were set before, such as cookies, go with the answer; it is
    /// not held by asynchronous middleware. For the exchange it is the end: the handler goes on
    /// without it.
    ///
    /// - Parameters:
    ///   - request: The request, as it is lent to the handler.
    ///   - options: How the socket lives.
    ///   - handler: Runs in a task on the connection's worker: see ``WebSocket``.
    /// - Returns: Whether the socket was opened.
    /// - Throws: ``WebSocketError`` of the kind `invalidConfiguration`, `notSupported` or
    ///   `outOfMemory`; ``ResponseError`` of the kind `alreadyAnswered`, `notOnWorker` or
    ///   `headersTooLarge`.
    @discardableResult
    public mutating func acceptWebSocket(
        for request: Request, _ options: WebSocket.Options = WebSocket.Options(),
        _ handler: @escaping WebSocket.Handler
    ) throws -> Bool {
        guard let socket = try open(for: request, options, nil) else { return false }
        socket.run(handler)
        return true
    }

    /// Opens a WebSocket whose messages are given to callbacks, as
    /// ``acceptWebSocket(for:_:_:)-(_,_,WebSocket.Handler)`` does.
    @discardableResult
    public mutating func acceptWebSocket(
        for request: Request, _ options: WebSocket.Options = WebSocket.Options(),
        callbacks: WebSocket.Callbacks
    ) throws -> Bool {
        guard let socket = try open(for: request, options, callbacks) else { return false }
        do {
            try callbacks.onOpen?(socket)
        } catch {
            socket.report(error)
            try socket.close(.internalError)
        }
        return true
    }

    /// `nil` where the request was refused.
    private mutating func open(
        for request: Request, _ options: WebSocket.Options, _ callbacks: WebSocket.Callbacks?
    ) throws -> WebSocket? {
        var cOptions: vn_websocket_options
        do throws(InvalidOption) { unsafe cOptions = unsafe try options.c() } catch {
            throw WebSocketError(.invalidConfiguration, error.message)
        }
        let status = unsafe vn_request_check_websocket(request.pointer)
        guard status == 0 else {
            statusInForce = Status(code: Int(status)) ?? .badRequest
            unsafe note(vn_response_refuse_websocket(pointer, status), "a WebSocket was refused")
            return nil
        }
        guard options.origins.allow(request) else {
            sendError(.forbidden)
            return nil
        }
        guard let worker = Worker.ofThread({ $0 }) else {
            throw ResponseError(.notOnWorker, "A WebSocket was opened \(ResponseError.elsewhere).")
        }
        let subprotocol = options.chooseSubprotocol(for: request)
        let socket = unsafe WebSocket(
            subprotocol: subprotocol, worker: worker, core: core, callbacks: callbacks)
        let context = unsafe Unmanaged.passRetained(socket)
        var made: OpaquePointer?
        let result = (subprotocol ?? "").withBytes { name in
            unsafe name.withCSpan { name in
                unsafe cOptions.protocol = name
                return unsafe vn_response_accept_websocket(
                    pointer, request.pointer, &cOptions, WebSocket.calls, context.toOpaque(), &made)
            }
        }
        guard result == 0, let made = unsafe made else {
            // C has not taken the reference.
            unsafe context.release()
            throw WebSocketError.failure(opening: result)
        }
        unsafe socket.begin(made)
        return socket
    }
}

extension WebSocketError {
    /// The failure of opening a socket, from C's negative result.
    fileprivate static func failure(opening result: Int32) -> any Error {
        switch -result {
        case SystemError.alreadyDone:
            ResponseError(.alreadyAnswered, "A WebSocket was opened after the answer was sent.")
        case SystemError.otherThread:
            ResponseError(.notOnWorker, "A WebSocket was opened \(ResponseError.elsewhere).")
        case SystemError.tooLarge:
            ResponseError(.headersTooLarge, "The response's headers are larger than 64 KiB.")
        case SystemError.notSupported:
            WebSocketError(.notSupported, "The connection's protocol has no WebSockets.")
        case SystemError.invalidArgument:
            WebSocketError(.invalidConfiguration, "A subprotocol is no token.")
        default: WebSocketError(.outOfMemory, "There is no memory for a WebSocket.")
        }
    }
}

// MARK: - The handler's task

extension WebSocket {
    /// What a socket's task does.
    public typealias Handler = @concurrent @Sendable (WebSocket) async throws -> Void

    /// Runs the handler on the worker, and closes the socket after it.
    func run(_ handler: @escaping Handler) {
        let task = Task(executorPreference: worker.executor) { [self] in
            await run(handler)
        }
        state.withLock { state in state.task = task }
    }

    @concurrent private func run(_ handler: Handler) async {
        var code = CloseCode.normal
        do {
            try await handler(self)
        } catch {
            code = .internalError
            if !isExpected(error) { report(error) }
        }
        let hasEnded = state.withLock { state in
            state.task = nil
            return state.incoming.hasEnded
        }
        if hasEnded { onWorker { $0.finish() } } else { try? close(code) }
    }

    /// The client is gone, or closed, and the handler had more to say: that is no mistake of its.
    private func isExpected(_ error: any Error) -> Bool {
        if error is CancellationError { return Task.isCancelled }
        guard let error = error as? WebSocketError else { return false }
        return error.kind == .closed || error.kind == .failed
    }
}
