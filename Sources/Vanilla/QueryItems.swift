// SPDX-License-Identifier: MIT

/// The names and values of a query such as `a=1&b=two+words`, found one after the other.
///
/// ```swift
/// var items = request.queryItems
/// while let item = items.next() { print(item.name, item.value) }
///
/// let page = request.queryItems["page"].flatMap { Int($0.value) } ?? 1
/// ```
public struct QueryItems: ~Escapable {
    /// What is not returned yet.
    private var rest: Bytes

    /// The items of a query, or of a body of the type `application/x-www-form-urlencoded`.
    @_lifetime(copy query)
    public init(_ query: Bytes) {
        rest = query
    }

    /// The next item; `nil` at the end. Empty ones, as in `a&&b`, are skipped.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() -> QueryItem? {
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
            let item = rest.prefix(end)
            rest = rest.dropFirst(end + 1)
            if !item.isEmpty { return QueryItem(item) }
        }
        return nil
    }

    /// Calls `body` with each item that ``next()`` has not returned yet.
    public func forEach<Failure: Error>(
        _ body: (QueryItem) throws(Failure) -> Void
    ) throws(Failure) {
        var items = self
        while let item = items.next() {
            try body(item)
        }
    }

    /// The first item whose name, decoded, is `name`.
    public subscript(_ name: StaticString) -> QueryItem? {
        @_lifetime(copy self)
        get {
            var items = self
            while let item = items.next() {
                if item.isNamed(name) { return item }
            }
            return nil
        }
    }
}
