// SPDX-License-Identifier: MIT

extension Bytes {
    /// Whether both have the same bytes.
    @inlinable
    public static func == (left: Bytes, right: Bytes) -> Bool {
        left.count == right.count && left.begins(with: right)
    }

    /// Whether the bytes are those of `text`.
    @inlinable
    public static func == (bytes: Bytes, text: StaticString) -> Bool {
        bytes == text.bytes
    }

    /// Whether the bytes are those of `text` in UTF-8.
    @inlinable
    @_disfavoredOverload
    public static func == <Text: StringProtocol>(bytes: Bytes, text: Text) -> Bool {
        text.withBytes { text in bytes == text }
    }

    /// Whether both have different bytes.
    @inlinable
    public static func != (left: Bytes, right: Bytes) -> Bool {
        !(left == right)
    }

    /// Whether the bytes are not those of `text`.
    @inlinable
    public static func != (bytes: Bytes, text: StaticString) -> Bool {
        !(bytes == text)
    }

    /// Whether the bytes are not those of `text` in UTF-8.
    @inlinable
    @_disfavoredOverload
    public static func != <Text: StringProtocol>(bytes: Bytes, text: Text) -> Bool {
        !(bytes == text)
    }

    /// Lets `switch request.path { case "/": ... }` work.
    @inlinable
    public static func ~= (text: StaticString, bytes: Bytes) -> Bool {
        bytes == text
    }

    /// Whether the bytes begin with those of `text`.
    @inlinable
    public func hasPrefix(_ text: StaticString) -> Bool {
        begins(with: text.bytes)
    }

    /// Whether the bytes are those of `text`, with ASCII letters of either case being the same.
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        equalsIgnoringCase(text.bytes)
    }

    func equalsIgnoringCase(_ other: Bytes) -> Bool {
        guard other.count == count else { return false }
        for index in span.indices {
            guard lowercased(span[index]) == lowercased(other.span[index]) else { return false }
        }
        return true
    }

    @usableFromInline
    func begins(with other: Bytes) -> Bool {
        guard other.count <= count else { return false }
        return unsafe span.withUnsafeBufferPointer { mine in
            unsafe other.span.withUnsafeBufferPointer { theirs in
                guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else {
                    return true
                }
                // Both have at least `other.count` bytes.
                return unsafe hasEqualBytes(mine, theirs, other.count)
            }
        }
    }
}

/// The byte of the lower-case letter where `byte` is an upper-case one of ASCII.
private func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}
