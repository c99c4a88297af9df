// SPDX-License-Identifier: MIT

public import Vanilla

/// A whole answer, taken apart.
public struct TestResponse: Sendable {
    /// The status of the final response; interim ones (1xx) are passed over.
    public let status: Status
    /// The header fields.
    public let headers: TestHeaders
    /// The body, without the framing of chunks.
    public let body: [UInt8]

    /// The bytes that a body may have that is returned whole, unless said otherwise: 64 MiB.
    public static let defaultMaximumBodyCount = 64 << 20

    /// The body as text, in which what is no UTF-8 is replaced.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

extension TestResponse: CustomStringConvertible {
    /// The status and how the body begins, for the message of a test that fails.
    public var description: String {
        body.isEmpty ? "\(status)" : "\(status) \(text.prefix(200))"
    }
}
