// SPDX-License-Identifier: MIT

/// What a client wants done with the target (RFC 9110, section 9; PATCH: RFC 5789).
///
/// ```swift
/// switch request.method {
/// case .get, .head: ...
/// case Method("PURGE"): ...
/// default: response.send(status: .methodNotAllowed)
/// }
/// ```
public struct Method: Sendable, Hashable {
    /// A method that has a static member is a number; only others carry their name. No `other` has
    /// the name of a known one.
    @usableFromInline
    enum Storage: Sendable, Hashable {
        case known(UInt8)
        case other(String)
    }

    @usableFromInline let storage: Storage

    /// The method with that number in the core.
    @inlinable
    init(known number: UInt8) {
        storage = .known(number)
    }

    /// The method of that name, which may be any token. Methods are case-sensitive: `get` is not
    /// `GET`.
    public init(_ name: String) {
        storage =
            if let index = Method.knownNames.firstIndex(of: name) {
                .known(UInt8(index + 1))
            } else { .other(name) }
    }

    /// Whether both are the same method.
    @inlinable
    public static func == (left: Method, right: Method) -> Bool {
        switch (left.storage, right.storage) {
        case (.known(let left), .known(let right)): left == right
        case (.other(let left), .other(let right)): left == right
        default: false
        }
    }
}

extension Method {
    // The numbers are those of the core (VN_METHOD_GET and what follows), which a test compares: an
    // import of C cannot be part of what is inlined into other modules.

    /// GET
    @inlinable public static var get: Method { Method(known: 1) }
    /// HEAD
    @inlinable public static var head: Method { Method(known: 2) }
    /// POST
    @inlinable public static var post: Method { Method(known: 3) }
    /// PUT
    @inlinable public static var put: Method { Method(known: 4) }
    /// DELETE
    @inlinable public static var delete: Method { Method(known: 5) }
    /// CONNECT
    @inlinable public static var connect: Method { Method(known: 6) }
    /// OPTIONS
    @inlinable public static var options: Method { Method(known: 7) }
    /// TRACE
    @inlinable public static var trace: Method { Method(known: 8) }
    /// PATCH
    @inlinable public static var patch: Method { Method(known: 9) }

    /// The names of the methods above, in the order of their numbers, from 1.
    static let knownNames = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]

    /// The number of a method that has one.
    var knownNumber: Int? {
        if case .known(let number) = storage { Int(number) } else { nil }
    }
}

extension Method: CustomStringConvertible {
    /// The name as it is sent.
    public var description: String {
        switch storage {
        case .known(let number): Method.knownNames[Int(number) - 1]
        case .other(let name): name
        }
    }
}
