// SPDX-License-Identifier: MIT

internal import Vanilla
internal import VanillaJSON
public import VanillaTesting

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension TestResponse {
    /// The value that the body is in JSON.
    ///
    /// ```swift
    /// struct Todo: Decodable {
    ///     let title: String
    /// }
    /// let todo = try answer.decode(Todo.self)
    /// ```
    ///
    /// - Parameters:
    ///   - type: What the body should be. A `JSON` takes any.
    ///   - decoder: A decoder whose strategies and `userInfo` count.
    /// - Throws: ``TestError`` of the kind `unexpectedContent` where Content-Type is neither
    ///   `application/json` nor ends in `+json`, or the body is not that value: the message has the
    ///   place, the status, and how the body begins.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil
    ) throws(TestError) -> Value {
        let media = (headers["Content-Type"] ?? "").lowercased().prefix { $0 != ";" }
        guard media == "application/json" || media.hasSuffix("+json") else {
            throw TestError(
                .unexpectedContent,
                "The answer is not JSON but \(media.isEmpty ? "without a type" : media): \(self)")
        }
        do throws(RequestError) {
            return try Bytes(body.span).decodeJSON(
                type, with: decoder, maximumCount: max(body.count, JSONLimits.defaultCount))
        } catch {
            throw TestError(
                .unexpectedContent, "The answer is not \(type): \(error.message) It is \(self)")
        }
    }
}
