// SPDX-License-Identifier: MIT

internal import CVanillaCompression

extension Compression {
    /// What is compressed, and how. The defaults are for answers that are made for each request.
    public struct Options: Sendable {
        /// The level of gzip, 1 to 9: more takes longer. `nil`: gzip is not offered.
        public var gzipLevel: Int? = 5
        /// The quality of Brotli, 1 to 11. `nil`: Brotli is not offered.
        public var brotliQuality: Int? = 3
        /// The level of zstd, 1 to 19. `nil`: zstd is not offered.
        public var zstdLevel: Int? = 3
        /// Bytes: a shorter body is sent as it is, if its length is known.
        public var minimumSize = 256
        /// Bytes: a longer body is sent as it is, if its length is known. The worker would be busy
        /// with it for too long: gzip takes about 20 ms for 1 MiB.
        public var maximumSize = 1 << 20
        /// Media types that are compressed, in lower case: "application/json"; "text/" stands for
        /// all that begin so, "+json" for all that end so.
        public var types = [
            "text/", "application/json", "application/javascript", "application/xml",
            "application/wasm", "application/manifest+json", "image/svg+xml", "image/bmp",
            "image/x-icon", "font/ttf", "font/otf", "+json", "+xml",
        ]

        /// The defaults.
        public init() {}
    }
}

extension Compression.Options {
    func withC<Result>(_ body: (inout vn_compression_options) -> Result) -> Result {
        precondition(gzipLevel.map { 1...9 ~= $0 } ?? true, "gzipLevel must be 1 to 9.")
        precondition(brotliQuality.map { 1...11 ~= $0 } ?? true, "brotliQuality must be 1 to 11.")
        precondition(zstdLevel.map { 1...19 ~= $0 } ?? true, "zstdLevel must be 1 to 19.")
        precondition(minimumSize >= 0 && maximumSize >= 0, "Sizes must not be below 0.")
        let text = Array(types.joined().utf8)
        return unsafe text.withUnsafeBufferPointer { text in
            var at = 0
            var spans: [vn_span] = unsafe []
            for type in types {
                // Within the text, which the call outlives.
                unsafe spans.append(
                    vn_span(bytes: text.baseAddress.map { unsafe $0 + at }, count: type.utf8.count))
                at += type.utf8.count
            }
            return unsafe spans.withUnsafeBufferPointer { spans in
                var options = unsafe vn_compression_options(
                    gzip: Int32(gzipLevel ?? 0), brotli: Int32(brotliQuality ?? 0),
                    zstd: Int32(zstdLevel ?? 0), min: UInt64(minimumSize),
                    max: UInt64(maximumSize), types: spans.baseAddress, type_count: spans.count)
                return unsafe body(&options)
            }
        }
    }
}
