// SPDX-License-Identifier: MIT

internal import Vanilla

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A body to be decoded, on this thread or another one, and what is said to its client where it
/// cannot be.
struct JSONBody: Sendable {
    private let text: JSONText
    private let maximumNesting: Int

    /// Bytes for each value that there should be memory for, beside the text: about what values of
    /// Swift take.
    private static let memoryOfValue = 64

    init(_ bytes: Bytes, maximumCount: Int, maximumNesting: Int) throws(RequestError) {
        guard bytes.count <= maximumCount else {
            throw RequestError(
                .contentTooLarge, "The body has more than \(max(0, maximumCount)) bytes.")
        }
        guard let text = JSONText(copying: bytes) else { throw Self.outOfMemory }
        self.text = text
        self.maximumNesting = min(maximumNesting, JSONLimits.maximumNesting)
    }

    func decode<Value: Decodable>(
        _ type: Value.Type, with decoder: JSONDecoder?
    ) throws(RequestError) -> Value {
        let tape = try scan()
        try expectMemory(for: tape)
        let strategies = DecodingStrategies(decoder)
        let document = JSONDocument(text, tape, strategies) { document, place, path in
            ValueDecoder(document: document, place: place, path: path)
        }
        do {
            let value = try document.value(at: 0, CodingPlace(nil), as: type)
            // The type may have gone on without what it was refused.
            if document.isExhausted { throw JSONDocument.Exhausted() }
            return value
        } catch let error as RequestError {
            // A type that checks its values itself.
            throw error
        } catch  where document.isExhausted {
            throw RequestError(
                .unprocessableContent, "The body takes too many attempts to decode.", cause: error)
        } catch let error as DecodingError {
            throw RequestError(.unprocessableContent, decodingSentence(error), cause: error)
        } catch {
            throw RequestError(
                .unprocessableContent, refusalSentence(at: document.refusedKeys), cause: error)
        }
    }

    private func scan() throws(RequestError) -> JSONTape {
        do throws(JSONSyntax.Flaw) {
            // This object holds the text.
            let bytes = unsafe text.lend(from: 0, count: text.count)
            return try JSONSyntax.scan(bytes, maximumNesting: maximumNesting)
        } catch {
            if error == .outOfMemory { throw Self.outOfMemory }
            throw RequestError(.badRequest, sentence(error))
        }
    }

    private func sentence(_ flaw: JSONSyntax.Flaw) -> String {
        switch flaw {
        case .tooDeep: "The body is nested deeper than \(maximumNesting) arrays and objects."
        case .malformed where text.count == 0: "The body is empty, and so no JSON."
        case .malformed(let index) where index == text.count:
            "The body is no JSON: it ends too early."
        case .malformed(let index): "The body is no JSON from byte \(index) on, counted from zero."
        case .outOfMemory: ""
        }
    }

    /// Swift ends the process where it gets no memory, so that is asked for before.
    private func expectMemory(for tape: JSONTape) throws(RequestError) {
        let count = text.count + Self.memoryOfValue * tape.count
        guard let memory = unsafe allocateMemory(count: count) else { throw Self.outOfMemory }
        unsafe freeMemory(memory)
    }

    private static var outOfMemory: RequestError {
        RequestError(.serviceUnavailable, "There is no memory for the body.")
    }
}
