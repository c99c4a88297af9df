// SPDX-License-Identifier: MIT
/* loopback.h - a ring without an operating system: input is what it is given, output is kept. It
 * runs vn_server_handle, and, scripted, the tests of everything above the seam. */
#ifndef VN_RING_LOOPBACK_H
#define VN_RING_LOOPBACK_H

#include "ring.h"

/* How the ring behaves. Zeroed: input in whole buffers, sends taken whole and at once. */
struct vn_loopback_script {
    uint32_t receive_max; /* bytes in one RECEIVED; 0: a whole buffer */
    uint32_t send_max; /* bytes that one send takes; 0: all */
    bool sends_later; /* SENT in the next wait instead of at once, as io_uring does */
    bool reads_later; /* READ in the next wait instead of at once */
    bool is_stalled; /* sends are taken up but not finished while this is set */
    int32_t receive_error; /* -errno delivered once, after the input, instead of the end of input */
    int32_t send_error; /* -errno for every send from here on */
    size_t send_fails_after; /* bytes after which every send is -EPIPE; 0: none */
    uint32_t batch; /* events that one wait may return for a source; 0: one */
    bool stays_open; /* no end of input after the input */
    uint64_t seed; /* not 0: all of the above is drawn anew at random for each operation */
};

/* What has happened on one source. */
struct vn_loopback_peer {
    uint8_t *output; /* everything sent, in order */
    size_t output_count;
    size_t output_capacity;
    uint32_t ended; /* ENDED delivered: 0 or 1 */
    bool is_finished; /* the source was ended or half-closed from above */

    /* Not NULL: this one lives. What is sent goes here and is not kept, and input ends when
     * `is_at_end` says so, and not with the bytes that are there. NULL bytes: it has ended, which
     * is the last call. */
    void (*take)(struct vn_loopback_peer *peer, const uint8_t *bytes, size_t count);
    size_t room; /* bytes that it takes; sends wait while it is 0 */
    bool is_at_end;
    int32_t error; /* -errno with which its input ends, and its sends fail; 0: neither */
    struct vn_source *source; /* from the begin to the end; NULL otherwise */
};

int32_t vn_loopback_open(struct vn_ring **ring, struct vn_slab *slab);

struct vn_loopback_script *vn_loopback_script(struct vn_ring *ring);

/* The next source that begins gets this input; `peer` outlives it. The bytes are copied. Returns 0
 * or -ENOMEM. */
int32_t vn_loopback_expect(struct vn_ring *ring, struct vn_loopback_peer *peer,
                           const uint8_t *bytes, size_t count);

/* Whose source it is. */
struct vn_loopback_peer *vn_loopback_peer_of(struct vn_ring *ring, const struct vn_source *source);

/* More input for a source. Returns 0 or -ENOMEM. */
int32_t vn_loopback_feed(struct vn_ring *ring, struct vn_source *source, const uint8_t *bytes,
                         size_t count);

/* Buffers lent that did not come back. */
uint32_t vn_loopback_lent(const struct vn_ring *ring);

#endif
