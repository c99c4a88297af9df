// SPDX-License-Identifier: MIT

/// An entity tag: the name of one state of a representation, by which a client keeps its copy (RFC
/// 9110, section 8.8.3).
///
/// ```swift
/// response.send(page, etag: ETag(hashing: page), contentType: .html)  // 304 if the client has it
/// response.send(report, etag: ETag(version: report.revision))
/// response.send(logo, etag: "2026-11", contentType: "image/png")
/// ```
///
/// A strong tag stands for the very bytes, a weak one for all that mean the same. A tag is a value
/// of up to ``maximumCount`` bytes: nothing is allocated to make, copy, compare or send one.
@safe
public struct ETag: Sendable {
    /// The number of bytes that a tag may have between its quotes: 64, as a SHA-256 in hexadecimal.
    /// A longer tag is refused.
    public static let maximumCount = 64

    /// Whether this tag stands for all representations that mean the same, and not for the very
    /// bytes. Ranges and changes (If-Range, If-Match) ask for a strong one.
    public let isWeak: Bool

    /// The number of bytes between the quotes.
    public var count: Int { Int(filled) }

    private var filled: UInt8 = 0
    /// The bytes between the quotes, and zeros after them.
    private var storage: Storage = (0, 0, 0, 0, 0, 0, 0, 0)

    private typealias Storage = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    /// A tag whose bytes `fill` writes into room for ``maximumCount`` of them; it returns how many.
    /// They are bytes that a tag can have.
    @unsafe
    init(isWeak: Bool, fill: (UnsafeMutableRawBufferPointer) -> Int) {
        self.isWeak = isWeak
        // The storage is plain bytes.
        filled = UInt8(unsafe withUnsafeMutableBytes(of: &storage, fill))
    }

    /// Lends the bytes between the quotes.
    func withOpaque<Result>(_ body: (Bytes) -> Result) -> Result {
        unsafe withUnsafeBytes(of: storage) { storage in
            // Plain bytes, valid for the length of this closure, and a view cannot outlive it.
            let opaque = unsafe storage.bindMemory(to: UInt8.self).prefix(count)
            return unsafe body(Bytes(Span(_unsafeElements: UnsafeBufferPointer(rebasing: opaque))))
        }
    }
}

extension ETag {
    /// A tag of your own making.
    ///
    /// - Parameters:
    ///   - opaque: What stands between the quotes: visible ASCII except the quote itself, and bytes
    ///     above 0x7F. It may be empty.
    ///   - isWeak: Whether it is a weak tag.
    /// - Throws: ``ResponseError`` of the kind `invalidETag` for a byte that no tag has, and for
    ///   more than ``maximumCount`` bytes.
    public init<Text: StringProtocol>(opaque: Text, isWeak: Bool = false) throws(ResponseError) {
        guard let tag = opaque.withBytes({ opaque in ETag(checking: opaque, isWeak: isWeak) })
        else { throw .invalidETag }
        self = tag
    }

    /// A tag of your own making. Throws as for a `String`.
    public init(opaque: Bytes, isWeak: Bool = false) throws(ResponseError) {
        guard let tag = ETag(checking: opaque, isWeak: isWeak) else { throw .invalidETag }
        self = tag
    }

    /// The tag of a numbered state: `"42"`. The number changes with every change.
    public init(version: Int, isWeak: Bool = false) {
        let sign = version < 0 ? 1 : 0
        let digits = decimalDigitCount(version.magnitude)
        // At most 20 bytes.
        unsafe self.init(isWeak: isWeak) { bytes in
            var rest = version.magnitude
            for index in stride(from: sign + digits - 1, through: sign, by: -1) {
                unsafe bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            if sign == 1 { unsafe bytes[0] = UInt8(ascii: "-") }
            return sign + digits
        }
    }

    /// The tag whose bytes between the quotes are `digest` in lower-case hexadecimal.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidETag` for more than 32 bytes.
    public init(digest: Span<UInt8>, isWeak: Bool = false) throws(ResponseError) {
        guard digest.count * 2 <= ETag.maximumCount else { throw .invalidETag }
        // Two bytes for each, which is not too many.
        unsafe self.init(isWeak: isWeak) { bytes in
            for index in digest.indices {
                unsafe bytes[index * 2] = hexadecimalDigit(digest[index] >> 4)
                unsafe bytes[index * 2 + 1] = hexadecimalDigit(digest[index] & 15)
            }
            return digest.count * 2
        }
    }

    private init?(checking opaque: Bytes, isWeak: Bool) {
        let span = opaque.span
        guard span.count <= ETag.maximumCount,
            span.indices.allSatisfy({ index in isTagByte(span[index]) })
        else { return nil }
        self.init(copying: opaque, isWeak: isWeak)
    }
}

extension ETag {
    /// A copy of bytes that a tag can have, not too many of them.
    init(copying opaque: Bytes, isWeak: Bool) {
        // The caller has counted them.
        unsafe self.init(isWeak: isWeak) { bytes in
            unsafe opaque.span.withUnsafeBytes { opaque in
                unsafe bytes.copyMemory(from: opaque)
                return opaque.count
            }
        }
    }
}

extension ETag: ExpressibleByStringLiteral {
    /// A strong tag that is written in the program, without its quotes. Traps where the text cannot
    /// be a tag, which is a mistake in the program.
    public init(stringLiteral opaque: StaticString) {
        guard let tag = ETag(checking: opaque.bytes, isWeak: false) else {
            preconditionFailure(
                "An entity tag is at most 64 bytes without quotes, white space and control bytes.")
        }
        self = tag
    }
}

/// etagc: RFC 9110, section 8.8.3.
private func isTagByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != UInt8(ascii: "\"") && byte != 0x7F
}

private func decimalDigitCount(_ number: UInt) -> Int {
    var count = 1
    var rest = number / 10
    while rest > 0 {
        count += 1
        rest /= 10
    }
    return count
}

private func hexadecimalDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}
