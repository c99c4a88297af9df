// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Bytes {
    /// The value that the bytes are in JSON, for a body that a handler collected itself; else use
    /// `request.decode`.
    ///
    /// - Throws: ``RequestError``, as `request.decode`, except for the 415.
    public func decodeJSON<Value: Decodable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumNesting: Int = JSONLimits.defaultNesting
    ) throws(RequestError) -> Value {
        let maximumNesting = min(maximumNesting, JSONLimits.maximumNesting)
        do throws(JSONSyntax.Flaw) {
            try JSONSyntax.check(self, maximumNesting: maximumNesting)
        } catch {
            throw RequestError(.badRequest, flawSentence(error, of: self, maximumNesting))
        }

        // A copy, so that nothing a type keeps of its decoder can point into the request.
        let data = unsafe span.withUnsafeBufferPointer { buffer in unsafe Data(buffer) }
        do {
            return try (decoder ?? plainDecoder).decode(type, from: data)
        } catch let error as RequestError {
            // A type that checks its values itself.
            throw error
        } catch let error as DecodingError {
            throw RequestError(.unprocessableContent, decodingSentence(error), cause: error)
        } catch {
            throw RequestError(
                .unprocessableContent, "The body has a value that is not allowed.", cause: error)
        }
    }
}

/// Used by all workers at the same time: it is Sendable, and its options never change.
private let plainDecoder = JSONDecoder()

private func flawSentence(_ flaw: JSONSyntax.Flaw, of text: Bytes, _ maximumNesting: Int) -> String
{
    switch flaw {
    case .tooDeep: "The body is nested deeper than \(maximumNesting) arrays and objects."
    case .malformed where text.isEmpty: "The body is empty, and so no JSON."
    case .malformed(let index) where index == text.count: "The body is no JSON: it ends too early."
    case .malformed(let index): "The body is no JSON from byte \(index) on, counted from zero."
    }
}
