// SPDX-License-Identifier: MIT

/// A cookie to be set in a client, by the grammar of RFC 6265 (section 4.1.1).
///
/// ```swift
/// var cookie = Cookie("__Host-session", token)
/// cookie.isSecure = true
/// cookie.maxAge = 14 * 24 * 3600
/// try response.setCookie(cookie)
/// ```
///
/// The defaults are the careful ones: a cookie is hidden from scripts, and is not sent with forms
/// of other sites. Set ``isSecure`` as well wherever clients come over TLS. Without ``maxAge`` and
/// ``expires`` it lasts as long as the client's session.
public struct Cookie: Sendable, Hashable {
    /// The number of bytes that name and value may have together: 4,096. Clients drop a larger
    /// cookie.
    public static let maximumCount = 4096
    /// The number of bytes that a path may have: 1,024. Clients ignore a longer one.
    public static let maximumPathCount = 1024
    /// The number of bytes that a domain may have: 253, as any host name.
    public static let maximumDomainCount = 253

    /// A token (RFC 9110, section 5.6.2).
    public var name: String
    /// Printable ASCII except space, `"`, `,`, `;` and `\`. Encode anything else, in Base64 for
    /// example.
    public var value: String
    /// The path for which, and for what lies below, the client sends the cookie; `nil` for the
    /// folder of the request's path.
    public var path: String? = "/"
    /// The host to which, and to what lies below, the client sends the cookie; `nil` for the very
    /// host of the request, which is narrower.
    public var domain: String?
    /// How long the cookie lasts, in seconds, at least one; it wins over ``expires``.
    public var maxAge: Int?
    /// When the cookie ends.
    public var expires: HTTPDate?
    /// Whether the client sends the cookie over TLS only.
    public var isSecure = false
    /// Whether the client hides the cookie from scripts.
    public var isHTTPOnly = true
    /// When the client sends the cookie along with what other sites start.
    public var sameSite = SameSite.lax
    /// Whether the client keeps one cookie for each site that embeds this one (CHIPS).
    public var isPartitioned = false

    /// A cookie. Whether a client would take it is checked when it is set.
    public init(_ name: String, _ value: String = "") {
        self.name = name
        self.value = value
    }

    /// The same cookie without a value and long past its end, which makes a client forget it: name,
    /// domain and path are what it is known by.
    public var deletion: Cookie {
        var cookie = self
        cookie.value = ""
        cookie.maxAge = nil
        cookie.expires = HTTPDate(secondsSince1970: 0)
        return cookie
    }
}

extension Cookie {
    /// When a cookie is sent along with what other sites start. Later versions may have more.
    public struct SameSite: Sendable, Hashable {
        /// The value of the attribute; `nil` where none is sent.
        let attribute: String?

        private init(_ attribute: String?) {
            self.attribute = attribute
        }

        /// Never.
        public static let strict = SameSite("Strict")
        /// When the user follows a link.
        public static let lax = SameSite("Lax")
        /// Always; the cookie must be ``Cookie/isSecure`` then.
        public static let none = SameSite("None")
        /// As the client likes: no attribute is sent.
        public static let unspecified = SameSite(nil)
    }
}
