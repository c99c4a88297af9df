// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// What a request's preconditions come to: RFC 9110 knows these three.
    public enum PreconditionResult: Sendable {
        /// Do what the method says.
        case perform
        /// The client of a GET or HEAD has what it asks for: answer with
        /// ``ResponseWriter/sendNotModified(etag:lastModified:)``.
        case notModified
        /// Do nothing, and say so: ``ResponseWriter/sendPreconditionFailed()``.
        case preconditionFailed
    }

    /// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of
    /// RFC 9110, section 13.2.2, before anything is done.
    ///
    /// ```swift
    /// guard request.evaluatePreconditions(etag: note.tag) == .perform else {
    ///     return response.sendPreconditionFailed()  // somebody else has changed the note
    /// }
    /// note.text = String(request.body)
    /// response.send(status: .noContent)
    /// ```
    ///
    /// A GET need not ask: `send` with a tag does. Lists may be spread over several lines; a
    /// malformed member matches nothing and hides no other; a token without quotes is taken for the
    /// strong tag of these bytes, because people type it so. Malformed dates are ignored.
    /// CONNECT, OPTIONS and TRACE have no preconditions, nor has a GET or HEAD of what does not
    /// exist, which gets 404 whatever they say (section 13.2.1).
    ///
    /// - Parameters:
    ///   - etag: The tag of the current state, where it has one.
    ///   - lastModified: When it last changed, where that is known.
    ///   - exists: Whether there is anything now; without it `If-Match: *` fails and
    ///     `If-None-Match: *` holds.
    public func evaluatePreconditions(
        etag: ETag? = nil, lastModified: HTTPDate? = nil, exists: Bool = true
    ) -> PreconditionResult {
        let verdict =
            unsafe exists
            ? withCValidators(etag, lastModified) { validators in
                unsafe vn_request_evaluate(pointer, validators)
            } : vn_request_evaluate(pointer, nil)
        return switch Int(verdict) {
        case VN_NOT_MODIFIED: .notModified
        case VN_PRECONDITION_FAILED: .preconditionFailed
        default: .perform
        }
    }

    /// Whether the Range of a GET is to be honoured: it has one, and its If-Range, where it has
    /// one, names this very state by its strong tag or its date (RFC 9110, section 13.1.5).
    /// Otherwise the whole is sent.
    public func allowsRange(etag: ETag?, lastModified: HTTPDate? = nil) -> Bool {
        unsafe withCValidators(etag, lastModified) { validators in
            unsafe vn_request_allows_range(pointer, validators)
        }
    }
}
