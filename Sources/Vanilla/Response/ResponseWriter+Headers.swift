// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// The headers of the answer, as far as they were set: see ``ResponseWriter/Headers``.
    @inlinable
    public var headers: ResponseWriter.Headers {
        @_lifetime(copy self) get { unsafe ResponseWriter.Headers(pointer, core) }
    }

    /// The headers of an answer, while it is made.
    ///
    /// ```swift
    /// response.headers[.cacheControl] = "no-store"             // in place of any before it
    /// response.headers.add(.vary, "Accept-Encoding")           // beside those before it
    /// try response.headers.add(.location, "/users/\(name)")
    /// response.headers["X-Powered-By"] = nil                   // removed
    /// ```
    ///
    /// Content-Length, Transfer-Encoding, Connection and Date are written by the server itself. A
    /// Content-Type that is set here counts, and not the one that a `send` has by default.
    ///
    /// Nothing that a client sent can add a header of its own: a value with CR, LF, NUL or another
    /// control byte is refused (RFC 9110, section 5.5). ``add(_:_:)-(HeaderName,Text)`` throws
    /// then; an assignment, which cannot throw, drops the value and logs it, and what was there
    /// before is removed.
    @safe
    public struct Headers: ~Escapable {
        /// C's response, which outlives its writer.
        @usableFromInline let pointer: OpaquePointer
        /// Outlives every worker.
        @usableFromInline unowned(unsafe) let core: ServerCore

        @unsafe
        @inlinable
        @_lifetime(immortal)
        init(_ pointer: OpaquePointer, _ core: ServerCore) {
            unsafe self.pointer = pointer
            unsafe self.core = core
        }
    }
}

extension ResponseWriter.Headers {
    /// The value of the first header called `name` that was set, compared case-insensitively; `nil`
    /// where there is none, and after the answer. What is assigned replaces all of that name; `nil`
    /// removes them.
    public subscript(_ name: HeaderName) -> String? {
        get { value(of: name.bytes) }
        nonmutating set { set(name.bytes, newValue) }
    }

    /// The header called `name`, as by ``HeaderName``. A name that no header can have is not found,
    /// and cannot be set: that is logged.
    public subscript(_ name: String) -> String? {
        get { name.withBytes { name in value(of: name) } }
        nonmutating set { name.withBytes { name in set(name, newValue) } }
    }

    /// Adds a header whose value is written in the program.
    ///
    /// Traps where the value holds CR, LF, NUL or another control byte, or where the header is one
    /// that the server writes itself: both are mistakes in the program.
    public func add(_ name: HeaderName, _ value: StaticString) {
        let result = addLine(name.bytes, value.bytes)
        if result != 0 { report(result, adding: name) }
    }

    /// Adds a header.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidHeader` where the value holds CR, LF, NUL or
    ///   another control byte (RFC 9110, section 5.5), so that nothing a client sent can add
    ///   headers of its own; `reservedHeader`, `headersTooLarge` or `alreadyAnswered`.
    @inlinable
    @_disfavoredOverload
    public func add<Text: StringProtocol>(_ name: HeaderName, _ value: Text) throws(ResponseError) {
        try check(value.withBytes { value in addLine(name, value) }, name)
    }

    /// Adds a header. Throws as for a `String`.
    public func add(_ name: HeaderName, _ value: Bytes) throws(ResponseError) {
        try check(addLine(name.bytes, value), name)
    }

    /// Adds a header. Throws as for a `String`.
    public func add(_ name: HeaderName, _ value: Span<UInt8>) throws(ResponseError) {
        try check(addLine(name.bytes, Bytes(value)), name)
    }

    /// Adds a header whose name is only known at run time.
    ///
    /// - Throws: As for a `String`, and ``ResponseError`` of the kind `invalidHeader` where the
    ///   name is not a token.
    public func add(named name: String, _ value: String) throws(ResponseError) {
        let result = name.withBytes { name in value.withBytes { value in addLine(name, value) } }
        if result != 0 { throw ResponseError(addingHeader: name, result: result) }
    }
}

extension ResponseWriter.Headers {
    @inline(never)
    private func report(_ result: Int32, adding name: HeaderName) {
        let failure = ResponseError(addingHeader: name.description, result: result)
        if unsafe vn_response_is_unwanted(pointer) { return }
        switch failure.kind {
        case .invalidHeader, .reservedHeader: preconditionFailure(failure.message)
        default: unsafe core.hooks.report(.error, "\(failure.message) It is dropped.")
        }
    }

    @usableFromInline
    func check(_ result: Int32, _ name: HeaderName) throws(ResponseError) {
        if result != 0 { throw ResponseError(addingHeader: name.description, result: result) }
    }

    @usableFromInline
    func addLine(_ name: HeaderName, _ value: Bytes) -> Int32 {
        addLine(name.bytes, value)
    }

    // One of the callers adds each header: inlined, a header costs one call of C.
    @inline(__always)
    private func addLine(_ name: Bytes, _ value: Bytes) -> Int32 {
        unsafe name.withCSpan { name in
            unsafe value.withCSpan { value in
                unsafe vn_response_add_field(pointer, name, value)
            }
        }
    }

    private func value(of name: Bytes) -> String? {
        unsafe name.withCSpan { name in
            let value = unsafe vn_response_field(pointer, name)
            // Copied before the response is told anything else.
            return unsafe value.bytes == nil ? nil : String(Bytes(lent: value))
        }
    }

    private func set(_ name: Bytes, _ value: String?) {
        let result =
            if let value {
                value.withBytes { value in replace(name, value) }
            } else {
                remove(name)
            }
        if unsafe result == 0 || vn_response_is_unwanted(pointer) { return }
        let failure = ResponseError(addingHeader: String(name), result: result)
        unsafe core.hooks.report(.error, "\(failure.message) It is dropped.")
        if failure.kind == .invalidHeader { _ = remove(name) }
    }

    private func replace(_ name: Bytes, _ value: Bytes) -> Int32 {
        unsafe name.withCSpan { name in
            unsafe value.withCSpan { value in
                unsafe vn_response_set_field(pointer, name, value)
            }
        }
    }

    private func remove(_ name: Bytes) -> Int32 {
        unsafe name.withCSpan { name in unsafe vn_response_remove_field(pointer, name) }
    }
}
