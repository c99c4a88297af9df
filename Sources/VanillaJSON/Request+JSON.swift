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
    /// Decoding happens on the worker's thread: several megabytes take long enough that other
    /// connections wait, so lower `limits.body` where JSON is all that comes.
    ///
    /// - Parameters:
    ///   - type: What the body should be.
    ///   - decoder: A decoder with options of your own. It may be used by all workers at the same
    ///     time, while its options do not change.
    ///   - maximumNesting: The number of arrays and objects that may be open at the same time;
    ///     never more than ``JSONLimits/maximumNesting``.
    /// - Throws: ``RequestError``, which is the answer unless it is caught. The status is 415 where
    ///   Content-Type is neither `application/json` nor ends in `+json` (RFC 6839, section 3.1),
    ///   400 where the body is not JSON (RFC 8259, to the letter) or nested too deep, and 422 where
    ///   it is, but not of that type; the message names the place. What a type throws itself gets
    ///   422 as well, unless it is a ``RequestError``.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumNesting: Int = JSONLimits.defaultNesting
    ) throws(RequestError) -> Value {
        guard hasJSON else {
            throw RequestError(.unsupportedMediaType, "The body must be application/json.")
        }
        return try body.decodeJSON(type, with: decoder, maximumNesting: maximumNesting)
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
