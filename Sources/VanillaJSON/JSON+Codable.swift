// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension JSON: Codable {
    /// Reads a value of any kind. `request.decode` knows this type and does not come here; other
    /// decoders are asked for one kind after the other.
    ///
    /// - Throws: `DecodingError` where the decoder has a value of no kind that JSON has.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(Number(value))
        } else if let value = try? container.decode(Double.self), let number = Number(value) {
            self = .number(number)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    /// Writes the value.
    ///
    /// - Throws: `EncodingError` for a number that neither 64 bits, `Decimal` nor `Double` hold.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        case .number(let number): try encode(number, to: &container)
        }
    }

    private func encode(_ number: Number, to container: inout any SingleValueEncodingContainer)
        throws
    {
        if let value = number.whole(as: Int64.self) {
            try container.encode(value)
        } else if let value = number.whole(as: UInt64.self) {
            try container.encode(value)
        } else if let value = Decimal(string: number.description), !value.isNaN {
            try container.encode(value)
        } else if let value = number.double {
            try container.encode(value)
        } else {
            throw EncodingError.invalidValue(
                number, .init(codingPath: container.codingPath, debugDescription: "Out of range."))
        }
    }
}
