// SPDX-License-Identifier: MIT
/* http2_request.h - a block of fields as a request (RFC 9113, section 8).
 *
 * Its fields are written as the text of a head of HTTP/1.1, which is scanned then: so what a
 * request may be, its limits and its ranges are the same in both. Before that stands what HTTP/2
 * wants besides. */
#ifndef VN_SERVE_HTTP2_REQUEST_H
#define VN_SERVE_HTTP2_REQUEST_H

#include "http2_state.h"

/* What a block is, besides -status of what is answered with an error. */
enum {
    VN_BLOCK_SOUND = 0,
    VN_BLOCK_MALFORMED = -1, /* its stream has failed */
    VN_BLOCK_INVALID = -2, /* the connection has failed: the tables of fields differ */
    VN_BLOCK_WITHOUT_MEMORY = -3,
};

struct vn_read_request {
    vn_request *request; /* the worker's; where it is refused, what is known of it */
    bool is_head; /* its method is HEAD */
    bool has_priority;
    struct vn_priority priority;
};

/* Read a request. It is there until the next one is read. */
int32_t vn_http2_read_request(struct vn_http2 *http2, vn_span block, struct vn_read_request *read);

/* Read trailers, which mean nothing, by the rules of fields. */
int32_t vn_http2_read_trailers(struct vn_http2 *http2, vn_span block);

/* Read a block for nobody: the tables stay alike. */
int32_t vn_http2_skip_block(struct vn_http2 *http2, vn_span block);

#endif
