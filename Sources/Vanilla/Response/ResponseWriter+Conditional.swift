// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Offers a representation by its validators, before it is made: adds ETag and Last-Modified,
    /// and tells whether the client wants it.
    ///
    /// ```swift
    /// guard response.offer(etag: ETag(version: report.revision)) else { return }
    /// response.stream(contentType: .json) { body in try report.write(to: &body) }
    /// ```
    ///
    /// Where the status is 2xx and the request a GET or HEAD, its preconditions are evaluated (RFC
    /// 9110, section 13.2). If they say so, this answers 304 or 412 and returns `false`: the handler
    /// is done. It does the same in a deferred answer and in a receiver of a body.
    ///
    /// A 304 has the fields that were added, such as Cache-Control, Vary and Content-Location, but
    /// not those that describe the content, and Last-Modified only where there is no tag (section
    /// 15.4.5). With other methods the validators are those of the state that the request has made,
    /// and ``Request/evaluatePreconditions(etag:lastModified:exists:)`` comes before the change.
    ///
    /// - Parameters:
    ///   - etag: The tag of the representation. Do not add the field as well.
    ///   - lastModified: When it last changed; one in the future is sent as now (section 8.8.2.1).
    public mutating func offer(etag: ETag?, lastModified: HTTPDate? = nil) -> Bool {
        let verdict = unsafe withCValidators(etag, lastModified) { validators in
            unsafe vn_response_offer(pointer, validators)
        }
        switch Int(verdict) {
        case VN_PERFORM: return true
        case VN_NOT_MODIFIED: statusInForce = .notModified
        case VN_PRECONDITION_FAILED: statusInForce = .preconditionFailed
        case _ where ResponseError.isAlreadyAnswered(verdict): note(verdict, "offer was called")
        default:
            // No room for two lines more: the representation is sent without them.
            let failure = ResponseError(addingField: "ETag", result: verdict)
            unsafe core.hooks.report(.error, "\(failure.message) It is dropped.")
            return true
        }
        return false
    }

    /// Answers 304: the client has it. Fields are kept and dropped as by ``offer(etag:lastModified:)``.
    public mutating func notModified(_ etag: ETag?, lastModified: HTTPDate? = nil) {
        decline(etag, lastModified, .notModified, "notModified was called")
    }

    /// Answers 412: a precondition of the request does not hold, and nothing was done. What was
    /// added to describe a representation, and how long to keep it, is dropped.
    public mutating func preconditionFailed() {
        decline(nil, nil, .preconditionFailed, "preconditionFailed was called")
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

// MARK: - Offer and send

extension ResponseWriter {
    /// Answers with a text that is known when the program is written, or 304 to who has it:
    /// ``offer(etag:lastModified:)`` and `send` in one.
    public mutating func send(
        _ body: StaticString, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .text
    ) {
        begin(status)
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }

    /// Answers with a text, in UTF-8, or 304 to who has it: ``offer(etag:lastModified:)`` and `send`
    /// in one.
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
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }

    /// Answers with bytes, or 304 to who has them.
    public mutating func send(
        _ body: [UInt8], etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }

    /// Answers with bytes, or 304 to who has them.
    public mutating func send(
        _ body: Span<UInt8>, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }

    /// Answers with bytes, or 304 to who has them.
    public mutating func send(
        _ body: Bytes, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }

    /// Answers with shared bytes, which are not copied, or 304 to who has them.
    public mutating func send(
        _ body: SharedBytes, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        contentType: ContentType = .bytes
    ) {
        begin(status)
        if offer(etag: etag, lastModified: lastModified) { send(body, contentType: contentType) }
    }
}
