// SPDX-License-Identifier: MIT

public import Vanilla

/// Headers that have a browser be careful with what it is sent. `nil` sends none.
///
/// ```swift
/// var headers = SecurityHeaders()
/// headers.contentSecurityPolicy = "default-src 'self'; img-src *"
/// routes.use(headers.middleware)
/// ```
///
/// They are set before the handler, which can set others or `nil` in their place.
/// `Strict-Transport-Security` is an option of listeners with TLS.
public struct SecurityHeaders: Sendable {
    /// Where a page may have its parts from (Content Security Policy Level 3): from this server
    /// alone, in nobody's frame.
    public var contentSecurityPolicy: String? = "default-src 'self'; frame-ancestors 'none'"
    /// `X-Frame-Options`, for browsers that do not know `frame-ancestors`.
    public var frameOptions: String? = "DENY"
    /// `X-Content-Type-Options`: a text that looks like a script is no script.
    public var contentTypeOptions: String? = "nosniff"
    /// What other servers learn of the page that a link was on.
    public var referrerPolicy: String? = "strict-origin-when-cross-origin"
    /// Whether a page that this one opened, or that opened this one, can reach it.
    public var crossOriginOpenerPolicy: String? = "same-origin"
    /// What of the device a page may use, such as "camera=(), microphone=()".
    public var permissionsPolicy: String?

    /// Every header at its default.
    public init() {}

    /// For `routes.use`.
    public var middleware: Routes.Middleware {
        { request, response, next in
            response.headers["Content-Security-Policy"] = contentSecurityPolicy
            response.headers["X-Frame-Options"] = frameOptions
            response.headers["X-Content-Type-Options"] = contentTypeOptions
            response.headers["Referrer-Policy"] = referrerPolicy
            response.headers["Cross-Origin-Opener-Policy"] = crossOriginOpenerPolicy
            response.headers["Permissions-Policy"] = permissionsPolicy
            try next(request, &response)
        }
    }
}
