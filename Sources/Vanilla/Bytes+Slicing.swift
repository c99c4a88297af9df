// SPDX-License-Identifier: MIT

extension Bytes {
    /// The first `count` bytes; all of them where there are fewer.
    @inlinable
    @_lifetime(copy self)
    public func prefix(_ count: Int) -> Bytes {
        Bytes(span.extracting(0..<bounded(count)))
    }

    /// What follows the first `count` bytes; nothing where there are no more.
    @inlinable
    @_lifetime(copy self)
    public func dropFirst(_ count: Int = 1) -> Bytes {
        Bytes(span.extracting(bounded(count)..<span.count))
    }

    /// What follows `prefix`; `nil` when the bytes do not begin with it.
    ///
    /// ```swift
    /// if let id = request.path.dropping(prefix: "/user/") { ... }
    /// ```
    @inlinable
    @_lifetime(copy self)
    public func dropping(prefix: StaticString) -> Bytes? {
        hasPrefix(prefix) ? dropFirst(prefix.utf8CodeUnitCount) : nil
    }

    /// The position of the first `byte`, counted from zero.
    @inlinable
    public func firstIndex(of byte: UInt8) -> Int? {
        for index in span.indices where span[index] == byte {
            return index
        }
        return nil
    }

    @usableFromInline
    func bounded(_ count: Int) -> Int {
        max(0, min(count, span.count))
    }
}
