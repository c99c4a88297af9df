// SPDX-License-Identifier: MIT

extension Request {
    /// The cookies that the client sent.
    public var cookies: Request.Cookies {
        @_lifetime(copy self) get { Request.Cookies(headers) }
    }
}
