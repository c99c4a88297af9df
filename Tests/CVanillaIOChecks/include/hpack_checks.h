// SPDX-License-Identifier: MIT
/* hpack_checks.h - checks of HTTP/2's fields, frames and priorities. Each returns NULL, or a
 * message that says what failed; it is valid until the thread's next check. A `seed` makes a random
 * check repeatable. */
#ifndef VN_HPACK_CHECKS_H
#define VN_HPACK_CHECKS_H

#include <stdint.h>

/* Every block of RFC 7541, appendix C, with the table after it. */
const char *vn_check_hpack_examples(void);
/* Blocks that are none, each by its rule: the connection cannot go on. And those that are just
 * allowed. */
const char *vn_check_hpack_errors(void);
/* Each block of appendix C, cut off at each byte: what is left is a block of fewer fields or none
 * at all. */
const char *vn_check_hpack_cuts(void);
/* Each symbol, alone and beside others; padding of each kind; EOS. */
const char *vn_check_huffman(void);
/* What an encoder writes is what a decoder reads, while the limit of the table goes up and down,
 * fields come back and old ones go; and the two tables are alike. */
const char *vn_check_hpack_round_trip(uint64_t seed);
/* An encoder says that the table has changed, the least it was and what it is. */
const char *vn_check_hpack_limits(void);
/* How fields are written: in the table, not in the table, never. */
const char *vn_check_hpack_indexing(void);
/* A text that is longer than the room is cut, and the table is right. */
const char *vn_check_hpack_long_fields(void);

/* The length and the stream of each type of frame, at its limits and beyond. */
const char *vn_check_frame_shapes(void);
/* Padding, settings, and heads that are read as they were written. */
const char *vn_check_frame_parts(void);
/* Priorities: what is said, and what means nothing. */
const char *vn_check_priorities(void);

#endif
