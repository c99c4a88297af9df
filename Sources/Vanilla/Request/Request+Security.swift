// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// Whether the request came over TLS, so that nobody on the way could read or change it.
    /// `false` in `Server.handle`, on another thread than the worker's, and once the client is
    /// gone.
    ///
    /// It is about this server's own connection: a proxy that ends TLS before it is a client in
    /// clear.
    public var isSecure: Bool {
        unsafe vn_request_is_secure(pointer)
    }

    /// C's request, for targets that ask C about it.
    package var cRequest: UnsafeRawPointer {
        unsafe UnsafeRawPointer(pointer)
    }
}
