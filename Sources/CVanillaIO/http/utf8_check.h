// SPDX-License-Identifier: MIT
/* utf8_check.h - text that comes in pieces, checked as it comes (RFC 3629): it fails at the first
 * byte that no text goes on with. */
#ifndef VN_HTTP_UTF8_CHECK_H
#define VN_HTTP_UTF8_CHECK_H

#include "../include/vn_request.h"

/* Between two pieces. Zeroed at the begin. */
struct vn_utf8_check {
    uint8_t left; /* bytes that a sequence still needs */
    uint8_t min; /* the next one's range, where `left` is not 0 */
    uint8_t max;
};

/* The next piece. Returns how many of its bytes are text: all of them, or those before the first
 * wrong one. */
size_t vn_utf8_check(struct vn_utf8_check *check, vn_span piece);

/* The same byte by byte: what the other is measured by. */
size_t vn_utf8_check_portable(struct vn_utf8_check *check, vn_span piece);

/* Whether the text may end here. */
static inline bool vn_utf8_is_complete(const struct vn_utf8_check *check)
{
    return check->left == 0;
}

#endif
