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
    /// - Throws: ``ResponseError`` of the kind `invalidContent` where the value cannot be written,
    ///   as a number that is not finite. Then nothing was sent.
    public mutating func send<Value: Encodable>(
        json value: Value, status: Status? = nil, with encoder: JSONEncoder? = nil
    ) throws(ResponseError) {
        send(try encode(value, with: encoder).span, status: status, contentType: .json)
    }

    /// Answers with a value in JSON, or 304 when the client has it already:
    /// `sendNotModified(ifMatching:lastModified:)` and `send` in one. Only what is sent is encoded.
    ///
    /// ```swift
    /// try response.send(json: order, etag: ETag(version: order.revision))
    /// ```
    ///
    /// - Parameters:
    ///   - value: The body.
    ///   - etag: The tag of the value.
    ///   - lastModified: When it last changed.
    ///   - status: The status.
    ///   - encoder: As for ``send(json:status:with:)``.
    /// - Throws: ``ResponseError`` of the kind `invalidContent` where the value cannot be written.
    ///   Then nothing was sent; status and validators are set.
    public mutating func send<Value: Encodable>(
        json value: Value, etag: ETag?, lastModified: HTTPDate? = nil, status: Status? = nil,
        with encoder: JSONEncoder? = nil
    ) throws(ResponseError) {
        if let status { self.status = status }
        if sendNotModified(ifMatching: etag, lastModified: lastModified) { return }
        send(try encode(value, with: encoder).span, contentType: .json)
    }
}

private func encode<Value: Encodable>(
    _ value: Value, with encoder: JSONEncoder?
) throws(ResponseError) -> Data {
    do {
        return try (encoder ?? plainEncoder).encode(value)
    } catch {
        throw ResponseError(.invalidContent, "The value cannot be written as JSON: \(error)")
    }
}

/// Used by all workers at the same time: it is Sendable, and its options never change.
private let plainEncoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return encoder
}()
