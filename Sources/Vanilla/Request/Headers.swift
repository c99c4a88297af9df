// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// The fields, in the order in which they came.
    public var fields: Request.Fields {
        @_lifetime(copy self) get { Request.Fields(self) }
    }

    /// The fields of a request, in the order in which they came.
    ///
    /// ```swift
    /// if let agent = request.fields[.userAgent] { log(String(agent)) }
    /// request.fields.forEach { field in print(String(field.name), String(field.value)) }
    /// ```
    public struct Fields: ~Escapable {
        let request: Request

        @_lifetime(copy request)
        init(_ request: Request) {
            self.request = request
        }

        /// The number of field lines.
        public var count: Int {
            unsafe Int(request.pointer.pointee.field_count)
        }

        /// The value of the first line called `name`, compared case-insensitively; `nil` where
        /// there is none.
        public subscript(_ name: FieldName) -> Bytes? {
            @_lifetime(copy self)
            get {
                value(at: find(name.bytes, from: 0))
            }
        }

        /// The value of the first line called `name`, compared case-insensitively; `nil` where
        /// there is none.
        public subscript(named name: String) -> Bytes? {
            @_lifetime(copy self)
            get {
                value(at: name.withBytes { name in find(name, from: 0) })
            }
        }

        /// Calls `body` with each line.
        public func forEach<Failure: Error>(_ body: (Request.Field) throws(Failure) -> Void)
            throws(Failure)
        {
            for index in 0..<count {
                try body(field(at: index))
            }
        }

        /// Calls `body` with the value of each line called `name`, compared case-insensitively: a
        /// list may be spread over several lines (RFC 9110, section 5.3).
        public func forEach<Failure: Error>(
            _ name: FieldName, _ body: (Bytes) throws(Failure) -> Void
        ) throws(Failure) {
            var index = 0
            while let value = next(name, from: &index) { try body(value) }
        }
    }
}

extension Request.Fields {
    @_lifetime(copy self)
    private func field(at index: Int) -> Request.Field {
        // C's ranges lie within the head, which lives as long as the request.
        let name = unsafe request.lend(vn_field_name(request.pointer, index))
        let value = unsafe request.lend(vn_field_value(request.pointer, index))
        return Request.Field(name: name, value: value)
    }

    /// The value of the first line called `name` at or after `index`, which moves past it.
    @_lifetime(copy self)
    func next(_ name: FieldName, from index: inout Int) -> Bytes? {
        let found = find(name.bytes, from: index)
        index = found + 1
        return value(at: found)
    }

    @_lifetime(copy self)
    private func value(at index: Int) -> Bytes? {
        guard index < count else { return nil }
        // As in field(at:).
        return unsafe request.lend(vn_field_value(request.pointer, index))
    }

    /// The index of the first line called `name` at or after `index`; the number of lines where
    /// there is none.
    private func find(_ name: Bytes, from index: Int) -> Int {
        unsafe name.withCSpan { name in unsafe vn_request_find(request.pointer, name, index) }
    }
}
