// SPDX-License-Identifier: MIT

extension Request.QueryItems {
    /// The value of the first item called `name`, as the text that it encodes; `nil` where there is
    /// none.
    public subscript(_ name: String) -> String? {
        first(named: name).map { item in item.decodedValue }
    }

    /// The bytes of the value of the first item called `name`, as they were sent. Nothing is
    /// decoded or copied.
    public subscript(_ name: String, as type: Bytes.Type) -> Bytes? {
        @_lifetime(copy self) get { first(named: name)?.value }
    }

    /// The decimal number that the first item called `name` has as its value; `nil` where there is
    /// none, and for anything else.
    public subscript<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type
    ) -> Number? {
        first(named: name).flatMap { item in item.number(as: type) }
    }

    /// What the value of the first item called `name` spells, such as a `Double` or a `Bool`; `nil`
    /// where there is none, and for anything else.
    public subscript<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type
    ) -> Value? {
        self[name].flatMap { text in Value(text) }
    }

    /// The case that the value of the first item called `name` names; `nil` where there is none,
    /// and for anything else.
    @_disfavoredOverload
    public subscript<Value: RawRepresentable<String>>(
        _ name: String, as type: Value.Type
    ) -> Value? {
        self[name].flatMap { text in Value(rawValue: text) }
    }
}

extension Request.QueryItems {
    /// The value of the first item called `name`, as the text that it encodes.
    ///
    /// - Parameter status: The answer where there is none; 400 by default.
    /// - Throws: ``RequestError`` with that status, which names the item.
    public func require(
        _ name: String, as type: String.Type = String.self, else status: Status = .badRequest
    ) throws(RequestError) -> String {
        guard let text = self[name] else {
            throw RequestError(status, "\(name) is missing.")
        }
        return text
    }

    /// The decimal number that the first item called `name` has as its value.
    ///
    /// - Parameter status: The answer where there is none, and to anything else; 400 by default.
    /// - Throws: ``RequestError`` with that status, which names the item and what it must be.
    public func require<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Number {
        try require(name, as: type, in: .min ... .max, else: status)
    }

    /// The decimal number that the first item called `name` has as its value, where it is within
    /// `range`. Throws as for any number.
    public func require<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type, in range: ClosedRange<Number>,
        else status: Status = .badRequest
    ) throws(RequestError) -> Number {
        let number = self[name, as: type].flatMap { range.contains($0) ? $0 : nil }
        return try require(name, number, status, requirement(of: range))
    }

    /// What the value of the first item called `name` spells, such as a `Double` or a `Bool`.
    /// Throws as for a number.
    public func require<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Value {
        try require(name, self[name, as: type], status, requirement(of: type))
    }

    /// The case that the value of the first item called `name` names. Throws as for a number.
    @_disfavoredOverload
    public func require<Value: RawRepresentable<String>>(
        _ name: String, as type: Value.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Value {
        try require(name, self[name, as: type], status, requirement(of: type))
    }

    /// The decimal number that the first item called `name` has as its value; `nil` where there is
    /// no such item.
    ///
    /// - Parameter status: The answer to anything else; 400 by default.
    /// - Throws: ``RequestError`` with that status, which names the item and what it must be.
    public func valueIfPresent<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Number? {
        try contains(name) ? require(name, as: type, else: status) : nil
    }

    /// The decimal number that the first item called `name` has as its value, where it is within
    /// `range`; `nil` where there is no such item. Throws as for any number.
    ///
    /// ```swift
    /// let page = try request.query.valueIfPresent("page", as: Int.self, in: 1...1000) ?? 1
    /// ```
    public func valueIfPresent<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type, in range: ClosedRange<Number>,
        else status: Status = .badRequest
    ) throws(RequestError) -> Number? {
        try contains(name) ? require(name, as: type, in: range, else: status) : nil
    }

    /// What the value of the first item called `name` spells, such as a `Double` or a `Bool`; `nil`
    /// where there is no such item. Throws as for a number.
    public func valueIfPresent<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Value? {
        try contains(name) ? require(name, as: type, else: status) : nil
    }

    /// The case that the value of the first item called `name` names; `nil` where there is no such
    /// item. Throws as for a number.
    @_disfavoredOverload
    public func valueIfPresent<Value: RawRepresentable<String>>(
        _ name: String, as type: Value.Type, else status: Status = .badRequest
    ) throws(RequestError) -> Value? {
        try contains(name) ? require(name, as: type, else: status) : nil
    }

    private func require<Value>(
        _ name: String, _ value: Value?, _ status: Status, _ requirement: @autoclosure () -> String
    ) throws(RequestError) -> Value {
        if let value { return value }
        guard contains(name) else { throw RequestError(status, "\(name) is missing.") }
        throw RequestError(status, "\(name) must be \(requirement()).")
    }

    private func contains(_ name: String) -> Bool { first(named: name) != nil }
}

/// What a text must be to be such a number, as the end of a sentence.
private func requirement<Number: FixedWidthInteger>(of range: ClosedRange<Number>) -> String {
    "a whole number from \(range.lowerBound) to \(range.upperBound)"
}

/// What a text must be to be a value of a type, as the end of a sentence.
private func requirement<Value>(of type: Value.Type) -> String {
    if type is any BinaryFloatingPoint.Type { return "a number" }
    if type is Bool.Type { return "true or false" }
    if let type = type as? any (CaseIterable & RawRepresentable<String>).Type {
        return "one of " + rawValues(of: type).map { "\"\($0)\"" }.joined(separator: ", ")
    }
    return "a value of the type \(type)"
}

private func rawValues<Value: CaseIterable & RawRepresentable<String>>(
    of type: Value.Type
) -> [String] {
    Value.allCases.map(\.rawValue)
}
