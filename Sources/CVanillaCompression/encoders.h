// SPDX-License-Identifier: MIT
/* encoders.h - one coding each: how a library is asked for it. */
#ifndef VN_COMPRESSION_ENCODERS_H
#define VN_COMPRESSION_ENCODERS_H

#include "include/CVanillaCompression.h"
#include "pool.h"

/* What makes the encoders of one coding. */
struct vn_encoders {
    struct vn_encoder_pool pool;
    int32_t level;
    vn_coder coder; /* whose context this is */
};

/* Have room for `count` more bytes. Returns where they go; NULL when memory ran out. */
uint8_t *vn_coded_reserve(vn_coded_bytes *output, size_t count);

/* Each fills in coder.begin, encode and end, and returns what frees an encoder that is kept. */
typedef void vn_encoder_free(void *encoder);
vn_encoder_free *vn_gzip_init(vn_coder *coder);
vn_encoder_free *vn_brotli_init(vn_coder *coder);
vn_encoder_free *vn_zstd_init(vn_coder *coder);

#endif
