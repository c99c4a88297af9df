// SPDX-License-Identifier: MIT

/// As the standard library's, which cannot take a view.
extension Request.QueryItem? {
    /// What `transform` makes of the item; `nil` where there is none.
    ///
    /// ```swift
    /// let search = request.query.first(named: "search").map { $0.decodedValue }
    /// ```
    @inlinable
    public func map<Result: ~Copyable, Failure: Error>(
        _ transform: (Request.QueryItem) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        switch self {
        case .some(let item): try transform(item)
        case .none: nil
        }
    }

    /// What `transform` makes of the item, which may be `nil`; `nil` where there is none.
    ///
    /// ```swift
    /// let page = request.query.first(named: "page").flatMap { $0.number(as: Int.self) }
    /// ```
    @inlinable
    public func flatMap<Result: ~Copyable, Failure: Error>(
        _ transform: (Request.QueryItem) throws(Failure) -> Result?
    ) throws(Failure) -> Result? {
        switch self {
        case .some(let item): try transform(item)
        case .none: nil
        }
    }
}
