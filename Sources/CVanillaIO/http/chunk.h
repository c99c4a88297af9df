// SPDX-License-Identifier: MIT
/* chunk.h - the chunked transfer coding, written (RFC 9112, section 7.1). Reading it is body.h. */
#ifndef VN_HTTP_CHUNK_H
#define VN_HTTP_CHUNK_H

#include "digits.h"
#include "literal.h"

enum {
    VN_CHUNK_LINE_MAX = VN_HEX_MAX + 2, /* bytes of the line before a chunk's data */
    VN_CHUNK_END_SIZE = 2, /* bytes after the data */
    VN_CHUNK_FRAME_MAX = VN_CHUNK_LINE_MAX + VN_CHUNK_END_SIZE,
};

/* What ends a chunk, and what ends a body. */
#define VN_CHUNK_END VN_LITERAL("\r\n")
#define VN_CHUNK_LAST VN_LITERAL("0\r\n\r\n")

/* Write the line before `count` bytes of data; not for 0, which would end the body. Returns where
 * it ends, at most VN_CHUNK_LINE_MAX bytes further. */
static inline uint8_t *vn_chunk_write_line(uint8_t *at, uint64_t count)
{
    at = vn_write_hex(at, count);
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static inline uint8_t *vn_chunk_write_end(uint8_t *at)
{
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

/* Data with the frame of its chunk around it in memory, so that either can be sent from there. */
struct vn_chunk {
    const uint8_t *bytes;
    uint32_t count; /* with the frame */
    uint32_t data_at; /* in `bytes` */
    uint32_t data_count;
};

/* End a chunk whose line begins at `bytes`, and whose `count` bytes of data at `data`. Writes
 * VN_CHUNK_END_SIZE bytes. */
static inline struct vn_chunk vn_chunk_finish(const uint8_t *bytes, uint8_t *data, uint32_t count)
{
    const uint8_t *end = vn_chunk_write_end(data + count);
    return (struct vn_chunk) {.bytes = bytes,
                              .count = (uint32_t) (end - bytes),
                              .data_at = (uint32_t) (data - bytes),
                              .data_count = count};
}

static inline vn_span vn_chunk_framed(const struct vn_chunk *chunk)
{
    return (vn_span) {chunk->bytes, chunk->count};
}

static inline vn_span vn_chunk_data(const struct vn_chunk *chunk)
{
    return (vn_span) {chunk->bytes + chunk->data_at, chunk->data_count};
}

#endif
