// SPDX-License-Identifier: MIT

extension Server {
    /// Serves until the server is stopped: by `stop(within:)`, or by SIGTERM, SIGINT or SIGHUP
    /// unless the configuration says otherwise. Returns once every request in hand is answered and
    /// every thread has ended.
    ///
    /// Starts the server unless it was started. Not from a handler.
    ///
    /// - Parameter whenListening: Called once on this thread, when connections are accepted and
    ///   signals are handled: the moment to say where the server listens. With the configuration's
    ///   `usesCallingThread` the first worker answers only when it has returned.
    /// - Throws: ``ServerError`` when the server cannot listen, the backend is unavailable, or a
    ///   hook of ``onStart(_:)`` threw.
    public func run(whenListening: () -> Void = {}) throws(ServerError) {
        try core.run(handlesSignals: configuration.handlesSignals, whenListening: whenListening)
    }

    /// Starts to serve; returns when connections are accepted. A server that has stopped may be
    /// started again.
    ///
    /// - Throws: ``ServerError`` when the server cannot listen, the backend is unavailable, the
    ///   server runs already, a hook of ``onStart(_:)`` threw, or the server was told to stop
    ///   before these had returned.
    public func start() throws(ServerError) {
        try core.start()
    }

    /// Waits until the server has stopped and its threads have ended. Not from a handler.
    public func wait() {
        core.wait()
    }

    /// Asks the server to stop and returns at once: no new connections, and requests in hand get
    /// the time given before they are cut off. Idle connections are closed when the
    /// ``Configuration/lameDuck`` is over. From any thread, handlers included, and any number of
    /// times: the earliest end counts.
    public func stop(within time: Duration = .seconds(30)) {
        core.stop(within: time)
    }

    /// The port of the first listener, once the server was started; 0 for a unix domain socket.
    public var port: Int { core.port(ofListener: 0) }

    /// Where the listeners listen, in their order, once the server was started: as configured, with
    /// the port that a free one became. From any thread.
    public var addresses: [Configuration.Address] {
        configuration.listeners.indices.map { index in
            let address = configuration.listeners[index].address
            return address.port == nil ? address : address.with(port: core.port(ofListener: index))
        }
    }

    /// How the server talks to the operating system, once it was started.
    public var backend: Server.Backend { core.backend }

    /// The number of workers, once it was started.
    public var workerCount: Int { core.workerCount }

    /// What was counted since the server was made. From any thread.
    public var statistics: Server.Statistics {
        var statistics = core.statistics
        statistics.offload = core.offload.statistics
        statistics.listeners = configuration.listeners.indices.map(core.statistics(ofListener:))
        return statistics
    }
}
