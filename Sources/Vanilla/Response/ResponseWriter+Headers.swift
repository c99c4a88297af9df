// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Adds a field whose value is written in the program.
    ///
    /// Traps where the value holds CR, LF, NUL or another control byte, or where the field is one
    /// that the server writes itself: both are mistakes in the program.
    public mutating func addField(_ name: FieldName, _ value: StaticString) {
        let result = add(name.bytes, value.bytes)
        if result != 0 { report(result, addingField: name) }
    }

    @inline(never)
    private func report(_ result: Int32, addingField name: FieldName) {
        let failure = ResponseError(addingField: name.description, result: result)
        switch failure.kind {
        case .invalidField, .reservedField: preconditionFailure(failure.message)
        default: unsafe core.hooks.report(.error, "\(failure.message) It is dropped.")
        }
    }

    /// Adds a field.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidField` where the value holds CR, LF, NUL or
    ///   another control byte (RFC 9110, section 5.5), so that nothing a client sent can add fields
    ///   of its own; `reservedField`, `fieldsTooLarge` or `alreadyAnswered`.
    @inlinable
    @_disfavoredOverload
    public mutating func addField<Text: StringProtocol>(_ name: FieldName, _ value: Text)
        throws(ResponseError)
    {
        try check(value.withBytes { value in add(name, value) }, name)
    }

    /// Adds a field. Throws as for a `String`.
    public mutating func addField(_ name: FieldName, _ value: Bytes) throws(ResponseError) {
        try check(add(name, value), name)
    }

    /// Adds a field. Throws as for a `String`.
    public mutating func addField(_ name: FieldName, _ value: Span<UInt8>) throws(ResponseError) {
        try check(add(name, Bytes(value)), name)
    }

    /// Adds a field whose name is only known at run time.
    ///
    /// - Throws: As for a `String`, and ``ResponseError`` of the kind `invalidField` where the name
    ///   is not a token.
    public mutating func addField(named name: String, _ value: String) throws(ResponseError) {
        let result = name.withBytes { name in value.withBytes { value in add(name, value) } }
        if result != 0 { throw ResponseError(addingField: name, result: result) }
    }

    @usableFromInline
    func check(_ result: Int32, _ name: FieldName) throws(ResponseError) {
        if result != 0 { throw ResponseError(addingField: name.description, result: result) }
    }

    @usableFromInline
    func add(_ name: FieldName, _ value: Bytes) -> Int32 {
        add(name.bytes, value)
    }

    // One of the callers adds each field: inlined, a field costs one call of C.
    @inline(__always)
    private func add(_ name: Bytes, _ value: Bytes) -> Int32 {
        unsafe name.withCSpan { name in
            unsafe value.withCSpan { value in
                unsafe vn_response_add_field(pointer, name, value)
            }
        }
    }
}
