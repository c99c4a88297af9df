// SPDX-License-Identifier: MIT

/// A password that somebody chose: 8 to 128 characters, of any kind. It is not printed.
public struct Password: Equatable, Sendable {
    public let text: String

    public init(_ text: String) throws(Invalid) {
        // What a person takes for a character, but no more bytes than so many can be expected to
        // be.
        guard 8...128 ~= text.count, text.utf8.count <= 1024 else {
            throw Invalid("must have 8 to 128 characters")
        }
        self.text = text
    }
}

extension Password: CustomStringConvertible, CustomReflectable {
    public var description: String { "a password" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
