// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// One client's stream of events, for as long as it stays: made by
/// ``ResponseWriter/streamEvents(_:backlog:_:)``, used from any thread and any task.
///
/// ```swift
/// routes.get("/progress") { request, response in
///     try response.streamEvents { stream in
///         Task {
///             for await step in job.steps { try await stream.sendWhenReady("\(step)") }
///             stream.close()
///         }
///     }
/// }
/// ```
///
/// It stays open until ``close()``, until the client goes away, or until the server stops;
/// forgetting it does not close it. Everything that was sent since the client took the last bytes
/// leaves together.
public final class EventStream: Sendable {
    /// The bytes that may wait for the client, unless said otherwise: 1 MiB.
    public static let defaultBacklog = 1 << 20

    private let backlog: Int
    private let state: Lock<State>

    init(handle: ResponseWriter.Handle, backlog: Int) {
        self.backlog = backlog
        state = Lock(State(handle: handle))
    }

    private struct State {
        /// `nil` once the exchange is over.
        var handle: ResponseWriter.Handle?
        /// Events that the worker has not taken yet.
        var pending: [UInt8] = []
        /// Bytes that the worker has taken, and the client has not.
        var unsent = 0
        /// Whether the stream ends after what is pending.
        var isClosing = false
        /// Whether the worker was told that there is something to take.
        var isAnnounced = false
        var closeHooks: [@Sendable () -> Void] = []
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0

        var isOpen: Bool { handle != nil && !isClosing }

        /// The handle to resume, where the worker must be told.
        mutating func announce() -> ResponseWriter.Handle? {
            if isAnnounced { return nil }
            isAnnounced = true
            return handle
        }

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }
}

// MARK: - For the user

extension EventStream {
    /// Whether events can still be sent.
    public var isOpen: Bool { state.withLock { state in state.isOpen } }

    /// Sends an event without waiting. Any thread; the events of one thread stay in order.
    ///
    /// - Throws: ``EventError`` of the kind `backlogFull` where as much waits for the client as
    ///   may; `streamClosed`; `eventTooLarge` where it is larger than the whole backlog;
    ///   `invalidEvent` as ``ServerSentEvent/serialized()``. Then nothing was sent.
    public func send(_ event: ServerSentEvent) throws(EventError) {
        guard try put(event.serialized()) else {
            throw EventError(
                .backlogFull, "The client has not taken the \(backlog) bytes that may wait for it.")
        }
    }

    /// Sends an event, once there is room for it.
    ///
    /// - Throws: `CancellationError` where the task is cancelled meanwhile; ``EventError`` of the
    ///   kind `streamClosed`, `eventTooLarge` or `invalidEvent`. Then nothing was sent.
    public func sendWhenReady(_ event: ServerSentEvent) async throws {
        let bytes = try event.serialized()
        while try !put(bytes) {
            try Task.checkCancellation()
            await waitForRoom(for: bytes.count)
        }
    }

    /// Ends the stream after what was sent. The client comes back by itself; to keep it away,
    /// answer its next request with ``Status/noContent``. From any thread, any number of times.
    public func close() {
        let handle = state.withLock { state in
            state.isClosing = true
            return state.announce()
        }
        wake(handle)
    }

    /// Calls `body` once, when the stream is over: everything was sent after ``close()``, the
    /// client is gone, or the server stops. Where the stream is over already, it is called at once.
    /// It runs on the worker's thread or on the thread that calls this, and must not block.
    public func onClose(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if state.handle != nil { state.closeHooks.append(body) }
            return state.handle == nil
        }
        if isOver { body() }
    }
}

// MARK: - Sending

extension EventStream {
    /// False where there is no room now.
    private func put(_ bytes: [UInt8]) throws(EventError) -> Bool {
        guard bytes.count <= backlog else {
            throw EventError(
                .eventTooLarge, "An event has \(bytes.count) bytes, more than \(backlog).")
        }
        let (isOpen, isPut, handle) = state.withLock {
            state -> (Bool, Bool, ResponseWriter.Handle?) in
            guard state.isOpen else { return (false, false, nil) }
            guard hasRoom(for: bytes.count, state) else { return (true, false, nil) }
            state.pending += bytes
            return (true, true, state.announce())
        }
        guard isOpen else { throw EventError(.streamClosed, "The stream of events is closed.") }
        wake(handle)
        return isPut
    }

    private func hasRoom(for count: Int, _ state: borrowing State) -> Bool {
        state.pending.count + state.unsent + count <= backlog
    }

    /// Without memory to tell the worker, the next event does it.
    private func wake(_ handle: ResponseWriter.Handle?) {
        guard let handle, !handle.tryToResume() else { return }
        state.withLock { state in state.isAnnounced = false }
    }

    private func waitForRoom(for count: Int) async {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Looked at with the lock held: what changes later finds the waiter.
                let waits = state.withLock { state in
                    if !state.isOpen || hasRoom(for: count, state) || Task.isCancelled {
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
}

// MARK: - For the worker

extension EventStream {
    /// What C calls as the producer of the body; the context is the stream.
    static let producer: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Int32 = {
        context, stream in
        // C always passes both.
        let (context, stream) = unsafe (context!, stream!)
        return unsafe Unmanaged<EventStream>.fromOpaque(context)._withUnsafeGuaranteedRef {
            events in
            unsafe events.produce(stream)
        }
    }

    /// The exchange is over, or never began.
    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain in `eventStream`.
        unsafe Unmanaged<EventStream>.fromOpaque(context).takeRetainedValue().end()
    }

    private func produce(_ stream: OpaquePointer) -> Int32 {
        let (bytes, isClosing) = state.withLock { state in
            state.isAnnounced = false
            let bytes = state.pending
            state.pending = []
            state.unsent += bytes.count
            return (bytes, state.isClosing)
        }
        if !bytes.isEmpty {
            let shared = SharedBytes(bytes)
            let batch = unsafe Unmanaged.passRetained(Batch(shared, of: self))
            let result = unsafe shared.bytes.withCSpan { bytes in
                unsafe vn_body_write_shared(stream, bytes, Batch.release, batch.toOpaque())
            }
            if result != 0 { return -1 }
        }
        return Int32(isClosing ? VN_PRODUCE_DONE : VN_PRODUCE_WAIT)
    }

    /// The client has taken so many bytes, or never will: they wait no longer.
    fileprivate func didSend(_ count: Int) {
        let waiters = state.withLock { state in
            state.unsent -= count
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    private func end() {
        let (hooks, waiters) = state.withLock { state in
            let hooks = state.closeHooks
            state.handle = nil
            state.closeHooks = []
            state.pending = []
            return (hooks, state.takeWaiters())
        }
        for waiter in waiters { waiter.resume() }
        for hook in hooks { hook() }
    }
}

/// Events that the operating system has taken, and the client has not.
private final class Batch: Sendable {
    private let bytes: SharedBytes
    private let stream: EventStream

    init(_ bytes: SharedBytes, of stream: EventStream) {
        self.bytes = bytes
        self.stream = stream
    }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain in `produce`.
        let batch = unsafe Unmanaged<Batch>.fromOpaque(context).takeRetainedValue()
        batch.stream.didSend(batch.bytes.count)
    }
}
