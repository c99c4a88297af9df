// SPDX-License-Identifier: MIT

/// What a response's body is (RFC 9110, section 8.3).
///
/// ```swift
/// response.send(svg, contentType: "image/svg+xml")
/// response.send(picture, contentType: try ContentType("image/" + subtype))
/// ```
///
/// One that is written in the program costs nothing; one that is made at run time owns a copy of
/// its text.
public struct ContentType: Sendable {
    @usableFromInline let text: FixedText

    @inlinable
    init(known value: StaticString) {
        text = FixedText(value)
    }

    /// A content type that is only known at run time: a media type, with parameters or without,
    /// such as `image/png` or `text/csv; charset=utf-8`.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidContent` where the text is not a media type.
    public init<Text: StringProtocol>(_ value: Text) throws(ResponseError) {
        guard let text = value.withBytes({ $0.isMediaType ? FixedText(copying: $0) : nil }) else {
            throw ResponseError(
                .invalidContent,
                "A content type is type/subtype, without control bytes and spaces around it.")
        }
        self.text = text
    }

    /// The field's value in UTF-8.
    @inlinable
    var bytes: Bytes {
        @_lifetime(borrow self) get { text.bytes }
    }
}

extension ContentType: ExpressibleByStringLiteral {
    /// A content type that is written in the program. Traps where it holds a control byte, which is
    /// a mistake in the program.
    public init(stringLiteral value: StaticString) {
        precondition(
            value.bytes.isFieldValue, "A content type holds no CR, LF, NUL or other control byte.")
        self.init(known: value)
    }
}

extension ContentType: CustomStringConvertible {
    /// The field's value; empty for ``none``.
    public var description: String { String(bytes) }
}

extension ContentType {
    /// No Content-Type field at all.
    @inlinable public static var none: ContentType { ContentType(known: "") }
    /// `text/plain; charset=utf-8`
    @inlinable public static var text: ContentType {
        ContentType(known: "text/plain; charset=utf-8")
    }
    /// `text/plain`, for text that is ASCII
    @inlinable public static var plainText: ContentType { ContentType(known: "text/plain") }
    /// `text/html; charset=utf-8`
    @inlinable public static var html: ContentType {
        ContentType(known: "text/html; charset=utf-8")
    }
    /// `text/css; charset=utf-8`
    @inlinable public static var css: ContentType { ContentType(known: "text/css; charset=utf-8") }
    /// `text/javascript; charset=utf-8`
    @inlinable public static var javaScript: ContentType {
        ContentType(known: "text/javascript; charset=utf-8")
    }
    /// `text/event-stream`
    @inlinable public static var eventStream: ContentType {
        ContentType(known: "text/event-stream")
    }
    /// `application/json`
    @inlinable public static var json: ContentType { ContentType(known: "application/json") }
    /// `application/octet-stream`
    @inlinable public static var bytes: ContentType {
        ContentType(known: "application/octet-stream")
    }
}

extension Bytes {
    /// Whether a field may have this value: no control byte except HTAB (RFC 9110, section 5.5).
    var isFieldValue: Bool {
        span.indices.allSatisfy { index in
            (span[index] >= 0x20 && span[index] != 0x7F) || span[index] == UInt8(ascii: "\t")
        }
    }

    /// Whether the bytes are a media type (RFC 9110, section 8.3.1). Of its parameters only that
    /// they may stand in a field.
    fileprivate var isMediaType: Bool {
        let end = firstIndex(of: UInt8(ascii: ";")) ?? count
        let type = prefix(end)
        guard let slash = type.firstIndex(of: UInt8(ascii: "/")) else { return false }
        let subtype = type.dropFirst(slash + 1)
        // White space may stand before a parameter.
        return type.prefix(slash).isToken
            && (end < count ? subtype.trimmed.isToken : subtype.isToken)
            && subtype.span[0] != UInt8(ascii: " ") && subtype.span[0] != UInt8(ascii: "\t")
            && isFieldValue
    }
}
