// SPDX-License-Identifier: MIT

import CLibrary
import CVanillaCompression

/// What a client makes of content; `nil` where it is damaged or cut.
func decoded(_ bytes: [UInt8], _ coding: String, upTo limit: Int = 64 << 20) -> [UInt8]? {
    var output = vn_coded_bytes()
    var coding = coding
    let result = coding.withUTF8 { coding in
        bytes.withUnsafeBufferPointer { bytes in
            vn_compression_decode(
                vn_span(bytes: coding.baseAddress, count: coding.count),
                vn_span(bytes: bytes.baseAddress, count: bytes.count), limit, &output)
        }
    }
    defer { free(output.bytes) }
    guard result == 0 else { return nil }
    return Array(UnsafeBufferPointer(start: output.bytes, count: output.count))
}

/// Content by a coding of its own, as a client makes it.
func coded(_ bytes: [UInt8], _ coding: Int32) -> [UInt8] {
    var options = vn_compression_options(
        gzip: 5, brotli: 4, zstd: 3, min: 0, max: .max, types: nil, type_count: 0)
    let compression = vn_compression_open(&options)!
    defer { vn_compression_close(compression) }
    let all = vn_compression_coding(compression).pointee.coders
    let coder = [nil, all.1, all.2, all.3][Int(coding)]!.pointee
    let encoder = coder.begin(coder.context)
    var output = vn_coded_bytes()
    bytes.withUnsafeBufferPointer { bytes in
        let span = vn_span(bytes: bytes.baseAddress, count: bytes.count)
        precondition(coder.encode(encoder, span, Int32(VN_CODER_END), &output) == 0)
    }
    coder.end(encoder)
    defer { free(output.bytes) }
    return Array(UnsafeBufferPointer(start: output.bytes, count: output.count))
}
