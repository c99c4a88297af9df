// SPDX-License-Identifier: MIT

extension Request {
    /// One `name=value` of a query or a form, both as they were sent.
    ///
    /// Decoding follows the URL Standard (section 5.1), as every browser's forms do, and never
    /// fails: a `+` is a space, a `%` without two hexadecimal digits after it stands for itself,
    /// and what is not UTF-8 becomes U+FFFD. To refuse such input instead, decode with
    /// ``Bytes/percentDecoded(plusIsSpace:)``.
    public struct QueryItem: ~Escapable {
        /// What stands before the first `=`.
        public let name: Bytes
        /// What follows the first `=`; empty where there is none.
        public let value: Bytes

        @_lifetime(copy item)
        init(_ item: Bytes) {
            let end = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
            name = item.prefix(end)
            value = item.dropFirst(end + 1)
        }

        /// The name as the text that it encodes.
        public var decodedName: String { name.formDecoded }

        /// The value as the text that it encodes.
        public var decodedValue: String { value.formDecoded }

        /// Writes the bytes that the value encodes into a buffer of the caller's, and allocates
        /// nothing.
        ///
        /// - Parameter buffer: At least as large as what is encoded; ``value``'s count always is.
        /// - Returns: The number of bytes written from the buffer's start; `nil` where they do not
        ///   fit. The buffer's content is unspecified then.
        public func decodeValue(into buffer: inout MutableSpan<UInt8>) -> Int? {
            value.formDecode(into: &buffer)
        }

        /// The number that the value, decoded, spells in decimal; `nil` for anything else, as for
        /// `Int(Bytes)`: no digit, a sign `+`, white space, a number that does not fit.
        ///
        /// ```swift
        /// let page: Int = request.query.first(named: "page")?.number() ?? 1
        /// ```
        public func number<Number: FixedWidthInteger>(as type: Number.Type = Number.self) -> Number?
        {
            value.isFormEncoded ? Number(Bytes(value.formDecodedBytes.span)) : Number(value)
        }

        /// Whether the name, decoded, is `name`.
        func isNamed(_ name: Bytes) -> Bool {
            self.name.formEncodes(name)
        }
    }
}
