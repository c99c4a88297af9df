// SPDX-License-Identifier: MIT

/// The members of an object, by their names.
struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let document: JSONDocument
    private let place: Int
    private let path: CodingPath?

    init(_ document: JSONDocument, at place: Int, _ coding: CodingPlace) throws {
        guard document.attempt() else { throw JSONDocument.Exhausted() }
        guard document.kind(at: place) == .object else {
            throw document.mismatch([String: Any].self, at: place, coding)
        }
        self.document = document
        self.place = place
        path = coding.path
    }

    var codingPath: [any CodingKey] { path?.keys ?? [] }

    var allKeys: [Key] {
        document.names(at: place, in: path).compactMap { name in Key(stringValue: name) }
    }

    func contains(_ key: Key) -> Bool {
        document.member(key.stringValue, at: place, in: path) != nil
    }

    private func find(_ key: any CodingKey) throws -> (Int, CodingPlace) {
        guard let value = document.member(key.stringValue, at: place, in: path) else {
            if document.isExhausted { throw JSONDocument.Exhausted() }
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(
                    codingPath: codingPath, debugDescription: "The object has no such member."))
        }
        return (value, CodingPlace(path, .key(key)))
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        document.isNull(at: try find(key).0)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try decoder(PlainKey.name("super")) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: any CodingKey) throws -> any Decoder {
        let (value, coding) = try find(key)
        return document.decoder(at: value, in: coding.path)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        let (value, coding) = try find(key)
        return try document.bool(at: value, coding)
    }

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        let (value, coding) = try find(key)
        return try document.string(at: value, coding)
    }

    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try floating(key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try floating(key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try whole(key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try whole(key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try whole(key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try whole(key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try whole(key) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try whole(key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try whole(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try whole(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try whole(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try whole(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try whole(key) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try whole(key) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (value, coding) = try find(key)
        return try document.value(at: value, coding)
    }

    private func whole<Number: FixedWidthInteger>(_ key: Key) throws -> Number {
        let (value, coding) = try find(key)
        return try document.whole(at: value, coding)
    }

    private func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ key: Key
    ) throws -> Number {
        let (value, coding) = try find(key)
        return try document.floating(at: value, coding)
    }
}
