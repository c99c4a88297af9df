// SPDX-License-Identifier: MIT

extension Request {
    /// The cookies of a request, in the order in which they came (RFC 6265, sections 4.2 and 5.4).
    /// Nothing is copied or allocated.
    ///
    /// ```swift
    /// if let session = request.cookies["session"] { resume(session) }
    /// ```
    ///
    /// Several Cookie lines are read one after the other. A `;` ends a pair even between quotes,
    /// since no cookie can hold one: a client's page cannot hide other cookies in one of its own.
    /// White space around names and values, and what is empty between two `;`, is skipped.
    public struct Cookies: ~Escapable {
        /// The number of cookies that are looked at: 256, more than browsers keep for a site.
        public static let maximumCount = 256

        private let headers: Request.Headers
        /// Where to look for the next Cookie line.
        private var nextLine = 0
        /// What is not returned yet of the line before it.
        private var rest: Bytes
        private var left = Request.Cookies.maximumCount

        @_lifetime(copy headers)
        init(_ headers: Request.Headers) {
            self.headers = headers
            rest = Bytes(Span())
        }

        /// The next cookie; `nil` at the end, and at the maximum.
        @_lifetime(copy self)
        @_lifetime(self: copy self)
        public mutating func next() -> Request.CookiePair? {
            guard left > 0, let pair = nextPair() else { return nil }
            left -= 1
            return Request.CookiePair(pair)
        }

        /// Whether there are more cookies than ``maximumCount``: those beyond it are neither
        /// returned nor found.
        public var isTruncated: Bool {
            var cookies = self
            while cookies.next() != nil {}
            return cookies.nextPair() != nil
        }

        /// Calls `body` with each cookie that ``next()`` has not returned yet.
        public func forEach<Failure: Error>(
            _ body: (Request.CookiePair) throws(Failure) -> Void
        ) throws(Failure) {
            var cookies = self
            while let cookie = cookies.next() {
                try body(cookie)
            }
        }

        /// The value of the first cookie called `name`: the one with the longest path, where the
        /// client does as RFC 6265 says. What is not UTF-8 in it becomes U+FFFD.
        public subscript(_ name: String) -> String? {
            self[name, as: Bytes.self].map { value in String(value) }
        }

        /// The bytes of the value of the first cookie called `name`. Nothing is copied.
        public subscript(_ name: StaticString, as type: Bytes.Type) -> Bytes? {
            @_lifetime(copy self)
            get {
                var cookies = self
                while let cookie = cookies.next() {
                    if cookie.name == name { return cookie.value }
                }
                return nil
            }
        }

        /// The bytes of the value of the first cookie called `name`, which is known at run time.
        @_disfavoredOverload
        public subscript(_ name: String, as type: Bytes.Type) -> Bytes? {
            @_lifetime(copy self)
            get {
                var cookies = self
                while let cookie = cookies.next() {
                    if name.withBytes({ name in cookie.name == name }) { return cookie.value }
                }
                return nil
            }
        }

        /// The next pair that is not empty.
        @_lifetime(copy self)
        @_lifetime(self: copy self)
        private mutating func nextPair() -> Bytes? {
            while true {
                while !rest.isEmpty {
                    let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.count
                    let pair = rest.prefix(end).trimmed
                    rest = rest.dropFirst(end + 1)
                    if !pair.isEmpty { return pair }
                }
                guard let line = headers.next(.cookie, from: &nextLine) else { return nil }
                rest = line
            }
        }
    }
}
