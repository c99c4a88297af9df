// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// What a router found out about one request. It lies on the stack of the worker for the length of
/// the handler's call.
@safe
struct RouteMatch {
    /// Outlives the call.
    unowned(unsafe) let tree: RouteTree
    /// The number of the route; `nil` where there is none.
    var route: Int?
    /// The methods of the routes that match the path, where none has the request's method.
    var methods: UInt64 = 0
    /// Of the path; as many as the route has parameters.
    var ranges: UnsafePointer<vn_range>
}
