// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a decoder did not like, in a sentence for the client that names the place and repeats
/// nothing of the values.
func decodingSentence(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(let type, let context):
        "\(place(context.codingPath)) must be \(name(of: type))."
    case .valueNotFound(_, let context):
        "\(place(context.codingPath)) must not be null."
    case .keyNotFound(let key, let context):
        "\(place(context.codingPath + [key])) is missing."
    case .dataCorrupted(let context):
        if let requirement = context.underlyingError as? Requirement {
            "\(place(context.codingPath)) \(requirement.text)."
        } else {
            refusalSentence(at: context.codingPath)
        }
    @unknown default:
        "The body has a value that is not allowed."
    }
}

/// What is said where a type threw an error of its own.
func refusalSentence(at path: [any CodingKey]) -> String {
    "\(place(path)) has a value that is not allowed."
}

/// The bytes of a place that are told at most: keys may be the client's, and as long as its body.
private let maximumPlaceCount = 200

/// `users[2].name`. The keys of a dictionary are the client's, so of all keys only letters, digits,
/// `_` and `-` of ASCII are repeated.
private func place(_ path: [any CodingKey]) -> String {
    var text: [UInt8] = []
    for key in path {
        if let index = key.intValue {
            text += "[\(index)]".utf8
        } else {
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            text += key.stringValue.utf8.prefix(maximumPlaceCount + 1).map { byte in
                isPlain(byte) ? byte : UInt8(ascii: "?")
            }
        }
        if text.count > maximumPlaceCount {
            text = text.prefix(maximumPlaceCount) + Array("...".utf8)
            break
        }
    }
    return text.isEmpty ? "The body" : String(decoding: text, as: UTF8.self)
}

private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}

/// JSON's word for what a Swift type is made of.
private func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type, is Decimal.Type: "a number"
    case is [Any].Type: "an array"
    case is [String: Any].Type: "an object"
    default: "of another type"
    }
}
