// SPDX-License-Identifier: MIT

/// What a product is called: one line of 1 to 100 characters.
public struct ProductName: Equatable, Sendable {
    public let text: String

    public init(_ text: String) throws(Invalid) {
        // What a person takes for a character may be of many bytes.
        guard 1...100 ~= text.count, text.utf8.count <= 400 else {
            throw Invalid("must have 1 to 100 characters")
        }
        guard !text.unicodeScalars.contains(where: Self.isControl) else {
            throw Invalid("must have no control characters")
        }
        guard let first = text.first, let last = text.last, !first.isWhitespace, !last.isWhitespace
        else { throw Invalid("must neither begin nor end with white space") }
        self.text = text
    }

    /// Line breaks are among them, those of Unicode, too.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
