// SPDX-License-Identifier: MIT

internal import CVanillaIO
internal import Synchronization

/// C's server and what it needs to live: held by `Server`, by every handle of an exchange, and by
/// itself while it runs, so that it is never freed under a thread that uses it.
@safe
@usableFromInline
final class ServerCore: @unchecked Sendable {
    /// Set once, before anybody else knows this object. C's functions on it may be called from any
    /// thread.
    private(set) var server: OpaquePointer?
    let hooks: Hooks
    let offload: OffloadPool
    /// Those of the listeners, in their order, which C's server has until it is closed.
    package let transports: [(any OpenTransport)?]

    /// Whether this object retains itself, which it does from a start to the end of the wait that
    /// follows.
    private let isRetained = Atomic(false)

    /// What a start hook has thrown, until the start that it ends tells of it.
    private let startFailure = Lock<(any Error)?>(nil)

    init(configuration: Server.Configuration, hooks: Hooks) throws(ServerError) {
        self.hooks = hooks
        do throws(InvalidOption) {
            offload = try OffloadPool(configuration.offload)
        } catch {
            throw ServerError(error)
        }
        var transports: [(any OpenTransport)?] = []
        for listener in configuration.listeners {
            transports.append(
                try listener.transport?.open(
                    protocols: listener.protocols, log: hooks.report))
        }
        self.transports = transports
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe server = try configuration.withC(transports: transports) {
            config throws(ServerError) in
            unsafe config.handlers = WorkerHandler.callbacks(context: context, hooks)
            if hooks.log != nil {
                unsafe config.log = ServerCore.log
                unsafe config.log_context = unsafe context
            }
            var error = vn_error()
            guard let server = unsafe vn_server_open(&config, &error) else {
                throw ServerError(c: error)
            }
            return unsafe server
        }
    }

    deinit {
        offload.close()
        // No worker runs: a running server retains itself.
        if let server = unsafe server { unsafe vn_server_close(server) }
    }

    private static let log:
        @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void = {
            context, level, message in
            guard let context = unsafe context, let message = unsafe message else { return }
            // The context is the core, which outlives C's server.
            unsafe Unmanaged<ServerCore>.fromOpaque(context)._withUnsafeGuaranteedRef { core in
                core.hooks.report(Server.LogLevel(c: level), unsafe String(cString: message))
            }
        }
}

// MARK: - Running

extension ServerCore {
    func start() throws(ServerError) {
        var error = vn_error()
        guard unsafe vn_server_start(server, &error) == 0 else { throw failure(error) }
        retainItself()
    }

    func run(handlesSignals: Bool, whenListening: () -> Void) throws(ServerError) {
        var error = vn_error()
        // C calls it during the call below, on this thread.
        let result = withoutActuallyEscaping(whenListening) { whenListening in
            var listening = whenListening
            return unsafe withUnsafeMutablePointer(to: &listening) { listening in
                unsafe vn_server_run(
                    server, handlesSignals,
                    { context in
                        unsafe context?.assumingMemoryBound(to: (() -> Void).self).pointee()
                    }, listening, &error)
            }
        }
        guard result == 0 else { throw failure(error) }
        releaseItself()
    }

    /// Why a start has failed.
    private func failure(_ error: vn_error) -> ServerError {
        let failure = ServerError(c: error)
        guard failure.kind == .startFailed, let cause = takeStartFailure() else { return failure }
        return ServerError(startHook: cause)
    }

    /// A start hook threw. On the worker's thread.
    func noteStartFailure(_ error: any Error) {
        startFailure.withLock { $0 = error }
    }

    /// What a start hook has thrown, which is told once.
    func takeStartFailure() -> (any Error)? {
        startFailure.withLock { $0.take() }
    }

    func wait() {
        unsafe vn_server_wait(server)
        releaseItself()
    }

    func stop(within time: Duration) {
        unsafe vn_server_stop(server, time.boundedMilliseconds)
    }

    /// Nobody can ask the server for anything any more: stop it if it runs.
    func abandon() {
        guard isRetained.load(ordering: .acquiring) else { return }
        stop(within: .zero)
        // The last reference may have been dropped on a worker, which cannot wait for itself.
        // Threads end at once, so a thread of the pool is not blocked for long.
        Task.detached { self.wait() }
    }

    private func retainItself() {
        if !isRetained.exchange(true, ordering: .acquiringAndReleasing) {
            _ = unsafe Unmanaged.passRetained(self)
        }
    }

    private func releaseItself() {
        if isRetained.exchange(false, ordering: .acquiringAndReleasing) {
            // Balances retainItself(). The caller retains this object, too.
            unsafe Unmanaged.passUnretained(self).release()
        }
    }
}

// MARK: - Asking

extension ServerCore {
    /// The port of a listener; 0 of a unix domain socket.
    func port(ofListener index: Int) -> Int {
        unsafe Int(vn_server_port(server, UInt32(truncatingIfNeeded: index)))
    }

    var backend: Server.Backend {
        unsafe Server.Backend(c: Int32(vn_server_backend(server)))
    }

    var workerCount: Int { unsafe Int(vn_server_workers(server)) }

    var statistics: Server.Statistics {
        var statistics = vn_statistics()
        unsafe vn_server_statistics(server, &statistics)
        return Server.Statistics(c: statistics)
    }

    func statistics(ofListener index: Int) -> Server.Statistics.Listener {
        var statistics = vn_listener_statistics()
        unsafe vn_server_listener_statistics(
            server, UInt32(truncatingIfNeeded: index), &statistics)
        return Server.Statistics.Listener(c: statistics)
    }

    func handle(_ input: [UInt8]) -> [UInt8] {
        var count = 0
        let output = unsafe Bytes(input.span).withCSpan { input in
            unsafe vn_server_handle(server, input, &count)
        }
        guard let output = unsafe output else {
            if let cause = takeStartFailure() {
                hooks.report(.error, ServerError(startHook: cause).message)
                return []
            }
            hooks.report(.error, "There is no memory for the answer to \(input.count) bytes.")
            return []
        }
        // C hands over memory of malloc with `count` bytes in it.
        defer { unsafe freeMemory(output) }
        return unsafe Array(UnsafeBufferPointer(start: output, count: count))
    }
}
