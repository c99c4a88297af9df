// SPDX-License-Identifier: MIT

/// The name of a header: a token (RFC 9110, section 5.1), compared case-insensitively.
///
/// ```swift
/// extension HeaderName {
///     static let requestID: HeaderName = "X-Request-ID"
/// }
/// let name = try HeaderName(configuration["tracing-header"])
/// ```
///
/// A name that is written in the program costs nothing; one that is made at run time owns a copy of
/// its text.
public struct HeaderName: Sendable {
    @usableFromInline let text: FixedText

    @inlinable
    init(known token: StaticString) {
        text = FixedText(token)
    }

    /// A name that is only known at run time. Make it once, where it is used often.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidHeader` where the name is not a token.
    public init<Text: StringProtocol>(_ name: Text) throws(ResponseError) {
        guard let text = name.withBytes({ $0.isToken ? FixedText(copying: $0) : nil }) else {
            throw ResponseError(.invalidHeader, "A header's name is \(HeaderName.rule)")
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

extension HeaderName: ExpressibleByStringLiteral {
    /// A name that is written in the program. Traps where it is not a token, which is a mistake in
    /// the program.
    public init(stringLiteral token: StaticString) {
        precondition(token.bytes.isToken, "A header's name is \(HeaderName.rule)")
        self.init(known: token)
    }
}

extension HeaderName: CustomStringConvertible {
    /// The name as it is sent.
    public var description: String { String(bytes) }
}

extension HeaderName {
    /// Accept
    @inlinable public static var accept: HeaderName { HeaderName(known: "Accept") }
    /// Accept-Encoding
    @inlinable public static var acceptEncoding: HeaderName { HeaderName(known: "Accept-Encoding") }
    /// Accept-Language
    @inlinable public static var acceptLanguage: HeaderName { HeaderName(known: "Accept-Language") }
    /// Access-Control-Allow-Origin
    @inlinable public static var accessControlAllowOrigin: HeaderName {
        HeaderName(known: "Access-Control-Allow-Origin")
    }
    /// Allow
    @inlinable public static var allow: HeaderName { HeaderName(known: "Allow") }
    /// Authorization
    @inlinable public static var authorization: HeaderName { HeaderName(known: "Authorization") }
    /// Cache-Control
    @inlinable public static var cacheControl: HeaderName { HeaderName(known: "Cache-Control") }
    /// Content-Disposition
    @inlinable public static var contentDisposition: HeaderName {
        HeaderName(known: "Content-Disposition")
    }
    /// Content-Encoding
    @inlinable public static var contentEncoding: HeaderName {
        HeaderName(known: "Content-Encoding")
    }
    /// Content-Language
    @inlinable public static var contentLanguage: HeaderName {
        HeaderName(known: "Content-Language")
    }
    /// Content-Location
    @inlinable public static var contentLocation: HeaderName {
        HeaderName(known: "Content-Location")
    }
    /// Content-Type
    @inlinable public static var contentType: HeaderName { HeaderName(known: "Content-Type") }
    /// Cookie
    @inlinable public static var cookie: HeaderName { HeaderName(known: "Cookie") }
    /// ETag
    @inlinable public static var etag: HeaderName { HeaderName(known: "ETag") }
    /// Expires
    @inlinable public static var expires: HeaderName { HeaderName(known: "Expires") }
    /// Host
    @inlinable public static var host: HeaderName { HeaderName(known: "Host") }
    /// If-Match
    @inlinable public static var ifMatch: HeaderName { HeaderName(known: "If-Match") }
    /// If-Modified-Since
    @inlinable public static var ifModifiedSince: HeaderName {
        HeaderName(known: "If-Modified-Since")
    }
    /// If-None-Match
    @inlinable public static var ifNoneMatch: HeaderName { HeaderName(known: "If-None-Match") }
    /// If-Range
    @inlinable public static var ifRange: HeaderName { HeaderName(known: "If-Range") }
    /// If-Unmodified-Since
    @inlinable public static var ifUnmodifiedSince: HeaderName {
        HeaderName(known: "If-Unmodified-Since")
    }
    /// Last-Modified
    @inlinable public static var lastModified: HeaderName { HeaderName(known: "Last-Modified") }
    /// Link
    @inlinable public static var link: HeaderName { HeaderName(known: "Link") }
    /// Location
    @inlinable public static var location: HeaderName { HeaderName(known: "Location") }
    /// Origin
    @inlinable public static var origin: HeaderName { HeaderName(known: "Origin") }
    /// Range
    @inlinable public static var range: HeaderName { HeaderName(known: "Range") }
    /// Referer
    @inlinable public static var referer: HeaderName { HeaderName(known: "Referer") }
    /// Retry-After
    @inlinable public static var retryAfter: HeaderName { HeaderName(known: "Retry-After") }
    /// Server
    @inlinable public static var server: HeaderName { HeaderName(known: "Server") }
    /// Set-Cookie
    @inlinable public static var setCookie: HeaderName { HeaderName(known: "Set-Cookie") }
    /// User-Agent
    @inlinable public static var userAgent: HeaderName { HeaderName(known: "User-Agent") }
    /// Vary
    @inlinable public static var vary: HeaderName { HeaderName(known: "Vary") }
    /// WWW-Authenticate
    @inlinable public static var wwwAuthenticate: HeaderName {
        HeaderName(known: "WWW-Authenticate")
    }
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
