// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ETag {
    /// The tag of these bytes: their XXH3-128 in 32 hexadecimal digits, as `xxhsum -H128` prints
    /// it.
    ///
    /// It takes a few nanoseconds for a small body and allocates nothing. It tells states apart
    /// that arise by themselves. Somebody who chooses the contents could make two with the same
    /// tag: where that matters, use a cryptographic digest (`VanillaDigest`).
    public init(hashing bytes: Bytes, isWeak: Bool = false) {
        // C writes 32 bytes.
        unsafe self.init(isWeak: isWeak) { text in
            unsafe bytes.withCSpan { bytes in
                unsafe vn_tag_hash(bytes, text.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
            return Int(VN_TAG_HASH_SIZE)
        }
    }

    /// The tag of these bytes, as for `Bytes`.
    public init(hashing bytes: Span<UInt8>, isWeak: Bool = false) {
        self.init(hashing: Bytes(bytes), isWeak: isWeak)
    }

    /// The tag of these bytes, as for `Bytes`.
    public init(hashing bytes: [UInt8], isWeak: Bool = false) {
        self.init(hashing: Bytes(bytes.span), isWeak: isWeak)
    }

    /// The tag of shared bytes, as for `Bytes`. Make it once, beside them.
    public init(hashing bytes: SharedBytes, isWeak: Bool = false) {
        self.init(hashing: bytes.bytes, isWeak: isWeak)
    }

    /// The tag of a text in UTF-8, as for `Bytes`.
    @inlinable
    public init<Text: StringProtocol>(hashing text: Text, isWeak: Bool = false) {
        self = text.withBytes { text in ETag(hashing: text, isWeak: isWeak) }
    }
}
