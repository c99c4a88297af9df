// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Configuration {
    /// Calls `body` with C's form of this configuration, which is valid for the length of the call.
    func withC<Result>(
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

        switch address.place {
        case .any:
            return try unsafe body(&config)
        case .host(let host, _):
            return try unsafe host.withTerminatedText("host") { text throws(ServerError) in
                unsafe config.listeners.0.host = unsafe text
                return try unsafe body(&config)
            }
        case .unixSocket(let path, _):
            return try unsafe path.withTerminatedText("unix socket path") {
                text throws(ServerError) in
                unsafe config.listeners.0.unix_path = unsafe text
                return try unsafe body(&config)
            }
        }
    }

    private func writeOptions(to config: inout vn_config) throws(InvalidOption) {
        switch address.place {
        case .any(let port), .host(_, let port):
            unsafe config.listeners.0.port = try port.c("port")
        case .unixSocket(_, let permissions):
            guard 0...0o777 ~= permissions else {
                throw InvalidOption(
                    "The permissions of a unix socket are 0 to 0o777, not \(permissions).")
            }
            unsafe config.listeners.0.unix_mode = try permissions.c("permissions")
        }
        unsafe config.backend = backend?.c ?? UInt8(VN_BACKEND_AUTO)
        unsafe config.keep_alive = keepAlive.c
        // To C, 0 stands for a number of its own choice.
        unsafe config.workers =
            try workers.map { workers throws(InvalidOption) in
                try workers.positive("workers")
            } ?? 0
        unsafe config.pins_workers = pinsWorkers
        unsafe config.uses_calling_thread = usesCallingThread
        unsafe config.backlog = try backlog.positive("backlog")
        unsafe config.drain = drain.boundedMilliseconds
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
        discard = Int(limits.discard)
        linger = Int(limits.linger)
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
        limits.discard = try discard.c("limits.discard")
        limits.linger = try linger.c("limits.linger")
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
