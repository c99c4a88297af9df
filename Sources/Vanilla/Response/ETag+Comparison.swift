// SPDX-License-Identifier: MIT

extension ETag: Hashable {
    /// Whether both are spelled the same.
    public static func == (left: ETag, right: ETag) -> Bool {
        left.isWeak == right.isWeak && left.matchesWeakly(right)
    }

    /// Adds what `==` compares.
    public func hash(into hasher: inout Swift.Hasher) {
        hasher.combine(isWeak)
        withOpaque { opaque in
            unsafe opaque.span.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
        }
    }

    /// Whether both name the same bytes: neither is weak (RFC 9110, section 8.8.3.2).
    public func matchesStrongly(_ other: ETag) -> Bool {
        !isWeak && !other.isWeak && matchesWeakly(other)
    }

    /// Whether both name representations that mean the same, weak or not.
    public func matchesWeakly(_ other: ETag) -> Bool {
        withOpaque { mine in other.withOpaque { theirs in mine == theirs } }
    }
}
