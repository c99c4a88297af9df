// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Adds a field that is known when the program is written.
    ///
    /// Traps where the value holds CR, LF, NUL or another control byte, or where the field is one
    /// that the server writes itself: both are mistakes in the program.
    public mutating func addField(_ name: FieldName, _ value: StaticString) {
        let failure = add(name, value.bytes)
        switch failure?.kind {
        case nil: break
        case .invalidField, .reservedField: preconditionFailure("\(failure?.message ?? "")")
        default: unsafe core.hooks.report(.error, "\(failure?.message ?? "") It is dropped.")
        }
    }

    /// Adds a field.
    ///
    /// - Throws: ``VanillaError`` of the kind `invalidField` where the value holds CR, LF, NUL or
    ///   another control byte (RFC 9110, section 5.5), so that nothing a client sent can add fields
    ///   of its own; `reservedField`, `fieldsTooLarge` or `alreadyAnswered`.
    @inlinable
    @_disfavoredOverload
    public mutating func addField<Text: StringProtocol>(_ name: FieldName, _ value: Text)
        throws(VanillaError)
    {
        if let failure = value.withBytes({ value in add(name, value) }) { throw failure }
    }

    /// Adds a field. Throws as for a `String`.
    public mutating func addField(_ name: FieldName, _ value: Bytes) throws(VanillaError) {
        if let failure = add(name, value) { throw failure }
    }

    /// Adds a field. Throws as for a `String`.
    public mutating func addField(_ name: FieldName, _ value: Span<UInt8>) throws(VanillaError) {
        if let failure = add(name, Bytes(value)) { throw failure }
    }

    /// Adds a field whose name is only known now. Throws as for a `String`, and `invalidField` for
    /// a name that is no token.
    public mutating func addField(named name: String, _ value: String) throws(VanillaError) {
        let failure = name.withBytes { name in value.withBytes { value in add(name, value) } }
        if let failure { throw failure }
    }

    @usableFromInline
    func add(_ name: FieldName, _ value: Bytes) -> VanillaError? {
        add(name.token.bytes, value)
    }

    private func add(_ name: Bytes, _ value: Bytes) -> VanillaError? {
        let result = unsafe name.withCSpan { name in
            unsafe value.withCSpan { value in
                unsafe vn_response_add_field(pointer, name, value)
            }
        }
        return result == 0 ? nil : VanillaError(addingField: String(name), result: result)
    }
}
