// SPDX-License-Identifier: MIT

internal import CLibrary
internal import CVanillaCompression
public import Vanilla

extension Request {
    /// The body without its content codings (`Content-Encoding`): gzip, deflate, br, zstd, or
    /// several of them.
    ///
    /// ```swift
    /// let text = try request.decodedBody(upTo: 1 << 20)
    /// ```
    ///
    /// It is made of ``body``, which must have come whole, on the calling thread. A body without a
    /// coding is copied.
    ///
    /// - Parameters:
    ///   - maximumSize: Bytes that it may have.
    ///   - ratio: By how much it may be larger than what was sent; what is below 64 KiB may be
    ///     larger by more.
    /// - Throws: ``RequestError`` with the status 415 for another coding, 413 beyond a bound, 400
    ///   for damaged data. Uncaught, it is the answer.
    public func decodedBody(upTo maximumSize: Int, ratio: Int = 100) throws(RequestError) -> [UInt8]
    {
        var codings = ""
        headers.forEach(.contentEncoding) { value in
            codings += codings.isEmpty ? String(value) : "," + String(value)
        }
        let (most, overflows) = body.count.multipliedReportingOverflow(by: max(ratio, 0))
        let limit = min(max(maximumSize, 0), overflows ? .max : max(most, 64 << 10))
        var decoded = unsafe vn_coded_bytes()
        var text = codings
        // C reads both within the call.
        let result = text.withUTF8 { text in
            unsafe body.span.withUnsafeBufferPointer { body in
                unsafe vn_compression_decode(
                    vn_span(bytes: text.baseAddress, count: text.count),
                    vn_span(bytes: body.baseAddress, count: body.count), min(limit, Int.max - 1),
                    &decoded)
            }
        }
        guard result == 0 else { throw RequestError(decoding: result) }
        defer { unsafe free(decoded.bytes) }
        return unsafe Array(UnsafeBufferPointer(start: decoded.bytes, count: decoded.count))
    }
}

extension RequestError {
    fileprivate init(decoding result: Int32) {
        switch -result {
        case ENOTSUP:
            self.init(
                .unsupportedMediaType,
                "The body's Content-Encoding must be gzip, deflate, br or zstd.")
        case EMSGSIZE: self.init(.contentTooLarge, "The body is too large once it is decoded.")
        case ENOMEM: self.init(.serviceUnavailable, "There is no memory for the body.")
        default: self.init(.badRequest, "The body is not what its Content-Encoding says.")
        }
    }
}
