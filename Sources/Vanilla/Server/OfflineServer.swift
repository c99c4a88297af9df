// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A client of a server that serves in its own process, without a socket. Called on the worker's
/// thread.
package protocol OfflineClient: AnyObject, Sendable {
    /// The server has sent these.
    func receive(_ bytes: [UInt8])
    /// The server will send nothing more.
    func receiveEnd()
}

/// A server that serves in its own process, on a thread that it was lent.
package struct OfflineServer: Sendable {
    fileprivate let core: ServerCore
    fileprivate let worker: Worker

    /// A connection for a client, which the worker makes soon.
    ///
    /// - Parameter room: The bytes that the client receives before it has taken any.
    package func connect(_ client: any OfflineClient, room: Int) -> OfflineConnection {
        let connection = OfflineConnection(of: client, to: core, on: worker)
        connection.open(room: room)
        return connection
    }

    /// Has `Server.serveOffline` return: open connections are cut. Any thread.
    package func stop() {
        let (core, worker) = (core, worker)
        worker.run {
            // Where the worker has ended, so has what would be stopped.
            if worker.isCurrent { unsafe vn_offline_stop(core.server, 0) }
        }
    }
}

extension Server {
    /// Serves without a socket, on the calling thread, until the ``OfflineServer`` is stopped: one
    /// worker, which any number of clients of this process may connect to.
    ///
    /// - Parameter whenBegun: Called once, on this thread.
    /// - Throws: ``ServerError`` of the kind `outOfResources`, or `startFailed` where a start hook
    ///   threw.
    package func serveOffline(
        whenBegun: @escaping (OfflineServer) -> Void
    ) throws(ServerError) {
        let core = core
        var begun: () -> Void = {
            // It is called on the worker's thread.
            whenBegun(OfflineServer(core: core, worker: Worker.ofThread { $0 }!))
        }
        // C calls it during the call below.
        let result = unsafe withUnsafeMutablePointer(to: &begun) { begun in
            unsafe vn_offline_run(
                core.server,
                { context in
                    unsafe context!.assumingMemoryBound(to: (() -> Void).self).pointee()
                }, begun)
        }
        guard result == 0 else {
            if let cause = core.takeStartFailure() { throw ServerError(startHook: cause) }
            throw ServerError(
                .outOfResources, "There is no memory or descriptor to serve offline.",
                code: -result)
        }
    }
}

/// A client's side of a connection. Any thread; what is asked happens on the worker's, in order.
@safe
package final class OfflineConnection: @unchecked Sendable {
    private let client: any OfflineClient
    private let core: ServerCore
    private let worker: Worker
    /// The worker's thread's own; `nil` before and after the connection.
    private var connection: OpaquePointer?

    fileprivate init(of client: any OfflineClient, to core: ServerCore, on worker: Worker) {
        self.client = client
        self.core = core
        self.worker = worker
    }

    /// Bytes for the server.
    package func send(_ bytes: [UInt8]) {
        unsafe run { connection in
            let sent = unsafe Bytes(bytes.span).withCSpan { bytes in
                unsafe vn_offline_send(connection, bytes)
            }
            if sent < 0 { unsafe vn_offline_reset(connection) }
        }
    }

    /// The client sends nothing more.
    package func finish() {
        unsafe run { connection in unsafe vn_offline_finish(connection) }
    }

    /// The client is gone.
    package func reset() {
        unsafe run { connection in unsafe vn_offline_reset(connection) }
    }

    /// The client has used `count` bytes of what it received: as many more may come.
    package func take(_ count: Int) {
        unsafe run { connection in unsafe vn_offline_take(connection, count) }
    }

    fileprivate func open(room: Int) {
        worker.run { [self] in
            guard worker.isCurrent else { return client.receiveEnd() }
            // Balanced by the connection's end.
            let context = unsafe Unmanaged.passRetained(self)
            var callbacks = unsafe vn_offline_client(
                context: context.toOpaque(), receive: Self.receive, finish: Self.finish,
                end: Self.end, room: room)
            unsafe connection = vn_offline_connect(core.server, &callbacks)
            if unsafe connection == nil {
                unsafe context.release()
                client.receiveEnd()
            }
        }
    }

    /// On the worker's thread, unless the connection is over.
    private func run(_ body: @escaping @Sendable (OpaquePointer) -> Void) {
        worker.run { [self] in
            guard worker.isCurrent, let connection = unsafe connection else { return }
            unsafe body(connection)
        }
    }

    private static let receive: @convention(c) (UnsafeMutableRawPointer?, vn_span) -> Void = {
        context, bytes in
        // C always passes it.
        unsafe Unmanaged<OfflineConnection>.fromOpaque(context!)._withUnsafeGuaranteedRef {
            $0.client.receive(
                unsafe Array(UnsafeBufferPointer(start: bytes.bytes, count: bytes.count)))
        }
    }

    private static let finish: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<OfflineConnection>.fromOpaque(context!)._withUnsafeGuaranteedRef {
            $0.client.receiveEnd()
        }
    }

    private static let end: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // Balances `open`.
        let ended = unsafe Unmanaged<OfflineConnection>.fromOpaque(context!).takeRetainedValue()
        unsafe ended.connection = nil
        ended.client.receiveEnd()
    }
}
