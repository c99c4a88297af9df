// SPDX-License-Identifier: MIT
/* vn_ranges.h - parts of a representation, as clients ask for them (RFC 9110, section 14). */
#ifndef VN_RANGES_H
#define VN_RANGES_H

#include "vn_conditional.h"

enum {
    VN_EXTENTS_MAX = 16, /* parts of one answer: a request for more gets the whole */
    VN_BOUNDARY_SIZE = 32,
    VN_PART_TYPE_MAX = 160, /* bytes of the content type that parts have */
};

/* So many bytes of a representation, from byte `at` on. */
typedef struct vn_extent {
    uint64_t at;
    uint64_t count;
} vn_extent;

/* What of a representation is sent. */
typedef struct vn_selection {
    uint16_t status; /* 200: all of it; 206: the extents; 416: the client asked for nothing of it */
    uint8_t count; /* of extents: one when it is 200 */
    vn_extent extents[VN_EXTENTS_MAX]; /* in the order in which the client named them */
} vn_selection;

/* A selection on its way: the extents, and what stands between them where there are several. */
typedef struct vn_parts {
    vn_selection selection;
    uint64_t size; /* bytes of the representation */
    uint64_t length; /* bytes of the body */
    uint64_t done; /* bytes of the current extent that were written */
    uint8_t index; /* of the current extent */
    bool has_head; /* what stands before it was written */
    uint8_t type_count;
    uint8_t answer_type_count;
    uint8_t boundary[VN_BOUNDARY_SIZE];
    uint8_t type[VN_PART_TYPE_MAX]; /* of the representation */
    uint8_t answer_type[80]; /* "multipart/byteranges; boundary=...", where there are several */
} vn_parts;

/* Select what of a representation of `length` bytes the value of a Range field asks for, whatever
 * else the request says. What is malformed, another unit, more than VN_EXTENTS_MAX ranges, ranges
 * of more bytes than there are, and more than two pairs that overlap, is all of it: 200. */
void vn_ranges_select(vn_span value, uint64_t length, vn_selection *selection);

/* Evaluate the preconditions of a request as vn_response_evaluate does, and then its Range: for a
 * representation of `length` bytes that the handler is about to send with the status 200. Adds
 * Accept-Ranges, and Content-Range where one part is sent, sets the status, and fills in `parts`.
 * Where nothing of what the client asked for exists, it answers 416.
 *
 * Returns VN_PERFORM: send parts->length bytes of the type vn_parts_type; VN_NOT_MODIFIED,
 * VN_PRECONDITION_FAILED or 416: it is answered; or -errno as vn_response_evaluate. */
int32_t vn_response_select(vn_response *response, const vn_validators *validators,
                           vn_span content_type, uint64_t length, vn_parts *parts);

/* The content type of the answer; `content_type` is that of the representation. */
static inline vn_span vn_parts_type(const vn_parts *parts, vn_span content_type)
{
    return parts->answer_type_count == 0 ? content_type
                                         : (vn_span) {parts->answer_type, parts->answer_type_count};
}

/* For a producer: write what stands before the bytes that come next, and say which these are.
 * Returns 1; 0 where all is written, the end included; or as vn_body_write. */
int32_t vn_parts_next(vn_parts *parts, vn_body_writer *writer, vn_extent *next);

/* So many of the bytes that vn_parts_next named were written. */
void vn_parts_advance(vn_parts *parts, uint64_t count);

/* Answer with bytes that are the whole representation, or what the request asks for of it: by
 * reference until `release`. Returns as vn_response_select. */
int32_t vn_response_send_parts(vn_response *response, const vn_validators *validators,
                               vn_span content_type, vn_span body, vn_release *release,
                               void *context);

#endif
