// SPDX-License-Identifier: MIT

extension String {
    /// A copy of the bytes as text; what is not UTF-8 becomes U+FFFD.
    public init(_ bytes: Bytes) {
        self = unsafe bytes.span.withUnsafeBufferPointer { utf8 in
            // A copy, made while the buffer is valid.
            unsafe String(decoding: utf8, as: UTF8.self)
        }
    }

    /// A copy of the bytes as text; `nil` when they are not UTF-8.
    public init?(validating bytes: Bytes) {
        let text = unsafe bytes.span.withUnsafeBufferPointer { utf8 in
            // A copy, made while the buffer is valid.
            unsafe String(validating: utf8, as: UTF8.self)
        }
        guard let text else { return nil }
        self = text
    }
}

extension DefaultStringInterpolation {
    /// Inserts the bytes as text; what is not UTF-8 becomes U+FFFD.
    ///
    /// ```swift
    /// response.send("There is nothing at \(request.path).", status: .notFound)
    /// ```
    public mutating func appendInterpolation(_ bytes: Bytes) {
        appendLiteral(String(bytes))
    }
}

extension Array where Element == UInt8 {
    /// A copy of the bytes.
    public init(_ bytes: Bytes) {
        self = unsafe bytes.span.withUnsafeBufferPointer { buffer in
            // A copy, made while the buffer is valid.
            unsafe Array(buffer)
        }
    }
}

extension FixedWidthInteger {
    /// The number that the bytes spell in decimal: digits, after a `-` where the type has negative
    /// numbers.
    ///
    /// `nil` for anything else, such as no digits, a sign `+`, white space, or a number that does
    /// not fit.
    @inlinable
    public init?(_ bytes: Bytes) {
        let span = bytes.span
        let isNegative = Self.isSigned && !span.isEmpty && span[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        guard start < span.count else { return nil }

        var number: Self = 0
        for index in start..<span.count {
            let byte = span[index]
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            let digit = Self(truncatingIfNeeded: byte - UInt8(ascii: "0"))
            let (tenfold, tooBig) = number.multipliedReportingOverflow(by: 10)
            let (next, overflow) =
                isNegative
                ? tenfold.subtractingReportingOverflow(digit)
                : tenfold.addingReportingOverflow(digit)
            if tooBig || overflow { return nil }
            number = next
        }
        self = number
    }
}
