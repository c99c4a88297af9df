// SPDX-License-Identifier: MIT

/// What a type is given to decode itself from one value.
struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    let document: JSONDocument
    let place: Int
    let path: CodingPath?

    private var coding: CodingPlace { CodingPlace(path) }

    var codingPath: [any CodingKey] { path?.keys ?? [] }

    var userInfo: [CodingUserInfoKey: Any] { document.strategies.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try ObjectContainer(document, at: place, coding))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try ArrayContainer(document, at: place, coding)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { document.isNull(at: place) }

    func decode(_ type: Bool.Type) throws -> Bool { try document.bool(at: place, coding) }
    func decode(_ type: String.Type) throws -> String { try document.string(at: place, coding) }
    func decode(_ type: Double.Type) throws -> Double { try document.floating(at: place, coding) }
    func decode(_ type: Float.Type) throws -> Float { try document.floating(at: place, coding) }
    func decode(_ type: Int.Type) throws -> Int { try document.whole(at: place, coding) }
    func decode(_ type: Int8.Type) throws -> Int8 { try document.whole(at: place, coding) }
    func decode(_ type: Int16.Type) throws -> Int16 { try document.whole(at: place, coding) }
    func decode(_ type: Int32.Type) throws -> Int32 { try document.whole(at: place, coding) }
    func decode(_ type: Int64.Type) throws -> Int64 { try document.whole(at: place, coding) }
    func decode(_ type: Int128.Type) throws -> Int128 { try document.whole(at: place, coding) }
    func decode(_ type: UInt.Type) throws -> UInt { try document.whole(at: place, coding) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try document.whole(at: place, coding) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try document.whole(at: place, coding) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try document.whole(at: place, coding) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try document.whole(at: place, coding) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try document.whole(at: place, coding) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try document.value(at: place, coding)
    }
}
