// SPDX-License-Identifier: MIT

/// What a response's body is (RFC 9110, section 8.3), known when the program is written.
///
/// ```swift
/// response.send(svg, contentType: "image/svg+xml")
/// ```
///
/// For one that is only known later, send with ``none`` and add the field: `try
/// response.addField(.contentType, type)`.
@frozen
public struct ContentType: Sendable, ExpressibleByStringLiteral {
    /// The field's value.
    public let value: StaticString

    /// A content type. Traps where the text holds a control byte, which is a mistake in the
    /// program.
    public init(stringLiteral value: StaticString) {
        precondition(
            value.isFieldValue, "A content type holds no CR, LF, NUL or other control byte.")
        self.value = value
    }

    private init(known value: StaticString) {
        self.value = value
    }
}

extension ContentType {
    /// No Content-Type field at all.
    public static let none = ContentType(known: "")
    /// `text/plain; charset=utf-8`
    public static let text = ContentType(known: "text/plain; charset=utf-8")
    /// `text/plain`, for text that is ASCII
    public static let plainText = ContentType(known: "text/plain")
    /// `text/html; charset=utf-8`
    public static let html = ContentType(known: "text/html; charset=utf-8")
    /// `text/css; charset=utf-8`
    public static let css = ContentType(known: "text/css; charset=utf-8")
    /// `text/javascript; charset=utf-8`
    public static let javaScript = ContentType(known: "text/javascript; charset=utf-8")
    /// `text/event-stream`
    public static let eventStream = ContentType(known: "text/event-stream")
    /// `application/json`
    public static let json = ContentType(known: "application/json")
    /// `application/octet-stream`
    public static let bytes = ContentType(known: "application/octet-stream")
}

extension StaticString {
    /// Whether a field may have this value: no control byte but HTAB (RFC 9110, section 5.5).
    var isFieldValue: Bool {
        let span = bytes.span
        return span.indices.allSatisfy { index in
            (span[index] >= 0x20 && span[index] != 0x7F) || span[index] == UInt8(ascii: "\t")
        }
    }
}
