// SPDX-License-Identifier: MIT

extension Request {
    /// The names and values of a query such as `a=1&b=two+words`, or of a form, found one after the
    /// other. Nothing is decoded or allocated before you ask for it.
    ///
    /// ```swift
    /// let search = request.query["search"] ?? ""            // a String, decoded
    /// let page = request.query["page", as: Int.self] ?? 1
    /// let limit = try request.query.require("limit", as: Int.self)  // or the answer is 400
    ///
    /// var items = request.query
    /// while let item = items.next() { print(item.decodedName, item.decodedValue) }
    /// ```
    ///
    /// Only a maximum number of them is looked at, so that a request costs bounded work;
    /// ``isTruncated`` tells whether there are more. Empty ones, as in `a&&b`, are not returned,
    /// and count: megabytes of `&` cost no more than a thousand.
    public struct QueryItems: ~Escapable {
        /// The number of items that are looked at, unless said otherwise: 1,000.
        public static let defaultMaximumCount = 1000

        /// What is not looked at yet.
        private var rest: Bytes
        /// How many items may still be looked at.
        private var left: Int

        /// The items of a query, or of a body of the type `application/x-www-form-urlencoded`.
        ///
        /// - Parameters:
        ///   - query: The items, with a `&` between any two.
        ///   - maximumCount: The number of items that are looked at, with the empty ones; those
        ///     beyond it are not returned.
        @_lifetime(copy query)
        public init(_ query: Bytes, maximumCount: Int = Request.QueryItems.defaultMaximumCount) {
            rest = query
            left = max(0, maximumCount)
        }

        /// The next item; `nil` at the end, and at the maximum. Empty ones, as in `a&&b`, are
        /// skipped.
        @_lifetime(copy self)
        @_lifetime(self: copy self)
        public mutating func next() -> Request.QueryItem? {
            while left > 0, !rest.isEmpty {
                let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
                let item = rest.prefix(end)
                rest = rest.dropFirst(end + 1)
                left -= 1
                if !item.isEmpty { return Request.QueryItem(item) }
            }
            return nil
        }

        /// Whether there are more items than the maximum, empty ones included: those beyond it are
        /// neither returned nor found.
        public var isTruncated: Bool {
            var items = self
            while items.next() != nil {}
            return !items.rest.isEmpty
        }

        /// Calls `body` with each item that ``next()`` has not returned yet.
        public func forEach<Failure: Error>(
            _ body: (Request.QueryItem) throws(Failure) -> Void
        ) throws(Failure) {
            var items = self
            while let item = items.next() {
                try body(item)
            }
        }

        /// Calls `body` with each item whose name, decoded, is `name`: a form may send a name
        /// several times.
        public func forEach<Failure: Error>(
            _ name: String, _ body: (Request.QueryItem) throws(Failure) -> Void
        ) throws(Failure) {
            var items = self
            while let item = items.next() {
                if name.withBytes({ name in item.isNamed(name) }) { try body(item) }
            }
        }

        /// The first item whose name, decoded, is `name`; `nil` where there is none. Nothing is
        /// decoded or allocated.
        @_lifetime(copy self)
        public func first(named name: StaticString) -> Request.QueryItem? {
            first(named: name.bytes)
        }

        /// The first item whose name, decoded, is `name`, which is known at run time.
        @_disfavoredOverload
        @_lifetime(copy self)
        public func first(named name: String) -> Request.QueryItem? {
            var items = self
            while let item = items.next() {
                if name.withBytes({ name in item.isNamed(name) }) { return item }
            }
            return nil
        }

        @_lifetime(copy self)
        private func first(named name: Bytes) -> Request.QueryItem? {
            var items = self
            while let item = items.next() {
                if item.isNamed(name) { return item }
            }
            return nil
        }
    }
}
