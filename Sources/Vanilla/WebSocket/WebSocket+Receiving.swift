// SPDX-License-Identifier: MIT

extension WebSocket {
    /// The next message, once it has come; `nil` when the client has closed. One task at a time.
    ///
    /// - Throws: ``WebSocketError`` of the kind `failed` where the client broke the protocol or a
    ///   limit, or is gone without a close; `CancellationError` where the task is cancelled.
    public func receive() async throws -> Message? {
        while true {
            let (message, resumes, hasEnded) = state.withLock { state in
                let message = state.incoming.takeFirst()
                let resumes = state.incoming.isPaused && state.incoming.isEmpty
                if resumes { state.incoming.isPaused = false }
                return (message, resumes, state.incoming.hasEnded)
            }
            if resumes { onWorker { $0.resumeReceiving() } }
            if let message { return message }
            if hasEnded { return try end() }
            try Task.checkCancellation()
            await waitForMessage()
        }
    }

    /// What the handler sent before it asked for more is sent: the client's close is answered.
    private func end() throws(WebSocketError) -> Message? {
        onWorker { $0.finish() }
        switch closeCode?.code {
        case 1002, 1006, 1007, 1008, 1009, 1011:
            guard !closedByClient else { return nil }
            throw WebSocketError(
                .failed, "The client broke the protocol or is gone: \(closeCode!).")
        default: return nil
        }
    }

    /// A client may close with such a code as well.
    private var closedByClient: Bool { state.withLock { $0.isClientsClose } }

    private func waitForMessage() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard state.incoming.isEmpty, !state.incoming.hasEnded, !Task.isCancelled else {
                        return false
                    }
                    state.incoming.receiver = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            wakeReceiver()
        }
    }

    private func wakeReceiver() {
        state.withLock { state in state.incoming.receiver.take() }?.resume()
    }
}

// MARK: - From C

extension WebSocket {
    /// A message came for a task. Returns whether more may come.
    func take(_ message: Message) -> Bool {
        let (receiver, isFull) = state.withLock { state in
            state.incoming.append(message)
            let isFull = state.incoming.isFull
            state.incoming.isPaused = isFull
            return (state.incoming.receiver.take(), isFull)
        }
        receiver?.resume()
        return !isFull
    }

    /// No message will follow. Returns whether something may still be sent.
    func noteEnd(_ code: CloseCode, _ reason: String, isClients: Bool) -> Bool {
        let (receiver, owes) = state.withLock { state in
            state.closeCode = code
            state.closeReason = reason
            state.isClientsClose = isClients
            state.incoming.hasEnded = true
            let receiver = state.incoming.receiver.take()
            return (receiver, receiver == nil && state.task != nil)
        }
        receiver?.resume()
        return owes
    }
}

extension WebSocket: AsyncSequence {
    /// Takes the messages that come.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let socket: WebSocket

        init(of socket: WebSocket) {
            self.socket = socket
        }

        /// As ``WebSocket/receive()``.
        public mutating func next() async throws -> Message? {
            try await socket.receive()
        }
    }

    /// What takes the messages, by one task at a time.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(of: self)
    }
}
