// SPDX-License-Identifier: MIT

extension Request {
    /// What the client says that the body is, without parameters: `text/html` where Content-Type is
    /// `text/html; charset=utf-8` (RFC 9110, section 8.3.1). Compare with
    /// ``Bytes/equalsIgnoringCase(_:)``.
    ///
    /// `nil` where there is no Content-Type, and where there are several lines of it, one of which
    /// would have to be believed.
    public var mediaType: Bytes? {
        @_lifetime(copy self)
        get {
            var count = 0
            headers.forEach(.contentType) { _ in count += 1 }
            guard count == 1, let value = headers[.contentType, as: Bytes.self] else { return nil }
            return value.prefix(value.firstIndex(of: UInt8(ascii: ";")) ?? value.count).trimmed
        }
    }

    /// Whether the client says that the body is of that type, whatever the parameters.
    ///
    /// ```swift
    /// guard request.hasMediaType("text/csv") else {
    ///     return response.send(status: .unsupportedMediaType)
    /// }
    /// ```
    public func hasMediaType(_ type: StaticString) -> Bool {
        mediaType?.equalsIgnoringCase(type) ?? false
    }

    /// What takes a body apart needs it as it is.
    ///
    /// - Throws: ``RequestError`` with the status 415 where Content-Encoding names a coding, such
    ///   as gzip (RFC 9110, section 8.4): nothing here decodes one, and its bytes are no content.
    package func expectNoContentCoding() throws(RequestError) {
        var isCoded = false
        headers.forEach(.contentEncoding) { value in
            isCoded = isCoded || !(value.isEmpty || value.equalsIgnoringCase("identity"))
        }
        if isCoded {
            throw RequestError(
                .unsupportedMediaType, "The body must have no Content-Encoding.")
        }
    }
}
