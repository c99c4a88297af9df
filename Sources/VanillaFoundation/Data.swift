// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Data {
    /// A copy of the bytes.
    ///
    /// ```swift
    /// let upload = Data(request.body)
    /// ```
    public init(_ bytes: Bytes) {
        self = unsafe bytes.span.withUnsafeBytes { bytes in
            // A copy, made while the buffer is valid.
            unsafe Data(bytes)
        }
    }
}

extension SharedBytes {
    /// A copy of the data.
    public convenience init(_ data: Data) {
        self.init([UInt8](data))
    }
}

extension ResponseWriter {
    /// Answers with data, which is copied.
    public mutating func send(
        _ body: Data, status: Status? = nil, contentType: ContentType = .bytes
    ) {
        send(body.span, status: status, contentType: contentType)
    }
}
