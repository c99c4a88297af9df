// SPDX-License-Identifier: MIT

/// The values of an array, one after the other.
struct ArrayContainer: UnkeyedDecodingContainer {
    private let document: JSONDocument
    private let path: CodingPath?
    private let end: Int
    private var next: Int
    private let valueCount: Int
    private(set) var currentIndex = 0

    init(_ document: JSONDocument, at place: Int, _ coding: CodingPlace) throws {
        guard document.attempt() else { throw JSONDocument.Exhausted() }
        guard document.kind(at: place) == .array else {
            throw document.mismatch([Any].self, at: place, coding)
        }
        self.document = document
        path = coding.path
        end = document.next(after: place)
        next = place + 1
        valueCount = document.count(at: place)
    }

    var codingPath: [any CodingKey] { path?.keys ?? [] }

    var count: Int? { valueCount }

    var isAtEnd: Bool { next >= end }

    /// The next value, which is taken only where it can be decoded.
    private mutating func take<Value>(
        _ type: Value.Type = Value.self, _ decode: (JSONDocument, Int, CodingPlace) throws -> Value
    ) throws -> Value {
        let coding = CodingPlace(path, .index(currentIndex))
        guard !isAtEnd else { throw end(type, coding) }
        let value = try decode(document, next, coding)
        advance()
        return value
    }

    private mutating func advance() {
        next = document.next(after: next)
        currentIndex += 1
    }

    private func end(_ type: any Any.Type, _ coding: CodingPlace) -> DecodingError {
        .valueNotFound(
            type,
            DecodingError.Context(
                codingPath: coding.keys, debugDescription: "The array has no more values."))
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw end(Never.self, CodingPlace(path, .index(currentIndex))) }
        guard document.isNull(at: next) else { return false }
        advance()
        return true
    }

    mutating func nestedContainer<Key: CodingKey>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        try take { document, place, coding in
            try document.decoder(at: place, in: coding.path).container(keyedBy: type)
        }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { document, place, coding in
            try document.decoder(at: place, in: coding.path).unkeyedContainer()
        }
    }

    mutating func superDecoder() throws -> any Decoder {
        try take { document, place, coding in
            document.decoder(at: place, in: coding.path)
        }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool {
        try take { document, place, coding in try document.bool(at: place, coding) }
    }
    mutating func decode(_ type: String.Type) throws -> String {
        try take { document, place, coding in try document.string(at: place, coding) }
    }
    mutating func decode(_ type: Double.Type) throws -> Double { try takeFloating() }
    mutating func decode(_ type: Float.Type) throws -> Float { try takeFloating() }
    mutating func decode(_ type: Int.Type) throws -> Int { try takeWhole() }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try takeWhole() }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try takeWhole() }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try takeWhole() }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try takeWhole() }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try takeWhole() }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try takeWhole() }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try takeWhole() }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try takeWhole() }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try takeWhole() }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try takeWhole() }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try takeWhole() }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try take { document, place, coding in try document.value(at: place, coding) }
    }

    private mutating func takeWhole<Number: FixedWidthInteger>() throws -> Number {
        try take { document, place, coding in try document.whole(at: place, coding) }
    }

    private mutating func takeFloating<Number: BinaryFloatingPoint & LosslessStringConvertible>()
        throws -> Number
    {
        try take { document, place, coding in try document.floating(at: place, coding) }
    }
}
