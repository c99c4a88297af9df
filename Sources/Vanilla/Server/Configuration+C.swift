// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Configuration {
    /// Calls `body` with C's form of this configuration, which is valid for the length of the call.
    ///
    /// - Parameter transports: Those of the listeners, in their order.
    func withC<Result>(
        transports: [(any OpenTransport)?],
        _ body: (inout vn_config) throws(ServerError) -> Result
    ) throws(ServerError) -> Result {
        var config = unsafe vn_config()
        unsafe vn_config_init(&config)
        do throws(InvalidOption) {
            try unsafe writeOptions(to: &config)
            try unsafe limits.write(to: &config.limits)
            try unsafe deadlines.write(to: &config.deadlines)
        } catch {
            throw ServerError(error)
        }

        for (index, transport) in transports.enumerated().prefix(Int(VN_LISTENERS_MAX)) {
            var listener = unsafe config.listeners.0
            unsafe listener.transport = transport?.transport
            unsafe listener.redirect_port = try listeners[index].cRedirectPort
            unsafe vn_config_set_listener(&config, UInt32(index), listener)
        }
        return try unsafe withListeners(from: 0, in: &config, body)
    }

    /// Writes the listeners from one on, each of whose texts is lent until `body` returns.
    private func withListeners<Result>(
        from index: Int, in config: inout vn_config,
        _ body: (inout vn_config) throws(ServerError) -> Result
    ) throws(ServerError) -> Result {
        guard index < listeners.count else { return try unsafe body(&config) }
        let number = UInt32(truncatingIfNeeded: index)
        // The defaults of C are in every listener, with its transport.
        var listener = unsafe vn_config_listener(&config, number)
        guard !listeners[index].protocols.isDisjoint(with: [.http1, .http2]) else {
            throw ServerError(InvalidOption("A listener speaks HTTP/1, HTTP/2 or both."))
        }
        unsafe listener.protocols = listeners[index].protocols.rawValue
        switch listeners[index].address.place {
        case .any(let port):
            unsafe listener.port = try port.c(listener: index)
            unsafe vn_config_set_listener(&config, number, listener)
            return try unsafe withListeners(from: index + 1, in: &config, body)
        case .host(let host, let port):
            unsafe listener.port = try port.c(listener: index)
            return try unsafe host.withTerminatedText("host") { text throws(ServerError) in
                unsafe listener.host = unsafe text
                unsafe vn_config_set_listener(&config, number, listener)
                return try unsafe withListeners(from: index + 1, in: &config, body)
            }
        case .unixSocket(let path, let permissions):
            guard 0...0o777 ~= permissions else {
                throw ServerError(
                    InvalidOption(
                        "The permissions of a unix socket are 0 to 0o777, not \(permissions)."))
            }
            unsafe listener.unix_mode = UInt32(permissions)
            return try unsafe path.withTerminatedText("unix socket path") {
                text throws(ServerError) in
                unsafe listener.unix_path = unsafe text
                unsafe vn_config_set_listener(&config, number, listener)
                return try unsafe withListeners(from: index + 1, in: &config, body)
            }
        }
    }

    private func writeOptions(to config: inout vn_config) throws(InvalidOption) {
        guard 1...Int(VN_LISTENERS_MAX) ~= listeners.count else {
            throw InvalidOption(
                "There are \(listeners.count) listeners, but must be 1 to \(VN_LISTENERS_MAX).")
        }
        unsafe config.listener_count = try listeners.count.positive("listeners")
        unsafe config.backend = backend?.c ?? UInt8(VN_BACKEND_AUTO)
        unsafe config.keep_alive = keepAlive.c
        unsafe config.error_body = errorBody.c
        // To C, 0 stands for a number of its own choice.
        unsafe config.workers =
            try workers.map { workers throws(InvalidOption) in
                try workers.positive("workers")
            } ?? 0
        unsafe config.pins_workers = pinsWorkers
        unsafe config.uses_calling_thread = usesCallingThread
        unsafe config.keeps_memory = keepsMemory
        unsafe config.backlog = try backlog.positive("backlog")
        unsafe config.drain = drain.boundedMilliseconds
        unsafe config.lame_duck = lameDuck.boundedMilliseconds
        unsafe config.bind_retry = bindRetry.boundedMilliseconds
        // To C, 0 stands for any time.
        unsafe config.slow_handler = try slowHandler?.c("slowHandler") ?? 0
        unsafe config.keeps_descriptor_limit = keepsDescriptorLimit
        unsafe config.takes_utf8_targets = takesUTF8Targets
    }
}

extension Server.Configuration.Limits {
    init(c limits: vn_limits) {
        requestLine = Int(limits.request_line)
        field = Int(limits.field)
        fields = Int(limits.fields)
        fieldCount = Int(limits.field_count)
        body = Int(clamping: limits.body)
        streamedBody = limits.streamed_body == .max ? nil : Int(clamping: limits.streamed_body)
        chunkLine = Int(limits.chunk_line)
        trailers = Int(limits.trailers)
        requestsPerConnection = Int(limits.requests)
        connections = limits.connections == 0 ? nil : Int(limits.connections)
        output = Int(limits.output)
        unread = limits.unread == 0 ? nil : Int(clamping: limits.unread)
        discard = Int(limits.discard)
    }

    fileprivate func write(to limits: inout vn_limits) throws(InvalidOption) {
        limits.request_line = try requestLine.positive("limits.requestLine")
        limits.field = try field.positive("limits.field")
        limits.fields = try fields.positive("limits.fields")
        limits.field_count = try fieldCount.positive("limits.fieldCount")
        limits.body = try body.c("limits.body")
        limits.streamed_body = try streamedBody?.c("limits.streamedBody") ?? UInt64.max
        limits.chunk_line = try chunkLine.positive("limits.chunkLine")
        limits.trailers = try trailers.c("limits.trailers")
        limits.requests = try requestsPerConnection.positive("limits.requestsPerConnection")
        // To C, 0 stands for a number of its own choice.
        limits.connections = try connections?.positive("limits.connections") ?? 0
        limits.output = try output.positive("limits.output")
        limits.unread = try unread?.positive("limits.unread") ?? 0
        limits.discard = try discard.c("limits.discard")
    }
}

extension Server.Configuration.Deadlines {
    init(c deadlines: vn_deadlines) {
        head = .unlessZero(milliseconds: deadlines.head)
        bodyGrace = .unlessZero(milliseconds: deadlines.body_grace)
        bodyRate = deadlines.body_rate == 0 ? nil : Int(deadlines.body_rate)
        idle = .unlessZero(milliseconds: deadlines.idle)
        writeStall = .unlessZero(milliseconds: deadlines.write_stall)
        writeRate = deadlines.write_rate == 0 ? nil : Int(deadlines.write_rate)
        handler = .unlessZero(milliseconds: deadlines.handler)
        halfClose = .unlessZero(milliseconds: deadlines.half_close)
        linger = Duration(milliseconds: deadlines.linger)
        lingerTotal = Duration(milliseconds: deadlines.linger_total)
    }

    fileprivate func write(to deadlines: inout vn_deadlines) throws(InvalidOption) {
        // To C, 0 turns a deadline off.
        deadlines.head = try head?.c("deadlines.head") ?? 0
        deadlines.body_grace = try bodyGrace?.c("deadlines.bodyGrace") ?? 0
        deadlines.body_rate = try bodyRate?.positive("deadlines.bodyRate") ?? 0
        deadlines.idle = try idle?.c("deadlines.idle") ?? 0
        deadlines.write_stall = try writeStall?.c("deadlines.writeStall") ?? 0
        deadlines.write_rate = try writeRate?.positive("deadlines.writeRate") ?? 0
        deadlines.handler = try handler?.c("deadlines.handler") ?? 0
        deadlines.half_close = try halfClose?.c("deadlines.halfClose") ?? 0
        deadlines.linger = try linger.c("deadlines.linger")
        deadlines.linger_total = try lingerTotal.c("deadlines.lingerTotal")
    }
}

extension Server.Listener {
    /// To C, 0 stands for an ordinary listener.
    fileprivate var cRedirectPort: UInt16 {
        get throws(ServerError) {
            guard let port = redirectedPort else { return 0 }
            guard 1...65535 ~= port else {
                throw ServerError(
                    InvalidOption(
                        "A listener redirects to a port from 1 to 65535, not \(port)."))
            }
            return UInt16(port)
        }
    }
}

extension Int {
    /// The port of a listener as C holds it.
    fileprivate func c(listener index: Int) throws(ServerError) -> UInt16 {
        do throws(InvalidOption) {
            return try c(index == 0 ? "port" : "listeners[\(index)].port")
        } catch {
            throw ServerError(error)
        }
    }
}

extension String {
    /// Lends the text with a NUL after it, and refuses one that holds a NUL itself, where C would
    /// see it end.
    fileprivate func withTerminatedText<Result>(
        _ option: String, _ body: (UnsafePointer<CChar>) throws(ServerError) -> Result
    ) throws(ServerError) -> Result {
        guard !isEmpty, !utf8.contains(0) else {
            throw ServerError(.invalidAddress, "The \(option) is empty or holds a NUL.")
        }
        return try unsafe utf8CString.withUnsafeBufferPointer { text throws(ServerError) in
            // There is an address: the text has its NUL at least.
            try unsafe body(text.baseAddress!)
        }
    }
}
