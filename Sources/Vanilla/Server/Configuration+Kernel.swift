// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Configuration {
    /// Calls `body` with C's form of this configuration, which is valid for the length of the call.
    func withKernel<Result>(
        _ body: (inout vn_config) throws(VanillaError) -> Result
    ) throws(VanillaError) -> Result {
        var config = unsafe vn_config()
        unsafe vn_config_init(&config)
        try unsafe writeOptions(to: &config)
        try unsafe limits.write(to: &config.limits)
        try unsafe deadlines.write(to: &config.deadlines)

        switch address {
        case .any(let port):
            unsafe config.port = try port.kernel("port")
            return try unsafe body(&config)
        case .host(let host, let port):
            unsafe config.port = try port.kernel("port")
            return try unsafe host.withTerminatedText("host") { text throws(VanillaError) in
                unsafe config.host = unsafe text
                return try unsafe body(&config)
            }
        case .unixSocket(let path, let permissions):
            guard 0...0o777 ~= permissions else {
                throw VanillaError(
                    .invalidConfiguration,
                    "The permissions of a unix socket are 0 to 0o777, not \(permissions).")
            }
            unsafe config.unix_mode = try permissions.kernel("permissions")
            return try unsafe path.withTerminatedText("unix socket path") {
                text throws(VanillaError) in
                unsafe config.unix_path = unsafe text
                return try unsafe body(&config)
            }
        }
    }

    private func writeOptions(to config: inout vn_config) throws(VanillaError) {
        unsafe config.backend =
            switch backend {
            case nil: UInt8(VN_BACKEND_AUTO)
            case .ioUring: UInt8(VN_BACKEND_URING)
            case .epoll: UInt8(VN_BACKEND_EPOLL)
            }
        unsafe config.keep_alive =
            switch keepAlive {
            case .rfc: UInt8(VN_KEEP_ALIVE_RFC)
            case .always: UInt8(VN_KEEP_ALIVE_ALWAYS)
            case .never: UInt8(VN_KEEP_ALIVE_NEVER)
            }
        // To C, 0 stands for a number of its own choice.
        unsafe config.workers =
            try workers.map { workers throws(VanillaError) in
                try workers.positive("workers")
            } ?? 0
        unsafe config.pins_workers = pinsWorkers
        unsafe config.uses_calling_thread = usesCallingThread
        unsafe config.backlog = try backlog.positive("backlog")
        unsafe config.drain = drain.boundedMilliseconds
    }
}

extension Server.Configuration.Limits {
    fileprivate func write(to limits: inout vn_limits) throws(VanillaError) {
        limits.request_line = try requestLine.positive("limits.requestLine")
        limits.field = try field.positive("limits.field")
        limits.fields = try fields.positive("limits.fields")
        limits.field_count = try fieldCount.positive("limits.fieldCount")
        limits.body = try body.kernel("limits.body")
        limits.streamed_body = try streamedBody?.kernel("limits.streamedBody") ?? UInt64.max
        limits.chunk_line = try chunkLine.positive("limits.chunkLine")
        limits.trailers = try trailers.kernel("limits.trailers")
        limits.requests = try requestsPerConnection.positive("limits.requestsPerConnection")
        // To C, 0 stands for a number of its own choice.
        limits.connections = try connections?.positive("limits.connections") ?? 0
        limits.output = try output.positive("limits.output")
        limits.discard = try discard.kernel("limits.discard")
        limits.linger = try linger.kernel("limits.linger")
    }
}

extension Server.Configuration.Deadlines {
    fileprivate func write(to deadlines: inout vn_deadlines) throws(VanillaError) {
        // To C, 0 turns a deadline off.
        deadlines.head = try head?.kernel("deadlines.head") ?? 0
        deadlines.body_grace = try bodyGrace?.kernel("deadlines.bodyGrace") ?? 0
        deadlines.body_rate = try bodyRate?.positive("deadlines.bodyRate") ?? 0
        deadlines.idle = try idle?.kernel("deadlines.idle") ?? 0
        deadlines.write_stall = try writeStall?.kernel("deadlines.writeStall") ?? 0
        deadlines.write_rate = try writeRate?.positive("deadlines.writeRate") ?? 0
        deadlines.handler = try handler?.kernel("deadlines.handler") ?? 0
        deadlines.half_close = try halfClose?.kernel("deadlines.halfClose") ?? 0
        deadlines.linger = try linger.kernel("deadlines.linger")
    }
}

extension Int {
    /// The value as C's option holds it.
    func kernel<Value: FixedWidthInteger>(_ option: String) throws(VanillaError)
        -> Value
    {
        guard let value = Value(exactly: self) else {
            throw VanillaError(
                .invalidConfiguration, "\(option) is \(self), but must be 0 to \(Value.max).")
        }
        return value
    }

    func positive<Value: FixedWidthInteger>(_ option: String) throws(VanillaError)
        -> Value
    {
        guard let value = Value(exactly: self), value > 0 else {
            throw VanillaError(
                .invalidConfiguration, "\(option) is \(self), but must be 1 to \(Value.max).")
        }
        return value
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: what is not zero must not become zero, which is no deadline.
    func kernel(_ option: String) throws(VanillaError) -> UInt32 {
        guard self > .zero, self <= .milliseconds(Int64(UInt32.max)) else {
            throw VanillaError(
                .invalidConfiguration,
                "\(option) is \(self), but must be more than zero and at most 49 days; nil turns it off."
            )
        }
        return boundedMilliseconds
    }

    /// Whole milliseconds, rounded up, none below zero, as many as C can hold beyond.
    package var boundedMilliseconds: UInt32 {
        if self <= .zero { return 0 }
        if self >= .milliseconds(Int64(UInt32.max)) { return .max }
        let attosecondsOfMillisecond: Int64 = 1_000_000_000_000_000
        let (seconds, attoseconds) = components
        let milliseconds = (attoseconds + attosecondsOfMillisecond - 1) / attosecondsOfMillisecond
        return UInt32(seconds * 1000 + milliseconds)
    }
}

extension String {
    /// Lends the text with a NUL behind it, and refuses one that holds a NUL itself, where C would
    /// see it end.
    fileprivate func withTerminatedText<Result>(
        _ option: String, _ body: (UnsafePointer<CChar>) throws(VanillaError) -> Result
    ) throws(VanillaError) -> Result {
        guard !isEmpty, !utf8.contains(0) else {
            throw VanillaError(.invalidAddress, "The \(option) is empty or holds a NUL.")
        }
        return try unsafe utf8CString.withUnsafeBufferPointer { text throws(VanillaError) in
            // There is an address: the text has its NUL at least.
            try unsafe body(text.baseAddress!)
        }
    }
}
