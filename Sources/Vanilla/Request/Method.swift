// SPDX-License-Identifier: MIT

/// What a client wants done with the target (RFC 9110, section 9; PATCH: RFC 5789).
///
/// ```swift
/// switch request.method {
/// case .get, .head: ...
/// case .other("PURGE"): ...
/// default: response.send(status: .methodNotAllowed)
/// }
/// ```
@frozen
public enum Method: Sendable, Hashable {
    case get, head, post, put, delete, connect, options, trace, patch

    /// Any other token. Methods are case-sensitive: `get` is not `GET`.
    case other(String)

    /// The method of that name.
    public init(_ name: String) {
        self = Method.known.first { $0.description == name } ?? .other(name)
    }

    private static let known: [Method] = [
        .get, .head, .post, .put, .delete, .connect, .options, .trace, .patch,
    ]
}

extension Method: CustomStringConvertible {
    /// The name as it is sent.
    public var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        case .other(let name): name
        }
    }
}
