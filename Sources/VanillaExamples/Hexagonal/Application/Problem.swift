// SPDX-License-Identifier: MIT

/// What is wrong with a field of a form.
public struct Problem: Equatable, Sendable {
    public let field: String
    /// Follows the field's name in a sentence.
    public let reason: String

    public init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }
}
