// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Answers with a text that is written in the program.
    // Inlined, so that its caller passes the content type as a constant.
    @inlinable
    public mutating func send(
        _ body: StaticString, status: Status? = nil, contentType: ContentType = .text
    ) {
        send(literal: body, status, contentType)
    }

    @usableFromInline
    mutating func send(literal body: StaticString, _ status: Status?, _ contentType: ContentType) {
        if body.utf8CodeUnitCount <= ResponseWriter.maximumCopiedCount {
            send(copying: body.bytes, status, contentType)
        } else {
            unsafe lend(body.bytes, status, contentType, release: nil, context: nil)
        }
    }

    // Generic, and so less specific than the one before: a plain literal is a StaticString then.
    /// Answers with a text, in UTF-8.
    @inlinable
    @_disfavoredOverload
    public mutating func send<Text: StringProtocol>(
        _ body: Text, status: Status? = nil, contentType: ContentType = .text
    ) {
        body.withBytes { body in send(copying: body, status, contentType) }
    }

    /// Answers with bytes.
    @inlinable
    public mutating func send(
        _ body: [UInt8], status: Status? = nil, contentType: ContentType = .bytes
    ) {
        send(copying: Bytes(body.span), status, contentType)
    }

    /// Answers with bytes.
    @inlinable
    public mutating func send(
        _ body: Span<UInt8>, status: Status? = nil, contentType: ContentType = .bytes
    ) {
        send(copying: Bytes(body), status, contentType)
    }

    /// Answers with bytes of the request, or of anything else that is seen as `Bytes`.
    @inlinable
    public mutating func send(
        _ body: Bytes, status: Status? = nil, contentType: ContentType = .bytes
    ) {
        send(copying: body, status, contentType)
    }

    /// Answers with shared bytes, which are not copied, however many clients get them at the same
    /// time.
    public mutating func send(
        _ body: SharedBytes, status: Status? = nil, contentType: ContentType = .bytes
    ) {
        unsafe lend(
            body.bytes, status, contentType, release: SharedBytes.release,
            context: body.retainedContext())
    }

    /// Answers without a body.
    @inlinable
    public mutating func send(status: Status) {
        send(copying: Bytes(Span()), status, .none)
    }

    /// Answers with a complete response, head and body, exactly as it is. Its framing is yours to
    /// get right; headers set before are dropped.
    public mutating func sendRaw(_ response: Bytes) {
        unsafe note(
            response.withCSpan { bytes in unsafe vn_response_send_raw(pointer, bytes) },
            "sendRaw was called")
    }

    /// Answers with a complete response, as for `Bytes`.
    public mutating func sendRaw(_ response: StaticString) {
        sendRaw(response.bytes)
    }

    /// Answers with a complete response, as for `Bytes`.
    public mutating func sendRaw(_ response: [UInt8]) {
        sendRaw(Bytes(response.span))
    }
}

extension ResponseWriter {
    /// A longer text is sent from where it is; a shorter one costs less to copy than to send as a
    /// piece of its own.
    static var maximumCopiedCount: Int { 2048 }

    /// Set the status where one was named. Whether it came too late is told by what follows.
    mutating func begin(_ status: Status?) {
        guard let status else { return }
        statusInForce = status
        unsafe vn_response_set_status(pointer, status.code)
    }

    @usableFromInline
    mutating func send(copying body: Bytes, _ status: Status?, _ contentType: ContentType) {
        begin(status)
        note(copy(body, contentType), "send was called")
    }

    private func copy(_ body: Bytes, _ contentType: ContentType) -> Int32 {
        unsafe contentType.bytes.withCSpan { contentType in
            unsafe body.withCSpan { body in unsafe vn_response_send(pointer, contentType, body)
            }
        }
    }

    private mutating func lend(
        _ body: Bytes, _ status: Status?, _ contentType: ContentType,
        release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
        context: UnsafeMutableRawPointer?
    ) {
        begin(status)
        let result = unsafe contentType.bytes.withCSpan { contentType in
            unsafe body.withCSpan { body in
                unsafe vn_response_send_shared(pointer, contentType, body, release, context)
            }
        }
        note(result, "send was called")
    }
}
