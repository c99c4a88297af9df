// SPDX-License-Identifier: MIT

internal import Vanilla

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension JSONDocument {
    /// Counts an attempt to make a value.
    private func begin() throws {
        guard attempt() else { throw Exhausted() }
    }

    func bool(at place: Int, _ coding: CodingPlace) throws -> Bool {
        try begin()
        guard kind(at: place) == .bool else { throw mismatch(Bool.self, at: place, coding) }
        return bytes(at: place).span[0] == UInt8(ascii: "t")
    }

    func string(at place: Int, _ coding: CodingPlace) throws -> String {
        try begin()
        guard kind(at: place) == .string else { throw mismatch(String.self, at: place, coding) }
        guard attempt(bytes(at: place).count / JSONDocument.bytesOfAttempt) else {
            throw Exhausted()
        }
        return string(at: place)
    }

    func whole<Number: FixedWidthInteger>(
        at place: Int, _ coding: CodingPlace, as type: Number.Type = Number.self
    ) throws -> Number {
        try begin()
        guard kind(at: place) == .number else { throw mismatch(type, at: place, coding) }
        guard attempt(bytes(at: place).count / JSONDocument.bytesOfAttempt) else {
            throw Exhausted()
        }
        switch NumberText.whole(bytes(at: place), as: type) {
        case .number(let number): return number
        case .fraction: throw corrupted("must be a whole number", coding)
        case .outOfRange:
            throw corrupted("must be a whole number from \(Number.min) to \(Number.max)", coding)
        }
    }

    func floating<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        at place: Int, _ coding: CodingPlace, as type: Number.Type = Number.self
    ) throws -> Number {
        try begin()
        if kind(at: place) == .string, let number: Number = strategies.number(string(at: place)) {
            return number
        }
        guard kind(at: place) == .number else { throw mismatch(type, at: place, coding) }
        guard attempt(bytes(at: place).count / JSONDocument.bytesOfAttempt) else {
            throw Exhausted()
        }
        guard let number = NumberText.floating(bytes(at: place), as: type) else {
            let largest = Number.greatestFiniteMagnitude
            throw corrupted("must be a number from -\(largest) to \(largest)", coding)
        }
        return number
    }

    func isNull(at place: Int) -> Bool {
        attempt() && kind(at: place) == .null
    }

    /// A value of any type: those that JSON has, and those of Foundation that `JSONDecoder` decodes
    /// in its own way, without asking the type.
    func value<Value: Decodable>(
        at place: Int, _ coding: CodingPlace, as type: Value.Type = Value.self
    ) throws -> Value {
        // Each cast is from a type to itself.
        if type == String.self {
            return unsafe unsafeBitCast(try string(at: place, coding) as String, to: type)
        }
        if type == Int.self {
            return unsafe unsafeBitCast(try whole(at: place, coding) as Int, to: type)
        }
        if type == Double.self {
            return unsafe unsafeBitCast(try floating(at: place, coding) as Double, to: type)
        }
        if type == Bool.self {
            return unsafe unsafeBitCast(try bool(at: place, coding), to: type)
        }
        if type == JSON.self {
            // As much as there is in it.
            let size = bytes(at: place).count / JSONDocument.bytesOfAttempt
            guard attempt(next(after: place) - place + size) else { throw Exhausted() }
            return unsafe unsafeBitCast(json(at: place), to: type)
        }
        do {
            if let special = try special(type, at: place, coding) { return special }
            // What it asks for counts, and not that it is asked, so that one of its own for any
            // JSON stays within what there is.
            if isExhausted { throw Exhausted() }
            return try Value(from: decoder(at: place, in: coding.path))
        } catch {
            throw refusal(error, of: type, at: place, coding)
        }
    }

    /// Whatever it is. It is as deep as the text may be nested.
    func json(at place: Int) -> JSON {
        switch kind(at: place) {
        case .null: return .null
        case .bool: return .bool(bytes(at: place).span[0] == UInt8(ascii: "t"))
        case .number: return .number(JSON.Number(scanned: String(bytes(at: place))))
        case .string: return .string(string(at: place))
        case .array:
            var values: [JSON] = []
            values.reserveCapacity(count(at: place))
            var next = place + 1
            while next < self.next(after: place) {
                values.append(json(at: next))
                next = self.next(after: next)
            }
            return .array(values)
        case .object:
            var members: [String: JSON] = [:]
            members.reserveCapacity(count(at: place))
            forEachMember(at: place) { name, value in
                let name = string(at: name)
                if members[name] == nil { members[name] = json(at: value) }
            }
            return .object(members)
        }
    }
}

// MARK: - Types of Foundation

extension JSONDocument {
    private func special<Value: Decodable>(
        _ type: Value.Type, at place: Int, _ coding: CodingPlace
    ) throws -> Value? {
        if type == Date.self {
            guard let decoder = strategies.decoderOfDates else { return nil }
            return try ask(decoder, at: place, coding)
        }
        if type == Data.self {
            if let decoder = strategies.decoderOfData {
                return try ask(decoder, at: place, coding)
            }
            guard let data = Data(base64Encoded: try string(at: place, coding)) else {
                throw corrupted("must be Base64", coding)
            }
            return data as? Value
        }
        if type == URL.self {
            guard let url = URL(string: try string(at: place, coding)) else {
                throw corrupted("must be a URL", coding)
            }
            return url as? Value
        }
        if type == Decimal.self { return try decimal(at: place, coding) as? Value }
        return nil
    }

    /// What a decoder of the user makes of a value alone.
    private func ask<Value: Decodable>(
        _ decoder: JSONDecoder, at place: Int, _ coding: CodingPlace
    ) throws -> Value {
        guard attempt(1 + bytes(at: place).count / JSONDocument.bytesOfAttempt) else {
            throw Exhausted()
        }
        do {
            return try decoder.decode(Value.self, from: Data(Array(bytes(at: place))))
        } catch let error as DecodingError {
            throw error.moved(to: coding.keys)
        }
    }

    private func decimal(at place: Int, _ coding: CodingPlace) throws -> Decimal {
        try begin()
        guard kind(at: place) == .number else { throw mismatch(Decimal.self, at: place, coding) }
        let text = bytes(at: place)
        guard text.count <= JSONDocument.maximumDecimalCount,
            let number = Decimal(string: String(text)), !number.isNaN
        else { throw corrupted("must be a number of 38 digits", coding) }
        return number
    }
}

// MARK: - Errors

/// What a value must be, for the client; the place comes before it.
struct Requirement: Error {
    let text: String
}

extension JSONDocument {
    func mismatch(_ type: any Any.Type, at place: Int, _ coding: CodingPlace) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: coding.keys, debugDescription: "It is another kind of value.")
        return kind(at: place) == .null
            ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private func corrupted(_ requirement: String, _ coding: CodingPlace) -> DecodingError {
        .dataCorrupted(
            DecodingError.Context(
                codingPath: coding.keys, debugDescription: "It \(requirement).",
                underlyingError: Requirement(text: requirement)))
    }
}

extension DecodingError {
    /// The same error, told of a value in the place of another.
    fileprivate func moved(to keys: [any CodingKey]) -> DecodingError {
        func move(_ context: Context) -> Context {
            Context(
                codingPath: keys + context.codingPath, debugDescription: context.debugDescription,
                underlyingError: context.underlyingError)
        }
        return switch self {
        case .typeMismatch(let type, let context): .typeMismatch(type, move(context))
        case .valueNotFound(let type, let context): .valueNotFound(type, move(context))
        case .keyNotFound(let key, let context): .keyNotFound(key, move(context))
        case .dataCorrupted(let context): .dataCorrupted(move(context))
        @unknown default: self
        }
    }
}
