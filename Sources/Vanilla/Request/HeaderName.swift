// SPDX-License-Identifier: MIT

/// The name of a field: a token (RFC 9110, section 5.1), compared case-insensitively.
///
/// ```swift
/// extension FieldName {
///     static let requestID: FieldName = "X-Request-ID"
/// }
/// let name = try FieldName(configuration["tracing-field"])
/// ```
///
/// A name that is written in the program costs nothing; one that is made at run time owns a copy of
/// its text.
public struct FieldName: Sendable {
    @usableFromInline let text: FixedText

    @inlinable
    init(known token: StaticString) {
        text = FixedText(token)
    }

    /// A name that is only known at run time. Make it once, where it is used often.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidField` where the name is not a token.
    public init<Text: StringProtocol>(_ name: Text) throws(ResponseError) {
        guard let text = name.withBytes({ $0.isToken ? FixedText(copying: $0) : nil }) else {
            throw ResponseError(.invalidField, "A field's name is \(FieldName.rule)")
        }
        self.text = text
    }

    private static let rule = "one or more letters, digits and any of !#$%&'*+-.^_`|~."

    /// The name in UTF-8.
    @inlinable
    var bytes: Bytes {
        @_lifetime(borrow self) get { text.bytes }
    }
}

extension FieldName: ExpressibleByStringLiteral {
    /// A name that is written in the program. Traps where it is not a token, which is a mistake in
    /// the program.
    public init(stringLiteral token: StaticString) {
        precondition(token.bytes.isToken, "A field's name is \(FieldName.rule)")
        self.init(known: token)
    }
}

extension FieldName: CustomStringConvertible {
    /// The name as it is sent.
    public var description: String { String(bytes) }
}

extension FieldName {
    /// Accept
    @inlinable public static var accept: FieldName { FieldName(known: "Accept") }
    /// Accept-Encoding
    @inlinable public static var acceptEncoding: FieldName { FieldName(known: "Accept-Encoding") }
    /// Accept-Language
    @inlinable public static var acceptLanguage: FieldName { FieldName(known: "Accept-Language") }
    /// Access-Control-Allow-Origin
    @inlinable public static var accessControlAllowOrigin: FieldName {
        FieldName(known: "Access-Control-Allow-Origin")
    }
    /// Allow
    @inlinable public static var allow: FieldName { FieldName(known: "Allow") }
    /// Authorization
    @inlinable public static var authorization: FieldName { FieldName(known: "Authorization") }
    /// Cache-Control
    @inlinable public static var cacheControl: FieldName { FieldName(known: "Cache-Control") }
    /// Content-Disposition
    @inlinable public static var contentDisposition: FieldName {
        FieldName(known: "Content-Disposition")
    }
    /// Content-Encoding
    @inlinable public static var contentEncoding: FieldName { FieldName(known: "Content-Encoding") }
    /// Content-Language
    @inlinable public static var contentLanguage: FieldName { FieldName(known: "Content-Language") }
    /// Content-Location
    @inlinable public static var contentLocation: FieldName { FieldName(known: "Content-Location") }
    /// Content-Type
    @inlinable public static var contentType: FieldName { FieldName(known: "Content-Type") }
    /// Cookie
    @inlinable public static var cookie: FieldName { FieldName(known: "Cookie") }
    /// ETag
    @inlinable public static var etag: FieldName { FieldName(known: "ETag") }
    /// Expires
    @inlinable public static var expires: FieldName { FieldName(known: "Expires") }
    /// Host
    @inlinable public static var host: FieldName { FieldName(known: "Host") }
    /// If-Match
    @inlinable public static var ifMatch: FieldName { FieldName(known: "If-Match") }
    /// If-Modified-Since
    @inlinable public static var ifModifiedSince: FieldName {
        FieldName(known: "If-Modified-Since")
    }
    /// If-None-Match
    @inlinable public static var ifNoneMatch: FieldName { FieldName(known: "If-None-Match") }
    /// If-Range
    @inlinable public static var ifRange: FieldName { FieldName(known: "If-Range") }
    /// If-Unmodified-Since
    @inlinable public static var ifUnmodifiedSince: FieldName {
        FieldName(known: "If-Unmodified-Since")
    }
    /// Last-Modified
    @inlinable public static var lastModified: FieldName { FieldName(known: "Last-Modified") }
    /// Link
    @inlinable public static var link: FieldName { FieldName(known: "Link") }
    /// Location
    @inlinable public static var location: FieldName { FieldName(known: "Location") }
    /// Origin
    @inlinable public static var origin: FieldName { FieldName(known: "Origin") }
    /// Range
    @inlinable public static var range: FieldName { FieldName(known: "Range") }
    /// Referer
    @inlinable public static var referer: FieldName { FieldName(known: "Referer") }
    /// Retry-After
    @inlinable public static var retryAfter: FieldName { FieldName(known: "Retry-After") }
    /// Server
    @inlinable public static var server: FieldName { FieldName(known: "Server") }
    /// Set-Cookie
    @inlinable public static var setCookie: FieldName { FieldName(known: "Set-Cookie") }
    /// User-Agent
    @inlinable public static var userAgent: FieldName { FieldName(known: "User-Agent") }
    /// Vary
    @inlinable public static var vary: FieldName { FieldName(known: "Vary") }
    /// WWW-Authenticate
    @inlinable public static var wwwAuthenticate: FieldName { FieldName(known: "WWW-Authenticate") }
}

extension Bytes {
    /// Whether the bytes are a token (RFC 9110, section 5.6.2).
    var isToken: Bool {
        !isEmpty && span.indices.allSatisfy { index in isTokenByte(span[index]) }
    }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "^")...UInt8(ascii: "z"), UInt8(ascii: "#")...UInt8(ascii: "'"),
        UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"),
        UInt8(ascii: "."),
        UInt8(ascii: "|"), UInt8(ascii: "~"):
        true
    default:
        false
    }
}
