// SPDX-License-Identifier: MIT

extension StaticString {
    /// The text in UTF-8, which is immortal.
    @inlinable
    var bytes: Bytes {
        @_lifetime(immortal)
        get {
            // Every literal that is written as a StaticString has an address: "/" too.
            let utf8 = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
            return Bytes(unsafe _overrideLifetime(Span(_unsafeElements: utf8), copying: ()))
        }
    }
}

extension StringProtocol {
    /// Lends the text in UTF-8 for the length of `body`.
    @inlinable
    func withBytes<Result>(_ body: (Bytes) -> Result) -> Result {
        let inPlace = utf8.withContiguousStorageIfAvailable { utf8 in
            // Valid for the length of this closure, and a view cannot outlive it.
            unsafe body(Bytes(Span(_unsafeElements: utf8)))
        }
        if let inPlace { return inPlace }

        // Text that Objective-C holds, on Apple's platforms, is copied first.
        return body(Bytes(Array(utf8).span))
    }
}
