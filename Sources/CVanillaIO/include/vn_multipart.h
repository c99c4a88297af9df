// SPDX-License-Identifier: MIT
/* vn_multipart.h - forms with files (RFC 7578, RFC 2046 section 5.1), taken apart as they come:
 * whatever the cuts, nothing is looked at twice, and nothing but heads of parts is kept. */
#ifndef VN_MULTIPART_H
#define VN_MULTIPART_H

#include "vn_request.h"

enum {
    VN_MULTIPART_BOUNDARY_MAX = 70, /* bytes: RFC 2046, section 5.1.1 */
    VN_MULTIPART_HEAD_MAX = 8 * 1024, /* bytes of the head of a part */
    VN_MULTIPART_PREAMBLE_MAX = 1024, /* bytes before the first part */
};

/* What was found. */
enum {
    VN_MULTIPART_MORE, /* all was used, and more is needed */
    VN_MULTIPART_PART, /* a part begins: its head is there */
    VN_MULTIPART_DATA, /* bytes of it */
    VN_MULTIPART_PART_END,
    VN_MULTIPART_END, /* what follows is nothing: RFC 2046, section 5.1.1 */
};

typedef struct vn_multipart {
    uint8_t delimiter[4 + VN_MULTIPART_BOUNDARY_MAX]; /* CRLF, two hyphens and the boundary */
    uint8_t delimiter_count;
    uint8_t matched; /* bytes of it that the last piece ended with */
    uint8_t state;
    uint8_t line_ends; /* bytes of CRLFCRLF that the head ends with so far */
    uint16_t preamble; /* bytes */
    uint16_t head_count;

    /* Of the part that has begun: in `head`, decoded. No file name: NULL. */
    vn_span name;
    vn_span file_name;
    vn_span content_type;
    uint8_t head[VN_MULTIPART_HEAD_MAX];
} vn_multipart;

/* Find the boundary in the value of a Content-Type. Returns false where it is no
 * multipart/form-data, or has none that is valid. */
bool vn_multipart_boundary(vn_span content_type, vn_span *boundary);

/* Begin with a boundary of 1 to VN_MULTIPART_BOUNDARY_MAX bytes. It must not be moved while a part
 * is looked at. */
void vn_multipart_begin(vn_multipart *multipart, vn_span boundary);

/* Use bytes from the beginning of `input`, as far as the next thing that is found. For DATA, `data`
 * is not empty: a part of the input, or of `multipart` itself, until the next call. Returns what it
 * is, or -status (400, 431): it is no form. */
int32_t vn_multipart_next(vn_multipart *multipart, vn_span *input, vn_span *data);

#endif
