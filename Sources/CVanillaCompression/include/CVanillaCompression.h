// SPDX-License-Identifier: MIT
/* CVanillaCompression.h - content codings by zlib, libbrotli and libzstd. */
#ifndef CVANILLACOMPRESSION_H
#define CVANILLACOMPRESSION_H

#include <CVanillaIO.h>

typedef struct vn_compression vn_compression;

typedef struct vn_compression_options {
    int32_t gzip; /* level, 1 to 9; 0: not offered */
    int32_t brotli; /* quality, 1 to 11; 0: not offered */
    int32_t zstd; /* level, 1 to 19; 0: not offered */
    uint64_t min; /* bytes: as in vn_coding */
    uint64_t max;
    const vn_span *types; /* as in vn_coding; copied */
    size_t type_count;
} vn_compression_options;

/* NULL when memory ran out. Any thread, as the two below. */
vn_compression *vn_compression_open(const vn_compression_options *options);

/* For vn_response_code; valid until it is closed. */
const vn_coding *vn_compression_coding(const vn_compression *compression);

/* Once no answer uses it any more. */
void vn_compression_close(vn_compression *compression);

/* Decode a whole body, whose coding is the value of one Content-Encoding: gzip (x-gzip), deflate,
 * br, zstd, identity, or several of them, of which the last was applied last. At most `limit`
 * bytes, at each step. Returns 0, with `bytes` to be freed by free; -ENOTSUP for another coding;
 * -EMSGSIZE beyond the limit; -EINVAL for damaged or cut data, or bytes after its end; -ENOMEM. Any
 * thread. */
int32_t vn_compression_decode(vn_span coding, vn_span body, size_t limit, vn_coded_bytes *bytes);

#endif
