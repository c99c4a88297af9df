// SPDX-License-Identifier: MIT

extension ResponseWriter {
    /// Sets a cookie in the client. Call it once for each; before the answer is sent.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidCookie` where the cookie has a part that
    ///   cookies may not have, or where clients would drop it; `headersTooLarge` or
    ///   `alreadyAnswered`. Then nothing was added.
    public mutating func setCookie(_ cookie: Cookie) throws(ResponseError) {
        try headers.add(.setCookie, cookie.fieldValue)
    }

    /// Makes the client forget a cookie, which it knows by name, domain and path.
    ///
    /// ```swift
    /// try response.deleteCookie(Cookie("theme"))
    /// ```
    ///
    /// - Throws: As ``setCookie(_:)``.
    public mutating func deleteCookie(_ cookie: Cookie) throws(ResponseError) {
        try setCookie(cookie.deletion)
    }
}
