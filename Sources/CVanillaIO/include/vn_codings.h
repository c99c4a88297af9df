// SPDX-License-Identifier: MIT
/* vn_codings.h - which content codings a client takes (RFC 9110, section 12.5.3). */
#ifndef VN_CODINGS_H
#define VN_CODINGS_H

#include "vn_request.h"

/* In the order in which the server prefers them among equals, the last one first. */
enum { VN_CODING_IDENTITY, VN_CODING_GZIP, VN_CODING_BROTLI, VN_CODING_ZSTD, VN_CODINGS };

enum { VN_WEIGHT_MAX = 1000 };

/* The weight of each, in thousandths; 0: refused. */
typedef struct vn_coding_weights {
    uint16_t of[VN_CODINGS];
} vn_coding_weights;

/* What the request's Accept-Encoding says. Without one, and with an empty one, it is the identity
 * alone: a client that takes a coding says so. The identity weighs next to nothing where it is not
 * named, so that any coding that the client names comes before it. */
vn_coding_weights vn_request_codings(const vn_request *request);

/* The coding to send, of those whose bits (1 << VN_CODING_...) are in `available`; -1: the client
 * takes none of them. */
int32_t vn_codings_choose(const vn_coding_weights *weights, uint32_t available);

#endif
