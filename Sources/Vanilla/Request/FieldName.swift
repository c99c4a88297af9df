// SPDX-License-Identifier: MIT

/// The name of a field, known when the program is written: a token (RFC 9110, section 5.1), the
/// same in any case.
///
/// ```swift
/// extension FieldName {
///     static let requestID: FieldName = "X-Request-ID"
/// }
/// ```
@frozen
public struct FieldName: Sendable, ExpressibleByStringLiteral {
    /// The name as it is sent.
    public let token: StaticString

    /// A name. Traps where it is no token, which is a mistake in the program.
    public init(stringLiteral token: StaticString) {
        precondition(
            token.bytes.isToken,
            "A field name is one or more letters, digits and any of !#$%&'*+-.^_`|~.")
        self.token = token
    }

    private init(known token: StaticString) {
        self.token = token
    }
}

extension FieldName {
    public static let accept = FieldName(known: "Accept")
    public static let acceptEncoding = FieldName(known: "Accept-Encoding")
    public static let acceptLanguage = FieldName(known: "Accept-Language")
    public static let accessControlAllowOrigin = FieldName(known: "Access-Control-Allow-Origin")
    public static let allow = FieldName(known: "Allow")
    public static let authorization = FieldName(known: "Authorization")
    public static let cacheControl = FieldName(known: "Cache-Control")
    public static let contentDisposition = FieldName(known: "Content-Disposition")
    public static let contentEncoding = FieldName(known: "Content-Encoding")
    public static let contentLanguage = FieldName(known: "Content-Language")
    public static let contentLocation = FieldName(known: "Content-Location")
    public static let contentType = FieldName(known: "Content-Type")
    public static let cookie = FieldName(known: "Cookie")
    public static let etag = FieldName(known: "ETag")
    public static let expires = FieldName(known: "Expires")
    public static let host = FieldName(known: "Host")
    public static let ifMatch = FieldName(known: "If-Match")
    public static let ifModifiedSince = FieldName(known: "If-Modified-Since")
    public static let ifNoneMatch = FieldName(known: "If-None-Match")
    public static let ifRange = FieldName(known: "If-Range")
    public static let ifUnmodifiedSince = FieldName(known: "If-Unmodified-Since")
    public static let lastModified = FieldName(known: "Last-Modified")
    public static let link = FieldName(known: "Link")
    public static let location = FieldName(known: "Location")
    public static let origin = FieldName(known: "Origin")
    public static let range = FieldName(known: "Range")
    public static let referer = FieldName(known: "Referer")
    public static let retryAfter = FieldName(known: "Retry-After")
    public static let server = FieldName(known: "Server")
    public static let setCookie = FieldName(known: "Set-Cookie")
    public static let userAgent = FieldName(known: "User-Agent")
    public static let vary = FieldName(known: "Vary")
    public static let wwwAuthenticate = FieldName(known: "WWW-Authenticate")
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
