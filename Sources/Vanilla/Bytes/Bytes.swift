// SPDX-License-Identifier: MIT

/// Bytes of a request, seen where the operating system put them: nothing is copied until you ask
/// for it.
///
/// ```swift
/// switch request.path {
/// case "/": response.send("Hello, World!")
/// case let path where path.hasPrefix("/files/"): sendFile(named: String(path.dropFirst(7)))
/// default: response.send(status: .notFound)
/// }
/// ```
///
/// The view cannot leave the handler: keeping it does not compile. Make a `String`, an `Array` or a
/// number of what must outlive the request.
@frozen
public struct Bytes: ~Escapable {
    /// The bytes themselves.
    public let span: Span<UInt8>

    /// A view of the same bytes as `span`.
    @inlinable
    @_lifetime(copy span)
    public init(_ span: Span<UInt8>) {
        self.span = span
    }

    /// The number of bytes.
    @inlinable
    public var count: Int { span.count }

    /// Whether there are none.
    @inlinable
    public var isEmpty: Bool { span.isEmpty }
}
