// SPDX-License-Identifier: MIT

/// Makes a `Decodable` type from a row: its keys are columns.
struct RowDecoder: Decoder {
    let names: DecodingNames
    let wanted: Any.Type
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy _: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(NamedContainer(names: names, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try alone().unkeyedContainer()
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        try alone()
    }

    private func alone() throws(PostgresError) -> ValueDecoder {
        ValueDecoder(
            place: try names.alone(wanted), style: names.style, wanted: wanted,
            codingPath: codingPath)
    }
}

// MARK: - Values by their names

private struct NamedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let names: DecodingNames
    let codingPath: [any CodingKey]

    var allKeys: [Key] { names.all.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { names.find(key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try value(key, Any?.self).isNull() }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key, type).read() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try value(key, type).read()
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try value(key, type).read()
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try value(key, type).read()
    }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key, type).integer() }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
        try value(key, type).integer()
    }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
        try value(key, type).integer()
    }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
        try value(key, type).integer()
    }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try value(key, type).integer()
    }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
        try value(key, type).integer()
    }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try value(key, type).integer()
    }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try value(key, type).integer()
    }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try value(key, type).integer()
    }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try value(key, type).integer()
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try value(key, type).decode(type)
    }

    func nestedContainer<Nested>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try value(key, PostgresComposite.self).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try value(key, [Any].self).unkeyedContainer()
    }

    /// A superclass has its columns in the same row.
    func superDecoder() -> any Decoder {
        RowDecoder(names: names, wanted: Any.self, codingPath: codingPath)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try value(key, Any.self) }

    private func value(_ key: Key, _ wanted: Any.Type) throws(PostgresError) -> ValueDecoder {
        guard let place = names.find(key.stringValue) else {
            throw names.missing(key.stringValue, wanted).within(codingPath)
        }
        return ValueDecoder(
            place: place, style: names.style, wanted: wanted, codingPath: codingPath + [key])
    }
}

// MARK: - One value

/// Makes a `Decodable` type from one value: a column, a field or an element. A type that columns
/// are read as is read so, and any other asks for what it is made of: a raw value, the fields of a
/// composite, the elements of an array.
struct ValueDecoder: Decoder {
    let place: DecodingPlace
    let style: PostgresColumnNames
    /// What the column is to be, for the sentence of an error.
    let wanted: Any.Type
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let composite: PostgresComposite = try read()
        let names = DecodingNames(composite, style)
        return RowDecoder(names: names, wanted: wanted, codingPath: codingPath)
            .container(keyedBy: type)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        do throws(PostgresError) {
            return ElementContainer(
                elements: try place.elements(wanted), style: style, codingPath: codingPath)
        } catch {
            throw located(error)
        }
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension ValueDecoder {
    func isNull() throws(PostgresError) -> Bool { try place.isNull() }

    func read<Value: PostgresDecodable>() throws(PostgresError) -> Value {
        do {
            return try place.read { cell throws(PostgresError) in
                do { return try Value(cell) } catch { throw cell.mismatch(wanted) }
            }
        } catch {
            throw located(error)
        }
    }

    func integer<Value: FixedWidthInteger>() throws(PostgresError) -> Value {
        do {
            return try place.read { cell throws(PostgresError) in
                guard let number = cell.integer, let value = Value(exactly: number) else {
                    throw cell.mismatch(wanted)
                }
                return value
            }
        } catch {
            throw located(error)
        }
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard let known = type as? any PostgresDecodable.Type else {
            return try Value(from: self)
        }
        do throws(PostgresError) {
            return try place.read { cell throws(PostgresError) in
                guard let value = try known.init(cell) as? Value else {
                    throw cell.mismatch(wanted)
                }
                return value
            }
        } catch {
            throw located(error)
        }
    }

    /// An error of a column names that, and one of a part only the part's number.
    private func located(_ error: PostgresError) -> PostgresError {
        if case .column = place { return error }
        return error.within(codingPath)
    }
}

extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { (try? isNull()) ?? true }

    func decode(_: Bool.Type) throws -> Bool { try read() }
    func decode(_: String.Type) throws -> String { try read() }
    func decode(_: Double.Type) throws -> Double { try read() }
    func decode(_: Float.Type) throws -> Float { try read() }
    func decode(_: Int.Type) throws -> Int { try integer() }
    func decode(_: Int8.Type) throws -> Int8 { try integer() }
    func decode(_: Int16.Type) throws -> Int16 { try integer() }
    func decode(_: Int32.Type) throws -> Int32 { try integer() }
    func decode(_: Int64.Type) throws -> Int64 { try integer() }
    func decode(_: UInt.Type) throws -> UInt { try integer() }
    func decode(_: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_: UInt64.Type) throws -> UInt64 { try integer() }
}

// MARK: - Elements of an array

private struct ElementContainer: UnkeyedDecodingContainer {
    let elements: [DecodingElement]
    let style: PostgresColumnNames
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    private struct Index: CodingKey {
        let number: Int

        init(_ number: Int) { self.number = number }
        init?(intValue: Int) { self.init(intValue) }
        init?(stringValue: String) { nil }

        var intValue: Int? { number }
        var stringValue: String { "\(number)" }
    }

    init(elements: [DecodingElement], style: PostgresColumnNames, codingPath: [any CodingKey]) {
        self.elements = elements
        self.style = style
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard try current(Any?.self).isNull() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try current(type).decode(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Key>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        let container = try current(PostgresComposite.self).container(keyedBy: type)
        currentIndex += 1
        return container
    }

    /// Nothing that is read here has arrays as elements.
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try current([Any].self).unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try current(Any.self)
        currentIndex += 1
        return decoder
    }

    private func current(_ wanted: Any.Type) throws(PostgresError) -> ValueDecoder {
        guard !isAtEnd else {
            throw PostgresError(.decoding, "The array has \(elements.count) elements.")
                .within(codingPath)
        }
        return ValueDecoder(
            place: .element(elements[currentIndex]), style: style, wanted: wanted,
            codingPath: codingPath + [Index(currentIndex)])
    }
}

// MARK: - Errors

extension PostgresError {
    /// The same of what is within the value of a column, or an element of that: `address.street`.
    func within(_ path: [any CodingKey]) -> PostgresError {
        guard kind == .decoding && !path.isEmpty else { return self }
        return PostgresError(.decoding, "\(path.text): \(message)")
    }
}

extension [any CodingKey] {
    var text: String { map { $0.stringValue }.joined(separator: ".") }
}
