// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Bytes {
    /// A view of what C lends. The caller binds it to the life of the call for which it is lent.
    @unsafe
    @_lifetime(immortal)
    init(lent: vn_span) {
        let buffer = unsafe UnsafeBufferPointer(start: lent.bytes, count: lent.count)
        self.init(unsafe _overrideLifetime(Span(_unsafeElements: buffer), copying: ()))
    }

    /// Lends the bytes to a call into C, which copies what it keeps.
    func withCSpan<Result>(_ body: (vn_span) -> Result) -> Result {
        unsafe span.withUnsafeBufferPointer { buffer in
            unsafe body(vn_span(bytes: buffer.baseAddress, count: buffer.count))
        }
    }
}
