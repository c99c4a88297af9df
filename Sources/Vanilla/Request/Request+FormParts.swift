// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// The parts of a form that was sent as `multipart/form-data` (RFC 7578), what HTML forms with
    /// files and `curl --form` send, for an asynchronous handler: see ``FormReader``.
    ///
    /// With ``Request/BodyDelivery/streamed`` for the route a form may have any size, and no more
    /// than a piece of it is in memory.
    ///
    /// - Throws: ``RequestError`` 415 where Content-Type says anything else or has no boundary that
    ///   is valid, and where there is a Content-Encoding. Uncaught, it is the answer.
    public func formParts(
        limits: FormReader.Limits = FormReader.Limits()
    ) throws(RequestError) -> FormReader {
        try expectNoContentCoding()
        guard hasMediaType("multipart/form-data"),
            let type = headers[.contentType, as: Bytes.self],
            let reader = FormReader(bodyStream, contentType: type, limits: limits)
        else {
            throw RequestError(
                .unsupportedMediaType, "The body must be multipart/form-data with a boundary.")
        }
        return reader
    }
}
