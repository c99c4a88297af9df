// SPDX-License-Identifier: MIT

internal import Vanilla

/// One test: a server that runs for it, the connections to it, and its deadline.
final class Session: Sendable {
    let network: any Network
    private let alarm: Alarm
    private let buffers: ReceiveBuffers
    private let deadline: Duration

    /// How long the server may take to stop. Only a handler that blocks its worker takes any time.
    static let grace = Duration.seconds(10)

    private init(
        _ network: any Network, _ alarm: Alarm, _ buffers: ReceiveBuffers, deadline: Duration
    ) {
        self.network = network
        self.alarm = alarm
        self.buffers = buffers
        self.deadline = deadline
    }

    /// A server like `server`, which begins to serve.
    ///
    /// - Throws: ``ServerError`` or ``TestError`` where it cannot.
    nonisolated(nonsending) static func open(
        _ server: Server, _ mode: TestMode, deadline: Duration
    ) async throws -> Session {
        let address = Server.Configuration.Address.host("127.0.0.1", port: 0)
        let server = try Server(
            like: server, at: mode.security?.listener(address) ?? Server.Listener(address))
        let buffers = ReceiveBuffers()
        let alarm = try Alarm(at: ContinuousClock.now + deadline) {
            buffers.end(
                TestError(
                    .deadlineExceeded, "The test took longer than it may, which is \(deadline)."))
        }
        do {
            let network: any Network =
                if mode == .inProcess {
                    try await OfflineNetwork.open(server)
                } else {
                    try await SocketNetwork.open(server, security: mode.security)
                }
            return Session(network, alarm, buffers, deadline: deadline)
        } catch {
            alarm.turnOff()
            throw error
        }
    }

    func connect() -> (buffer: ReceiveBuffer, link: any Link) {
        let buffer = ReceiveBuffer()
        let link = network.connect(buffer)
        buffers.add(buffer)
        return (buffer, link)
    }

    /// Its connection is closed.
    func forget(_ buffer: ReceiveBuffer) {
        buffers.remove(buffer)
    }

    /// Cuts all connections and stops the server. Also in a task that was cancelled.
    ///
    /// - Throws: ``TestError`` of the kind `deadlineExceeded` where the server does not stop within
    ///   `grace`.
    nonisolated(nonsending) func close(within grace: Duration = grace) async throws {
        buffers.end(TestError(.testIsOver, "The test is over, and its server down."))
        let isDown = Promise<Void>()
        alarm.set(to: ContinuousClock.now + grace) {
            isDown.keep(
                .failure(
                    TestError(
                        .deadlineExceeded,
                        "The server did not stop within \(grace): a handler blocks its worker."
                    )))
        }
        network.stop { isDown.keep(.success(())) }
        defer { alarm.turnOff() }
        try await isDown.value()
    }
}

/// What tasks wait for in a test, to be ended together.
private final class ReceiveBuffers: Sendable {
    private let state = Lock((open: [ObjectIdentifier: ReceiveBuffer](), end: TestError?.none))

    func add(_ buffer: ReceiveBuffer) {
        let end = state.withLock { state in
            state.open[ObjectIdentifier(buffer)] = buffer
            return state.end
        }
        if let end { buffer.fail(end) }
    }

    func remove(_ buffer: ReceiveBuffer) {
        state.withLock { $0.open[ObjectIdentifier(buffer)] = nil }
    }

    /// The first end counts.
    func end(_ error: TestError) {
        let buffers = state.withLock { state in
            if state.end == nil { state.end = error }
            return state.open.values.map { $0 }
        }
        for buffer in buffers { buffer.fail(error) }
    }
}
