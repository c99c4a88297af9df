// SPDX-License-Identifier: MIT

/// As the standard library's, which cannot take a view.
extension Bytes? {
    /// What `transform` makes of the bytes; `nil` where there are none.
    ///
    /// ```swift
    /// let length = request.headers[.userAgent, as: Bytes.self].map { $0.count }
    /// ```
    @inlinable
    public func map<Result: ~Copyable, Failure: Error>(
        _ transform: (Bytes) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        switch self {
        case .some(let bytes): try transform(bytes)
        case .none: nil
        }
    }

    /// What `transform` makes of the bytes, which may be `nil`; `nil` where there are none.
    ///
    /// ```swift
    /// let id = request.cookies["id", as: Bytes.self].flatMap { Int($0) }
    /// ```
    @inlinable
    public func flatMap<Result: ~Copyable, Failure: Error>(
        _ transform: (Bytes) throws(Failure) -> Result?
    ) throws(Failure) -> Result? {
        switch self {
        case .some(let bytes): try transform(bytes)
        case .none: nil
        }
    }
}
