// SPDX-License-Identifier: MIT

extension Request {
    /// The cookies that the client sent.
    public var cookies: Cookies {
        @_lifetime(copy self) get { Cookies(fields) }
    }
}
