// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Request {
    /// The value that the body is in JSON.
    ///
    /// ```swift
    /// struct Order: Decodable {
    ///     let article: String
    ///     let count: Int
    /// }
    /// let order = try request.decode(Order.self)
    /// ```
    ///
    /// The body must have come whole (``Request/BodyDelivery/whole``, unless you chose otherwise).
    /// Decoding happens on the worker's thread, and takes time that grows with the size, whatever
    /// the type does; docs/HANDLERS.md has how much. Use `decodeConcurrently` for bodies that you
    /// let be larger. For any JSON decode a ``JSON``.
    ///
    /// A whole number is taken exactly or not at all, however it is written: `1e2` is 100, and
    /// `0.99999999999999999999` is no `Int`. A floating-point number is the nearest one.
    ///
    /// - Parameters:
    ///   - type: What the body should be.
    ///   - decoder: A decoder whose strategies and `userInfo` count. It may be used by all workers
    ///     at the same time, while its options do not change.
    ///   - maximumCount: The bytes that the body may have; `limits.body` bounds it before.
    ///   - maximumNesting: The number of arrays and objects that may be open at the same time;
    ///     never more than ``JSONLimits/maximumNesting``.
    /// - Throws: ``RequestError``, which is the answer unless it is caught. The status is 415 where
    ///   Content-Type is neither `application/json` nor ends in `+json` (RFC 6839, section 3.1), or
    ///   where there is a Content-Encoding, such as gzip; 413 where the body is larger than
    ///   `maximumCount`; 400 where it is not JSON (RFC 8259, to the letter) or nested too deep; and
    ///   422 where it is, but not of that type: the message names the place and what it must be.
    ///   What a type throws itself gets 422 as well, unless it is a ``RequestError``. 503 where
    ///   there is no memory.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumCount: Int = JSONLimits.defaultCount,
        maximumNesting: Int = JSONLimits.defaultNesting
    ) throws(RequestError) -> Value {
        try jsonBody(maximumCount, maximumNesting).decode(type, with: decoder)
    }

    /// The same for a body that may be large, decoded off the worker's thread, which serves others
    /// meanwhile. The handler comes back to its worker.
    ///
    /// ```swift
    /// let orders = try await request.decodeConcurrently([Order].self, maximumCount: 8 << 20)
    /// ```
    ///
    /// It runs on a thread of Swift's own, of which there is one for each CPU.
    ///
    /// - Throws: As ``decode(_:with:maximumCount:maximumNesting:)``, and `CancellationError` where
    ///   the task was cancelled before decoding began.
    nonisolated(nonsending) public func decodeConcurrently<Value: Decodable & Sendable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumCount: Int = JSONLimits.defaultCount,
        maximumNesting: Int = JSONLimits.defaultNesting
    ) async throws -> Value {
        let body = try jsonBody(maximumCount, maximumNesting)
        // A worker's task prefers its worker for everything.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await decodeBody(body, type, decoder)
        }
    }

    private func jsonBody(
        _ maximumCount: Int, _ maximumNesting: Int
    ) throws(RequestError) -> JSONBody {
        guard hasJSON else {
            throw RequestError(.unsupportedMediaType, "The body must be application/json.")
        }
        try expectNoContentCoding()
        return try JSONBody(body, maximumCount: maximumCount, maximumNesting: maximumNesting)
    }

    /// Whether the client says that the body is JSON.
    private var hasJSON: Bool {
        guard let type = mediaType else { return false }
        if type.equalsIgnoringCase("application/json") { return true }
        // There is a subtype, and something before the suffix.
        guard let slash = type.firstIndex(of: UInt8(ascii: "/")), slash > 0 else { return false }
        let subtype = type.dropFirst(slash + 1)
        return subtype.count > 5
            && subtype.dropFirst(subtype.count - 5).equalsIgnoringCase("+json")
    }
}

@concurrent
private func decodeBody<Value: Decodable & Sendable>(
    _ body: JSONBody, _ type: Value.Type, _ decoder: JSONDecoder?
) async throws -> Value {
    try Task.checkCancellation()
    return try body.decode(type, with: decoder)
}
