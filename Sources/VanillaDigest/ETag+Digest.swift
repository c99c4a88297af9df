// SPDX-License-Identifier: MIT

internal import CCrypto
public import Vanilla

/// Tags by digests that other programs know as well. `Vanilla` itself makes them with XXH3, which
/// is many times faster and links nothing.
extension ETag {
    /// The tag that is the MD5 of these bytes in lower-case hexadecimal: of "1" it is
    /// `"c4ca4238a0b923820dcc509a6f75849b"`.
    ///
    /// For clients and files that have such tags already. It does not protect against somebody who
    /// chooses the contents: two with the same MD5 are made in seconds. Allocates nothing; any
    /// thread.
    public init(md5 bytes: Bytes, isWeak: Bool = false) {
        // C writes as many bytes as the digest has.
        unsafe self.init(bytes, count: Int(CCRYPTO_MD5_SIZE), isWeak: isWeak) {
            bytes, count, digest in
            unsafe ccrypto_md5(bytes, count, digest)
        }
    }

    /// The tag that is the SHA-256 of these bytes in lower-case hexadecimal, as long as a tag can
    /// be.
    ///
    /// Nobody can make two contents with the same one. Allocates nothing; any thread.
    public init(sha256 bytes: Bytes, isWeak: Bool = false) {
        // C writes as many bytes as the digest has.
        unsafe self.init(bytes, count: Int(CCRYPTO_SHA256_SIZE), isWeak: isWeak) {
            bytes, count, digest in
            unsafe ccrypto_sha256(bytes, count, digest)
        }
    }

    private init(
        _ bytes: Bytes, count: Int, isWeak: Bool,
        digest: (UnsafeRawPointer?, Int, UnsafeMutablePointer<UInt8>?) -> Bool
    ) {
        // A digest fits into a buffer of its size, on the stack, and into a tag.
        self = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
            let isMade = unsafe bytes.span.withUnsafeBytes { bytes in
                unsafe digest(bytes.baseAddress, bytes.count, text.baseAddress)
            }
            precondition(isMade, "libcrypto makes no such digest.")
            return unsafe try! ETag(
                digest: Span(_unsafeElements: UnsafeBufferPointer(text)), isWeak: isWeak)
        }
    }
}

extension ETag {
    /// The tag that is the MD5 of these bytes, as for `Bytes`.
    public init(md5 bytes: Span<UInt8>, isWeak: Bool = false) {
        self.init(md5: Bytes(bytes), isWeak: isWeak)
    }

    /// The tag that is the MD5 of these bytes, as for `Bytes`.
    public init(md5 bytes: [UInt8], isWeak: Bool = false) {
        self.init(md5: Bytes(bytes.span), isWeak: isWeak)
    }

    /// The tag that is the MD5 of a text in UTF-8, as for `Bytes`.
    public init<Text: StringProtocol>(md5 text: Text, isWeak: Bool = false) {
        self = withUTF8(of: text) { text in ETag(md5: text, isWeak: isWeak) }
    }

    /// The tag that is the SHA-256 of these bytes, as for `Bytes`.
    public init(sha256 bytes: Span<UInt8>, isWeak: Bool = false) {
        self.init(sha256: Bytes(bytes), isWeak: isWeak)
    }

    /// The tag that is the SHA-256 of these bytes, as for `Bytes`.
    public init(sha256 bytes: [UInt8], isWeak: Bool = false) {
        self.init(sha256: Bytes(bytes.span), isWeak: isWeak)
    }

    /// The tag that is the SHA-256 of a text in UTF-8, as for `Bytes`.
    public init<Text: StringProtocol>(sha256 text: Text, isWeak: Bool = false) {
        self = withUTF8(of: text) { text in ETag(sha256: text, isWeak: isWeak) }
    }
}

/// Lends a text in UTF-8 for the length of `body`.
private func withUTF8<Text: StringProtocol>(of text: Text, _ body: (Bytes) -> ETag) -> ETag {
    let inPlace = text.utf8.withContiguousStorageIfAvailable { utf8 in
        // Valid for the length of this closure, and a view cannot outlive it.
        unsafe body(Bytes(Span(_unsafeElements: utf8)))
    }
    return inPlace ?? body(Bytes(Array(text.utf8).span))
}
