// SPDX-License-Identifier: MIT
/* xor_transport.h - a transport that changes bytes on the way, for checks that nothing above it
 * takes the wire's bytes for its own. It does what TLS does: the client speaks first and is
 * answered, both sides send records, each side says that it ends, and what is no record ends the
 * connection with a last word.
 *
 *   client: 'X' KEY RECORD... END            server: 'Y' KEY RECORD... (END | ALERT)
 *   RECORD: COUNT BYTES, each byte xored with the next of a key's
 */
#ifndef VN_CHECKS_XOR_TRANSPORT_H
#define VN_CHECKS_XOR_TRANSPORT_H

#include "serve/transport.h"

enum {
    XOR_HELLO = 'X',
    XOR_ANSWER = 'Y',
    XOR_END = 0, /* in place of a count */
    XOR_RECORD_MAX = 251, /* bytes of a record; the first of more is 253 or no record at all */
    XOR_ALERT = 253,
};

extern const struct vn_transport xor_transport;

/* ---- The client's side ---- */

/* What it sends. Zeroed: nothing yet. */
struct xor_sender {
    bool has_begun;
    uint8_t key;
    uint32_t sizes; /* what the next record's is drawn from */
};

/* The wire's bytes for plain ones, with the hello before the first. Returns malloc'ed memory. */
uint8_t *xor_write(struct xor_sender *sender, const void *bytes, size_t count, size_t *wire_count);

/* What it got. Zeroed: nothing yet. */
struct xor_receiver {
    uint8_t stage;
    uint8_t key;
    uint8_t left; /* bytes of the record */
    bool has_ended; /* END came */
    bool was_alerted;
    bool is_broken; /* what came is none of this */
};

/* Read what a server sent. Returns the plain bytes, for which `plain` has room for `count`. */
size_t xor_read(struct xor_receiver *receiver, const uint8_t *wire, size_t count, uint8_t *plain);

#endif
