// SPDX-License-Identifier: MIT

/// What a user is called, and logs in as: 3 to 32 small letters, digits, dots, hyphens and
/// underscores, the first of them a letter or a digit. So no two of them look the same.
public struct UserName: Hashable, Sendable {
    public let text: String

    public init(_ text: String) throws(Invalid) {
        guard 3...32 ~= text.utf8.count else { throw Invalid("must have 3 to 32 characters") }
        guard text.utf8.allSatisfy(Self.isAllowed) else {
            throw Invalid("must be made of a to z, 0 to 9, \".\", \"-\" and \"_\"")
        }
        guard let first = text.utf8.first, Self.isAlphanumeric(first) else {
            throw Invalid("must begin with a letter or a digit")
        }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
