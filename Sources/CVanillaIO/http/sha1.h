// SPDX-License-Identifier: MIT
/* sha1.h - SHA-1 (FIPS 180-4), for the handshake of WebSocket alone, where it protects nothing: it
 * shows that a server knows the protocol (RFC 6455, section 1.3). */
#ifndef VN_HTTP_SHA1_H
#define VN_HTTP_SHA1_H

#include "../include/vn_request.h"

enum { VN_SHA1_SIZE = 20, VN_SHA1_TEXT_MAX = 119 }; /* what fits into two blocks */

/* The digest of a text of at most VN_SHA1_TEXT_MAX bytes. */
void vn_sha1(vn_span text, uint8_t digest[VN_SHA1_SIZE]);

#endif
