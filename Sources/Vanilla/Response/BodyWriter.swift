// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Writes the next part of a streamed body. Lent to the producer for the length of the call.
    @safe
    public struct BodyWriter: ~Copyable, ~Escapable {
        /// C's stream, which outlives this writer.
        let pointer: OpaquePointer

        /// The writer of a stream that C lends for the length of a call.
        @unsafe
        @_lifetime(immortal)
        init(lent pointer: OpaquePointer) {
            unsafe self.pointer = pointer
        }

        /// The bytes that can be written now without piling up memory. More may be written.
        public var capacity: Int { unsafe vn_body_capacity(pointer) }

        /// Writes a text that is written in the program.
        ///
        /// - Throws: ``ResponseError`` of the kind `lengthExceeded` past the length declared for
        ///   the body.
        public mutating func write(_ text: StaticString) throws(ResponseError) {
            if text.utf8CodeUnitCount <= ResponseWriter.maximumCopiedCount {
                try write(text.bytes)
            } else {
                try unsafe lend(text.bytes, release: nil, context: nil)
            }
        }

        /// Writes a text, in UTF-8. Throws as for a `StaticString`.
        @inlinable
        @_disfavoredOverload
        public mutating func write<Text: StringProtocol>(_ text: Text) throws(ResponseError) {
            try check(text.withBytes { bytes in copy(bytes) })
        }

        /// Writes bytes. Throws as for a `StaticString`.
        public mutating func write(_ bytes: [UInt8]) throws(ResponseError) {
            try write(Bytes(bytes.span))
        }

        /// Writes bytes. Throws as for a `StaticString`.
        public mutating func write(_ bytes: Span<UInt8>) throws(ResponseError) {
            try write(Bytes(bytes))
        }

        /// Writes bytes. Throws as for a `StaticString`.
        public mutating func write(_ bytes: Bytes) throws(ResponseError) {
            try check(copy(bytes))
        }

        /// Writes shared bytes, or the part of them in `range`, which are not copied.
        ///
        /// - Throws: ``ResponseError`` of the kind `lengthExceeded` past the length declared for
        ///   the body, and where `range` does not lie within the bytes.
        public mutating func write(_ bytes: SharedBytes, in range: Range<Int>? = nil)
            throws(ResponseError)
        {
            let range = range ?? 0..<bytes.count
            guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
                throw ResponseError(
                    .lengthExceeded, "The range \(range) is not within \(bytes.count) shared bytes."
                )
            }
            let part = bytes.bytes.dropFirst(range.lowerBound).prefix(range.count)
            try unsafe lend(part, release: SharedBytes.release, context: bytes.retainedContext())
        }

        @usableFromInline
        func copy(_ bytes: Bytes) -> Int32 {
            unsafe bytes.withCSpan { bytes in unsafe vn_body_write(pointer, bytes) }
        }

        private func lend(
            _ bytes: Bytes, release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
            context: UnsafeMutableRawPointer?
        ) throws(ResponseError) {
            try unsafe check(
                bytes.withCSpan { bytes in
                    unsafe vn_body_write_shared(pointer, bytes, release, context)
                })
        }

        @usableFromInline
        func check(_ result: Int32) throws(ResponseError) {
            if result != 0 { throw ResponseError(writingBody: result) }
        }
    }
}
