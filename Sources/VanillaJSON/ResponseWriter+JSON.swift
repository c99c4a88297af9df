// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension ResponseWriter {
    /// Answers with a value in JSON, as `application/json`.
    ///
    /// ```swift
    /// try response.send(json: order, status: .created)
    /// ```
    ///
    /// - Parameters:
    ///   - value: The body.
    ///   - status: The status.
    ///   - encoder: An encoder with options of your own. It may be used by all workers at the same
    ///     time, while its options do not change. Without one, `/` is not escaped, and the rest is
    ///     Foundation's default.
    /// - Throws: ``VanillaError`` of the kind `invalidContent` where the value cannot be written, as
    ///   a number that is not finite. Nothing was sent then.
    public mutating func send<Value: Encodable>(
        json value: Value, status: Status? = nil, with encoder: JSONEncoder? = nil
    ) throws(VanillaError) {
        let data: Data
        do {
            data = try (encoder ?? plainEncoder).encode(value)
        } catch {
            throw VanillaError(.invalidContent, "The value cannot be written as JSON: \(error)")
        }
        send(data.span, status: status, contentType: .json)
    }
}

/// Used by all workers at the same time: it is Sendable, and its options never change.
private let plainEncoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return encoder
}()
