// SPDX-License-Identifier: MIT

extension Server {
    /// How a server works. What is not set has a default that is safe on the open Internet.
    ///
    /// ```swift
    /// var configuration = Server.Configuration(address: .host("::1", port: 8080))
    /// configuration.limits.body = 64 << 20
    /// configuration.deadlines.idle = .seconds(15)
    /// ```
    ///
    /// Impossible values are refused when a server is made with them, with an error that names the
    /// option.
    public struct Configuration: Sendable {
        /// Where to listen: 1 to 16 places, all over the same workers.
        public var listeners: [Listener]
        /// How to talk to the operating system; `nil` takes io_uring where it is allowed, and epoll
        /// elsewhere.
        public var backend: Server.Backend?
        /// Whether connections stay open between requests.
        public var keepAlive = KeepAlive.rfc
        /// What the body of an error is that has none of its own.
        public var errorBody = ErrorBody.byAccept
        /// The number of worker threads; `nil` for one on each CPU that the process may use
        /// (affinity and cgroup quota).
        public var workers: Int?
        /// Whether each worker stays on one of these CPUs.
        public var pinsWorkers = false
        /// Whether `run()` runs the first worker, unpinned, on the thread that calls it, and not on
        /// a thread of its own. A server of one worker is then a process of one thread, whose
        /// system calls are cheaper.
        ///
        /// `whenListening` must then not wait for an answer of the server, a handler that blocks
        /// also delays a stop by signal, and handlers use the stack of that thread: call `run()` on
        /// the main thread, or on another thread with a stack of 8 MiB.
        public var usesCallingThread = false
        /// Whether the soft limit of descriptors stays as it is, and is not raised to the hard one
        /// when the server starts, as the runtimes of Go and Node do: for a process that uses
        /// select(2), or runs programs that do.
        public var keepsDescriptorLimit = false
        /// Whether targets with bytes beyond ASCII are taken as they are where they are UTF-8. RFC
        /// 9112, section 3.2, wants such bytes percent-encoded, but some user agents send them; by
        /// default they get 400. `request.path` and `request.query` then have them, too.
        public var takesUTF8Targets = false
        /// Whether the C library's allocator is left as it is. Otherwise memory goes back to the
        /// system within a minute of a load that has taken it: blocks from 128 KiB on when they are
        /// freed, and what else is free some seconds after connections have ended. This concerns
        /// the whole process. An environment that sets the allocator up (`GLIBC_TUNABLES`) is
        /// respected.
        public var keepsMemory = false
        /// For how long a handler may hold its worker before the log names it: 100 milliseconds by
        /// default, `nil` for any time. All connections of the worker wait meanwhile. At most one
        /// line a second says so, with the method, the path and the route, and how many others
        /// there were since the last one. What a handler awaits does not count.
        public var slowHandler: Duration?
        /// The number of connections that the operating system keeps for each worker before they
        /// are accepted (listen(2)): 4,096 by default.
        public var backlog: Int
        /// Whether `run()` stops on SIGTERM, SIGINT and SIGHUP: gracefully on the first, at once on
        /// the second of the first two. A SIGHUP that is ignored, as nohup(1) has it, stays so;
        /// where a listener has TLS, it loads certificates again and stops nothing.
        public var handlesSignals = true
        /// How long a stop by signal waits for the requests in hand: 30 seconds by default.
        public var drain: Duration
        /// How long a server that stops still answers requests on connections that were idle, with
        /// `Connection: close`: 1500 milliseconds by default, and at most half of the time that the
        /// stop has. Then those that stayed idle are closed. A request that meets a close on its
        /// way is lost, and many clients do not send it again.
        public var lameDuck: Duration
        /// For how long a start tries again where an address is in use: 5 seconds by default. The
        /// operating system may keep the address of a server that was killed for some seconds.
        public var bindRetry: Duration
        /// Sizes.
        public var limits = Limits()
        /// Times.
        public var deadlines = Deadlines()
        /// The threads for work that blocks.
        public var offload = Offload()
        /// Receives the messages of the server, on any thread, which waits for it; `nil` writes
        /// them to standard error by a thread that does nothing else, so that no reader of it holds
        /// up a worker. What is too much for that reader is dropped and counted, and of equal
        /// messages the first few of ten seconds are written (docs/HANDLERS.md).
        public var log: (@Sendable (Server.LogLevel, String) -> Void)?

        /// Told of every exchange, once, when it has ended: its answer was sent, or given up. Of
        /// requests that the server refuses by itself, too, however little of them had come. `nil`
        /// costs nothing.
        ///
        /// ```swift
        /// configuration.onExchangeEnd = { exchange in
        ///     meter.record(exchange.route, exchange.status, exchange.duration)
        /// }
        /// ```
        ///
        /// Called on the worker's thread, which waits for it: it must not block. See
        /// docs/OBSERVING.md.
        public var onExchangeEnd: (@Sendable (Server.EndedExchange) -> Void)?
        /// Called before the server refuses a request by itself, with 400, 408, 413, 431 or the
        /// like: such a request reaches no handler and no middleware. The hook may set headers, and
        /// send a body by one of the `send` functions; where it sends nothing, the body is as
        /// ``errorBody`` says. The status stays, and the connection closes.
        ///
        /// ```swift
        /// configuration.onRefusal = { refusal, response in
        ///     response.headers.add("Access-Control-Allow-Origin", "*")
        /// }
        /// ```
        ///
        /// Called on the worker's thread.
        public var onRefusal: (@Sendable (Server.Refusal, inout ResponseWriter) -> Void)?

        /// A configuration with every option at its default, which listens at one address.
        public init(address: Address = .any(port: 3000)) {
            self.init(listeners: [Listener(address)])
        }

        /// A configuration with every option at its default.
        public init(listeners: [Listener]) {
            self.listeners = listeners
            backlog = unsafe Int(Defaults.server.backlog)
            drain = unsafe Duration(milliseconds: Defaults.server.drain)
            lameDuck = unsafe Duration(milliseconds: Defaults.server.lame_duck)
            bindRetry = unsafe Duration(milliseconds: Defaults.server.bind_retry)
            slowHandler = unsafe .unlessZero(milliseconds: Defaults.server.slow_handler)
        }
    }
}

extension Server.Configuration {
    /// Where the first listener listens. Setting it leaves the others as they are.
    public var address: Address {
        get { listeners.first?.address ?? Self().address }
        set {
            if listeners.isEmpty {
                listeners = [Server.Listener(newValue)]
            } else {
                listeners[0].address = newValue
            }
        }
    }
}
