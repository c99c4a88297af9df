// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A request, seen in the very bytes that the operating system delivered.
///
/// It is lent to the handler for the length of the call, on the worker's thread. Neither it nor
/// anything that it hands out can be kept: that does not compile. A copy is two pointers.
/// Nothing here throws or traps, whatever the client sent: the core has refused what RFC 9112
/// forbids before the handler is called.
@safe
public struct Request: ~Escapable {
    /// C's request, which outlives this view.
    let pointer: UnsafePointer<vn_request>
    /// What a router found out, which outlives this view; `nil` outside of one.
    let match: UnsafeMutablePointer<RouteMatch>?

    /// The view of a request that C lends for the length of a call.
    @unsafe
    @_lifetime(immortal)
    init(lent pointer: UnsafePointer<vn_request>) {
        unsafe self.pointer = unsafe pointer
        unsafe match = nil
    }

    /// A view of the same request, with what a router lends for the length of a call.
    @unsafe
    @_lifetime(copy request)
    init(_ request: Request, lent match: UnsafeMutablePointer<RouteMatch>) {
        unsafe pointer = unsafe request.pointer
        unsafe self.match = unsafe match
    }
}

extension Request {
    /// What the client wants done.
    public var method: Method {
        let number = unsafe pointer.pointee.method_id
        return Int(number) == VN_METHOD_OTHER ? Method(String(methodName)) : Method(known: number)
    }

    /// The method as it was sent.
    public var methodName: Bytes {
        @_lifetime(copy self) get { unsafe lend(vn_request_method(pointer)) }
    }

    /// The whole target as it was sent: `/search?q=swift`, `http://example.com/`, `*`.
    public var target: Bytes {
        @_lifetime(copy self) get { unsafe lend(vn_request_target(pointer)) }
    }

    /// The path of the target, percent-encoded as it was sent; never empty. `*` for `OPTIONS *`.
    public var path: Bytes {
        @_lifetime(copy self) get { unsafe lend(vn_request_path(pointer)) }
    }

    /// The names and values in the query, at most ``Request/QueryItems/defaultMaximumCount`` of
    /// them; none where the target has no `?`.
    public var query: Request.QueryItems {
        @_lifetime(copy self) get { Request.QueryItems(queryBytes) }
    }

    /// What follows the first `?` of the target, as it was sent; empty where there is none.
    public var queryBytes: Bytes {
        @_lifetime(copy self) get { unsafe lend(vn_request_query(pointer)) }
    }

    /// The host, and the port where one was given, that the client asked for: from the target where
    /// it names one, else from the Host field (RFC 9112, section 3.2.2).
    public var authority: Bytes {
        @_lifetime(copy self) get {
            unsafe lend(vn_request_span(pointer, pointer.pointee.authority))
        }
    }

    /// The version of HTTP that the client speaks.
    public var version: Version {
        if unsafe Int(pointer.pointee.facts) & VN_IS_HTTP2 != 0 { return .http2 }
        return unsafe pointer.pointee.minor == 0 ? .http1_0 : .http1_1
    }

    /// The value of Content-Length, where the client sent one. A chunked body has none.
    public var contentLength: UInt64? {
        let request = unsafe pointer
        let hasLength = unsafe Int(request.pointee.facts) & VN_HAS_LENGTH != 0
        return unsafe hasLength ? request.pointee.content_length : nil
    }

    /// The whole body, decoded. Empty where the body is streamed or ignored
    /// (``Request/BodyDelivery``).
    public var body: Bytes {
        @_lifetime(copy self) get { unsafe lend(pointer.pointee.body) }
    }

    /// Bytes of this request, which live as long as it does.
    @_lifetime(copy self)
    func lend(_ span: vn_span) -> Bytes {
        unsafe Bytes(lent: span)
    }
}
