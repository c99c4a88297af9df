// SPDX-License-Identifier: MIT
/* body.h - where a request's body ends. Pure: bytes in, pieces and progress out. */
#ifndef VN_HTTP_BODY_H
#define VN_HTTP_BODY_H

#include "../base/base.h"
#include "../include/vn_request.h"
#include "scan.h"

struct vn_body_limits {
    uint64_t size;       /* of the decoded body; 413 */
    uint32_t chunk_line; /* size, extensions and CRLF; 400 */
    uint32_t trailers;   /* 431 */
    uint32_t field;      /* one trailer line; 431 */
};

/* Progress through one body. */
struct vn_body {
    uint64_t left;     /* bytes to come of the body or of this chunk */
    uint64_t received; /* decoded so far */
    uint32_t line;     /* bytes of this chunk line, or of the trailers */
    uint8_t state;
    uint8_t part;      /* where in a chunk line or a trailer line */
    bool is_chunked;
    bool is_complete;
};

/* Begin the body that a scanned head announces: chunked, by length, or none, which is complete at
 * once. Returns 0, or -413 when the declared length is past the limit. */
int32_t vn_body_begin(struct vn_body *body, const vn_request *request,
                      const struct vn_body_limits *limits);

/* Consume from `bytes` up to the end of the next piece. Returns how many bytes were used, with in
 * `piece` those of them that are body data (none between chunks), or -status (400, 413, 431). Call
 * again while bytes are left and the body is not complete. */
int64_t vn_body_feed(struct vn_body *body, const uint8_t *bytes, size_t count,
                     const struct vn_body_limits *limits, vn_span *piece);

#endif
