// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// The headers, in the order in which they came.
    public var headers: Request.Headers {
        @_lifetime(copy self) get { Request.Headers(self) }
    }

    /// The headers of a request, in the order in which they came.
    ///
    /// ```swift
    /// let agent = request.headers[.userAgent] ?? "unknown"      // a String
    /// let attempt = request.headers["X-Attempt", as: Int.self]  // an Int
    /// let token = request.headers[.authorization, as: Bytes.self]  // nothing is copied
    /// request.headers.forEach { header in print(String(header.name), String(header.value)) }
    /// ```
    public struct Headers: ~Escapable {
        let request: Request

        @_lifetime(copy request)
        init(_ request: Request) {
            self.request = request
        }

        /// The number of header lines.
        public var count: Int {
            unsafe Int(request.pointer.pointee.field_count)
        }

        /// The value of the first line called `name`, compared case-insensitively, as text in which
        /// what is not UTF-8 is U+FFFD; `nil` where there is none.
        public subscript(_ name: HeaderName) -> String? {
            value(at: find(name.bytes, from: 0)).map { value in String(value) }
        }

        /// The value of the first line called `name`, as by ``HeaderName``. A name that no header
        /// can have is not found.
        public subscript(_ name: String) -> String? {
            value(at: name.withBytes { name in find(name, from: 0) }).map { value in String(value) }
        }

        /// The bytes of the value of the first line called `name`, compared case-insensitively;
        /// `nil` where there is none. Nothing is copied.
        public subscript(_ name: HeaderName, as type: Bytes.Type) -> Bytes? {
            @_lifetime(copy self)
            get {
                value(at: find(name.bytes, from: 0))
            }
        }

        /// The bytes of the value of the first line called `name`, which is known at run time.
        /// Nothing is copied. A name that no header can have is not found.
        @_disfavoredOverload
        public subscript(_ name: String, as type: Bytes.Type) -> Bytes? {
            @_lifetime(copy self)
            get {
                value(at: name.withBytes { name in find(name, from: 0) })
            }
        }

        /// The decimal number that the first line called `name` has as its value; `nil` where there
        /// is no such line, and for anything else.
        public subscript<Number: FixedWidthInteger>(
            _ name: HeaderName, as type: Number.Type
        ) -> Number? {
            self[name, as: Bytes.self].flatMap { value in Number(value) }
        }

        /// Calls `body` with each line.
        public func forEach<Failure: Error>(_ body: (Request.Header) throws(Failure) -> Void)
            throws(Failure)
        {
            for index in 0..<count {
                try body(header(at: index))
            }
        }

        /// Calls `body` with the value of each line called `name`, compared case-insensitively: a
        /// list may be spread over several lines (RFC 9110, section 5.3).
        public func forEach<Failure: Error>(
            _ name: HeaderName, _ body: (Bytes) throws(Failure) -> Void
        ) throws(Failure) {
            var index = 0
            while let value = next(name, from: &index) { try body(value) }
        }
    }
}

extension Request.Headers {
    @_lifetime(copy self)
    private func header(at index: Int) -> Request.Header {
        // C's ranges lie within the head, which lives as long as the request.
        let name = unsafe request.lend(vn_field_name(request.pointer, index))
        let value = unsafe request.lend(vn_field_value(request.pointer, index))
        return Request.Header(name: name, value: value)
    }

    /// The value of the first line called `name` at or after `index`, which moves past it.
    @_lifetime(copy self)
    func next(_ name: HeaderName, from index: inout Int) -> Bytes? {
        let found = find(name.bytes, from: index)
        index = found + 1
        return value(at: found)
    }

    @_lifetime(copy self)
    private func value(at index: Int) -> Bytes? {
        guard index < count else { return nil }
        // As in header(at:).
        return unsafe request.lend(vn_field_value(request.pointer, index))
    }

    /// The index of the first line called `name` at or after `index`; the number of lines where
    /// there is none.
    private func find(_ name: Bytes, from index: Int) -> Int {
        unsafe name.withCSpan { name in unsafe vn_request_find(request.pointer, name, index) }
    }
}
