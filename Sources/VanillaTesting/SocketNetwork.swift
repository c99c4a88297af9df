// SPDX-License-Identifier: MIT

internal import CLibrary
internal import Vanilla

/// Over sockets of the loopback interface: a thread of its own starts the server, waits for all
/// connections of the clients with poll(2), and stops the server.
final class SocketNetwork: Network {
    private let thread: SocketThread
    let host: String

    private init(_ thread: SocketThread, port: Int) {
        self.thread = thread
        host = "127.0.0.1:\(port)"
    }

    /// - Throws: What `start()` throws, or ``TestError``.
    nonisolated(nonsending) static func open(
        _ server: Server, security: (any SocketSecurity)? = nil
    ) async throws -> SocketNetwork {
        let thread = SocketThread(wakePipe: try WakePipe(), security: security)
        let port = Promise<Int>()
        try onAThreadOfItsOwn {
            do {
                try server.start()
                port.keep(.success(server.port))
                thread.run(port: server.port)
                server.stop(within: .zero)
                server.wait()
            } catch {
                port.keep(.failure(error))
            }
            thread.down.reach()
        }
        return SocketNetwork(thread, port: try await port.value())
    }

    func connect(_ buffer: ReceiveBuffer) -> any Link {
        SocketLink(thread, buffer)
    }

    func stop(whenDown: @escaping @Sendable () -> Void) {
        thread.down.whenReached(whenDown)
        thread.ask(.stop)
    }
}

/// What a client asks of its connection.
private enum SocketWish: Sendable {
    case connect(SocketState)
    case send(SocketState, [UInt8])
    case finish(SocketState)
    case close(SocketState)
    case look
    case stop
}

private struct SocketLink: Link {
    private let thread: SocketThread
    private let state: SocketState

    init(_ thread: SocketThread, _ buffer: ReceiveBuffer) {
        self.thread = thread
        state = SocketState(buffer)
        thread.ask(.connect(state))
    }

    func send(_ bytes: [UInt8]) { thread.ask(.send(state, bytes)) }

    func finish() { thread.ask(.finish(state)) }

    func close() { thread.ask(.close(state)) }

    func take(_ count: Int) {
        // The thread reads again where the buffer was full.
        if state.buffer.count + count >= receiveRoom { thread.ask(.look) }
    }
}

/// One socket. Everything but the buffer is the thread's own.
private final class SocketState: @unchecked Sendable {
    let buffer: ReceiveBuffer
    var socket: Int32 = -1
    var output: [UInt8] = []
    var sent = 0
    var isFinishing = false
    /// What changes the bytes; `nil` where they pass as they are.
    var security: (any SecuredClient)?
    /// Whether the server's side is still to be read.
    var isReading = true

    init(_ buffer: ReceiveBuffer) {
        self.buffer = buffer
    }
}

/// The thread of all sockets of a test.
private final class SocketThread: @unchecked Sendable {
    let down = Down()
    private let wakePipe: WakePipe
    /// `nil` once nothing is taken any more.
    private let wishes = Lock<[SocketWish]?>([])
    /// The thread's own.
    private var states: [SocketState] = []
    private var port = 0
    private let security: (any SocketSecurity)?

    init(wakePipe: WakePipe, security: (any SocketSecurity)?) {
        self.wakePipe = wakePipe
        self.security = security
    }

    /// Any thread.
    func ask(_ wish: SocketWish) {
        let isTaken = wishes.withLock { wishes in
            wishes?.append(wish)
            return wishes != nil
        }
        if isTaken { return wakePipe.wake() }
        if case .connect(let state) = wish { state.buffer.receiveEnd() }
    }

    /// Until it is asked to stop.
    func run(port: Int) {
        self.port = port
        while fulfil(takeWishes()) { turn() }
        for case .connect(let state) in wishes.withLock({ wishes in wishes.take() ?? [] }) {
            state.buffer.receiveEnd()
        }
        for state in states { close(state) }
        states = []
    }

    private func takeWishes() -> [SocketWish] {
        wishes.withLock { wishes in
            defer { wishes = [] }
            return wishes ?? []
        }
    }

    /// False where it is to stop.
    private func fulfil(_ wishes: [SocketWish]) -> Bool {
        var goesOn = true
        for wish in wishes {
            switch wish {
            case .connect(let state): connect(state)
            case .send(let state, let bytes):
                guard let security = state.security else {
                    state.output += bytes
                    break
                }
                security.send(bytes)
                state.output += security.takeOutput()
            case .finish(let state):
                state.security?.finish()
                state.output += state.security?.takeOutput() ?? []
                // The server's answers end by a word of its own: FIN would cut off what it says.
                state.isFinishing = state.security == nil
            case .close(let state):
                close(state)
                states.removeAll { $0 === state }
            case .look: break
            case .stop: goesOn = false
            }
        }
        return goesOn
    }

    private func connect(_ state: SocketState) {
        do throws(TestError) {
            state.security = try security?.client()
            state.output += state.security?.takeOutput() ?? []
            state.socket = try openSocket()
            states.append(state)
            // Making a connection to the loopback interface does not block: the kernel answers for
            // the listener.
            guard connectToLoopback(state.socket, port: port) == 0, setNonblocking(state.socket)
            else {
                throw TestError(.system, "The test cannot connect to port \(port).", code: errno)
            }
        } catch {
            state.isReading = false
            state.buffer.receiveEnd(error)
        }
    }

    private func close(_ state: SocketState) {
        if state.socket >= 0 { closeDescriptor(state.socket) }
        state.socket = -1
        state.buffer.receiveEnd()
    }

    /// Waits for anything to happen, and does what can be done.
    private func turn() {
        for state in states { send(state) }
        var entries = [pollfd(fd: wakePipe.descriptor, events: Int16(POLLIN), revents: 0)]
        for state in states {
            var events: Int32 = 0
            if state.isReading, state.buffer.count < receiveRoom { events |= POLLIN }
            if state.sent < state.output.count { events |= POLLOUT }
            // Nothing is asked of a negative descriptor, not even whether it hung up: poll(2).
            entries.append(
                pollfd(
                    fd: events == 0 ? -1 : state.socket, events: Int16(events), revents: 0))
        }
        _ = unsafe poll(&entries, nfds_t(entries.count), -1)
        if entries[0].revents != 0 { wakePipe.clear() }
        for (state, entry) in zip(states, entries.dropFirst())
        where Int32(entry.revents) & ~POLLOUT != 0 {
            receive(state)
        }
    }

    private func send(_ state: SocketState) {
        while state.socket >= 0, state.sent < state.output.count {
            let count = unsafe state.output.withUnsafeBytes { bytes in
                // `sent` is less than the number of bytes.
                unsafe sendQuietly(
                    state.socket, UnsafeRawBufferPointer(rebasing: bytes[state.sent...]))
            }
            if count >= 0 {
                state.sent += count
                continue
            }
            if errno == EINTR { continue }
            if errno == EAGAIN { return }
            // A server that answers early may stop reading: what it says counts, not what was not
            // sent.
            state.sent = state.output.count
        }
        state.output = []
        state.sent = 0
        if state.isFinishing, state.socket >= 0 {
            state.isFinishing = false
            shutdown(state.socket, Int32(SHUT_WR))
        }
    }

    private func received(_ bytes: [UInt8], by state: SocketState) {
        guard let security = state.security else { return state.buffer.receive(bytes) }
        let plain = security.receive(bytes)
        state.output += security.takeOutput()
        if !plain.isEmpty { state.buffer.receive(plain) }
        if security.isOver {
            state.isReading = false
            state.buffer.receiveEnd()
        }
    }

    private func receive(_ state: SocketState) {
        guard state.isReading, state.socket >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(state.socket, &buffer, buffer.count, 0)
        if count > 0 { return received(Array(buffer[..<count]), by: state) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        let error = errno
        state.isReading = false
        state.buffer.receiveEnd(
            count == 0 || error == ECONNRESET
                ? nil
                : TestError(
                    .system, "The test cannot read from its connection.", code: error))
    }
}
