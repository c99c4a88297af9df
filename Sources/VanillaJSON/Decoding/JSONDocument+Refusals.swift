// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a type throws that makes itself of a value, and knows neither the place nor what its client
/// is to be told.
extension JSONDocument {
    /// The error to throw on, out of the value at a place.
    func refusal(
        _ error: any Error, of type: any Any.Type, at place: Int, _ coding: CodingPlace
    ) -> any Error {
        guard let known = error as? DecodingError else {
            noteRefusal(at: place, coding)
            return error
        }
        guard case .dataCorrupted(let context) = known, !(context.underlyingError is Requirement),
            context.codingPath.count == coding.keys.count, let requirement = requirement(of: type)
        else { return error }
        return DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: context.codingPath, debugDescription: context.debugDescription,
                underlyingError: Requirement(text: requirement)))
    }

    /// The innermost place counts, by which the error passes first.
    private func noteRefusal(at place: Int, _ coding: CodingPlace) {
        if let refused, place <= refused.place, refused.place < next(after: place) { return }
        refused = (place, coding.path)
    }

    /// The keys that lead to the value that was refused by an error of a type's own.
    var refusedKeys: [any CodingKey] { refused?.path?.keys ?? [] }

    /// What a value of such a type must be; `nil` where that cannot be told.
    private func requirement(of type: any Any.Type) -> String? {
        if type == Date.self { return strategies.requirementOfDates }
        if type == UUID.self { return "must be a UUID" }
        guard let type = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
        return "must be one of \(rawValues(of: type))"
    }
}

/// The raw values that are told at most.
private let maximumRawValueCount = 20

private func rawValues<Value: CaseIterable & RawRepresentable>(of type: Value.Type) -> String {
    let told = Value.allCases.prefix(maximumRawValueCount).map { value in
        (value.rawValue as? String).map { "\"\($0)\"" } ?? "\(value.rawValue)"
    }
    let isWhole = Value.allCases.count <= maximumRawValueCount
    return told.joined(separator: ", ") + (isWhole ? "" : " and others")
}
