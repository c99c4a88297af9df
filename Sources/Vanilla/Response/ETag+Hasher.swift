// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ETag {
    /// Makes the tag of bytes that come in pieces: the same as
    /// ``ETag/init(hashing:isWeak:)-(Bytes,_)`` of all of them.
    ///
    /// ```swift
    /// var hasher = ETagHasher()
    /// while let piece = try file.next() { hasher.update(piece) }
    /// let tag = hasher.tag()
    /// ```
    ///
    /// It allocates its state once; ``reset()`` makes it new.
    @safe
    public struct Hasher: ~Copyable {
        /// Made in `init` and freed at the end of this value.
        private let state: UnsafeMutablePointer<vn_tag_hasher>

        /// A hasher that has seen nothing.
        public init() {
            unsafe state = .allocate(capacity: 1)
            unsafe vn_tag_hasher_begin(state)
        }

        deinit {
            unsafe state.deallocate()
        }

        /// Forgets what it has seen.
        public mutating func reset() {
            unsafe vn_tag_hasher_begin(state)
        }

        /// Adds the next bytes.
        public mutating func update(_ bytes: Bytes) {
            unsafe bytes.withCSpan { bytes in unsafe vn_tag_hasher_add(state, bytes) }
        }

        /// Adds the next bytes.
        public mutating func update(_ bytes: Span<UInt8>) {
            update(Bytes(bytes))
        }

        /// The tag of all bytes so far; more may follow.
        public func tag(isWeak: Bool = false) -> ETag {
            // C writes 32 bytes.
            unsafe ETag(isWeak: isWeak) { text in
                unsafe vn_tag_hasher_write(
                    state, text.baseAddress?.assumingMemoryBound(to: UInt8.self))
                return Int(VN_TAG_HASH_SIZE)
            }
        }
    }
}
