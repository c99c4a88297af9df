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

    /// The bytes without the spaces and tabs at their ends.
    var trimmed: Bytes {
        @_lifetime(copy self)
        get {
            var start = 0
            var end = count
            while start < end, isBlank(span[start]) { start += 1 }
            while end > start, isBlank(span[end - 1]) { end -= 1 }
            return Bytes(span.extracting(start..<end))
        }
    }

    @usableFromInline
    func bounded(_ count: Int) -> Int {
        max(0, min(count, span.count))
    }
}

/// Whether a byte is white space inside a line (OWS; RFC 9110, section 5.6.3).
private func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}
