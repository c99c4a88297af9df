// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// How a user's decoder wants names, dates, data and numbers.
final class DecodingStrategies {
    /// `nil` where everything is at its default.
    private let decoder: JSONDecoder?
    let changesNames: Bool
    let userInfo: [CodingUserInfoKey: Any]

    init(_ decoder: JSONDecoder?) {
        self.decoder = decoder
        userInfo = (decoder?.userInfo ?? [:]).mapValues { value in value as Any }
        changesNames =
            if let decoder, case .useDefaultKeys = decoder.keyDecodingStrategy { false } else {
                decoder != nil
            }
    }

    /// The key that a name stands for. `path` is that of its object.
    func name(_ name: String, in path: CodingPath?) -> String {
        switch decoder?.keyDecodingStrategy {
        case nil, .useDefaultKeys: name
        case .convertFromSnakeCase: camelCase(name)
        case .custom(let convert): convert((path?.keys ?? []) + [PlainKey.name(name)]).stringValue
        @unknown default: name
        }
    }

    /// The decoder that has to be asked for a date, or for data; `nil` where these decode
    /// themselves, or as Base64.
    var decoderOfDates: JSONDecoder? {
        if case .deferredToDate = decoder?.dateDecodingStrategy { nil } else { decoder }
    }

    var decoderOfData: JSONDecoder? {
        if case .base64 = decoder?.dataDecodingStrategy { nil } else { decoder }
    }

    /// What a date must be, for the client.
    var requirementOfDates: String {
        if case .iso8601? = decoder?.dateDecodingStrategy {
            return "must be a date and a time such as 2026-01-31T12:00:00Z"
        }
        return "must be a date"
    }

    /// The number that a string stands for, where the user has strings for what is not finite.
    func number<Number: BinaryFloatingPoint>(_ text: String) -> Number? {
        guard
            case .convertFromString(let infinity, let negativeInfinity, let nan)? =
                decoder?.nonConformingFloatDecodingStrategy
        else { return nil }
        return switch text {
        case infinity: Number.infinity
        case negativeInfinity: -Number.infinity
        case nan: Number.nan
        default: nil
        }
    }
}

/// `one_two_three` as `oneTwoThree`, as `JSONDecoder` has it: underscores around it stay, several
/// between two words are as one, and what has none is not changed.
private func camelCase(_ name: String) -> String {
    let isUnderscore: (Character) -> Bool = { character in character == "_" }
    guard let first = name.firstIndex(where: { !isUnderscore($0) }),
        let last = name.lastIndex(where: { !isUnderscore($0) })
    else { return name }
    let words = name[first...last].split(whereSeparator: isUnderscore)
    if words.count == 1 { return name }
    let rest = words.dropFirst().map(capitalized)
    return name[..<first] + words[0].lowercased() + rest.joined() + name[name.index(after: last)...]
}

/// Each letter small, except those that begin a word: `2b` is `2B`.
private func capitalized(_ text: Substring) -> String {
    var capitalized = ""
    var isBeginning = true
    for character in text {
        guard character.isLetter else {
            capitalized.append(character)
            isBeginning = isBeginning || character != "'"
            continue
        }
        let lowercased = character.lowercased()
        if isBeginning, let first = character.unicodeScalars.first {
            let rest = String(character.unicodeScalars.dropFirst()).lowercased()
            capitalized += first.properties.titlecaseMapping + rest
        } else {
            capitalized += lowercased
        }
        isBeginning = false
    }
    return capitalized
}
