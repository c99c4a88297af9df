// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Adds ETag and Last-Modified, and answers for you where the client needs no representation:
    /// 304 when it has the current one already, 412 when a precondition of its request fails.
    ///
    /// ```swift
    /// let tag = ETag(version: report.revision)
    /// if response.sendNotModified(ifMatching: tag) { return }
    /// response.stream(contentType: .json) { body in try report.write(to: &body) }
    /// ```
    ///
    /// The preconditions are evaluated (RFC 9110, section 13.2) where the status is 2xx and the
    /// request is a GET or HEAD, so call this before the representation is made. It works the same
    /// in a deferred answer and in a receiver of a body.
    ///
    /// A 304 has the headers that were set, such as Cache-Control, Vary and Content-Location, but
    /// not those that describe the content, and Last-Modified only where there is no tag (section
    /// 15.4.5). With other methods the validators are those of the state that the request has made,
    /// and ``Request/evaluatePreconditions(etag:lastModified:exists:)`` comes before the change.
    ///
    /// - Parameters:
    ///   - etag: The tag of the representation. Do not add the field as well.
    ///   - lastModified: When the representation last changed; a time in the future is sent as now
    ///     (section 8.8.2.1).
    /// - Returns: Whether the request is answered: the handler is done. Otherwise send the
    ///   representation.
    public mutating func sendNotModified(
        ifMatching etag: ETag?, lastModified: HTTPDate? = nil
    ) -> Bool {
        let verdict = unsafe withCValidators(etag, lastModified) { validators in
            unsafe vn_response_evaluate(pointer, validators)
        }
        switch Int(verdict) {
        case VN_PERFORM: return false
        case VN_NOT_MODIFIED: statusInForce = .notModified
        case VN_PRECONDITION_FAILED: statusInForce = .preconditionFailed
        case _ where ResponseError.isAlreadyAnswered(verdict) || ResponseError.isElsewhere(verdict):
            note(verdict, "sendNotModified was called")
        default:
            // No room for two lines more: the representation is sent without them.
            let failure = ResponseError(addingHeader: "ETag", result: verdict)
            unsafe core.hooks.report(.error, "\(failure.message) It is dropped.")
            return false
        }
        return true
    }

    /// Answers 304: the client has the representation already. Fields are kept and dropped as by
    /// ``sendNotModified(ifMatching:lastModified:)``.
    public mutating func sendNotModified(etag: ETag?, lastModified: HTTPDate? = nil) {
        decline(etag, lastModified, .notModified, "sendNotModified was called")
    }

    /// Answers 412: a precondition of the request does not hold, and nothing was done. Fields that
    /// describe a representation, or say how long to keep it, are dropped.
    public mutating func sendPreconditionFailed() {
        decline(nil, nil, .preconditionFailed, "sendPreconditionFailed was called")
    }

    private mutating func decline(
        _ etag: ETag?, _ lastModified: HTTPDate?, _ status: Status, _ act: StaticString
    ) {
        let result = unsafe withCValidators(etag, lastModified) { validators in
            unsafe vn_response_decline(pointer, validators, status.code)
        }
        if result == 0 { statusInForce = status }
        note(result, act)
    }
}

// MARK: - Both in one

extension ResponseWriter {
    /// Answers with a text that is written in the program, or 304 when the client has it
    /// already: ``sendNotModified(ifMatching:lastModified:)`` and `send` in one.
    public mutating func send(
        _ body: StaticString, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .text
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }

    /// Answers with a text, in UTF-8, or 304 when the client has it already:
    /// ``sendNotModified(ifMatching:lastModified:)`` and `send` in one.
    ///
    /// ```swift
    /// response.send(page, etag: ETag(hashing: page), contentType: .html)
    /// ```
    @_disfavoredOverload
    public mutating func send<Text: StringProtocol>(
        _ body: Text, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .text
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }

    /// Answers with bytes, or 304 when the client has them already.
    public mutating func send(
        _ body: [UInt8], etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }

    /// Answers with bytes, or 304 when the client has them already.
    public mutating func send(
        _ body: Span<UInt8>, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }

    /// Answers with bytes, or 304 when the client has them already.
    public mutating func send(
        _ body: Bytes, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }

    /// Answers with shared bytes, which are not copied, or 304 when the client has
    /// them already.
    public mutating func send(
        _ body: SharedBytes, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(body, contentType: contentType)
    }
}
