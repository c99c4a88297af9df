// SPDX-License-Identifier: MIT

/// A salted hash of a password as text, with its salt and its cost, as password hashing libraries
/// write it (`$argon2id$v=19$...`).
public struct PasswordHash: Equatable, Sendable {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }
}
