// SPDX-License-Identifier: MIT

/// Text that never changes: of the program, where it is immortal and nothing is allocated or
/// retained for it, or made at run time, where it owns a copy.
@safe
@usableFromInline
struct FixedText: @unchecked Sendable {
    /// Of the program, or of `owner`, which never changes it.
    @usableFromInline let start: UnsafePointer<UInt8>
    @usableFromInline let count: Int
    @usableFromInline let owner: SharedBytes?

    /// A text of the program.
    @inlinable
    init(_ text: StaticString) {
        // Every literal that is written as a StaticString has an address.
        unsafe start = text.utf8Start
        count = text.utf8CodeUnitCount
        owner = nil
    }

    /// A copy of a text.
    init(copying text: Bytes) {
        let copy = SharedBytes([UInt8](text))
        unsafe start = copy.start
        count = copy.count
        owner = copy
    }

    /// The text in UTF-8.
    @inlinable
    var bytes: Bytes {
        @_lifetime(borrow self)
        get {
            // The owner, where there is one, lives as long as this value.
            let utf8 = unsafe UnsafeBufferPointer(start: start, count: count)
            return unsafe _overrideLifetime(Bytes(Span(_unsafeElements: utf8)), borrowing: self)
        }
    }
}
