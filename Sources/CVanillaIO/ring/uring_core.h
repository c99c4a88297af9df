// SPDX-License-Identifier: MIT
/* uring_core.h - the state of a ring on io_uring, and what opening it (uring_open.c) and running it
 * (uring.c) share. */
#ifndef VN_RING_URING_CORE_H
#define VN_RING_URING_CORE_H

#if defined(__linux__)

#include <liburing.h>

#include "backend.h"
#include "uring_new.h"

/* Receive buffers: at most as many as let a burst of input not wait for give. The system takes them
 * in turn, so each that it has been given is soon written to: it gets a few, and twice as many
 * whenever a source finds none, so that they stay in the cache, and memory is touched by those
 * servers that need it. */
enum {
    VN_URING_BUFFERS = 1024,
    VN_URING_BUFFERS_FIRST = 64,
    VN_URING_BUFFER_SIZE = 4096,
    VN_URING_BUFFER_GROUP = 0,
};
enum { VN_URING_BUFFER_RING_SIZE = VN_URING_BUFFERS * sizeof(struct io_uring_buf) };

/* Which operation a completion is of: the top byte of its user_data. VN_URING_DONE_SILENTLY has no
 * source. */
enum {
    VN_URING_DONE_SILENTLY,
    VN_URING_WAKEUP,
    VN_URING_RECEIVE,
    VN_URING_SEND,
    VN_URING_ACCEPT,
    VN_URING_WATCH,
    VN_URING_READ
};

struct vn_uring {
    struct vn_ring ring;
    struct io_uring kernel;
    struct io_uring_buf_ring *free_buffers;
    uint8_t *memory; /* of the buffers */
    int32_t issued; /* buffers that are in use, the first ones */
    int32_t lent; /* buffers of those that the owner has */
    int32_t given; /* buffers given back that the kernel was not told of yet */
    int32_t failure; /* -errno that broke the ring for good */
    bool ran_out; /* a source found no buffer since the last submission */
    bool ends_starved; /* a source on `starved` is ending */
    struct vn_source_queue work; /* to look at before the next submission */
    struct vn_source_queue small; /* the same, a few at a time */
    struct vn_source_queue starved; /* found no buffer; wait for give */
    struct vn_source_queue quiet; /* no receive in flight: deliver QUIET */
    struct vn_source_queue ended; /* nothing in flight: deliver ENDED */
    struct vn_wakeup wakeup;
    struct io_uring_sqe nowhere; /* takes the entries of a broken ring */
};

static inline struct vn_uring *uring_of(struct vn_ring *ring)
{
    return vn_holder(ring, struct vn_uring, ring);
}

extern const struct vn_ring_ops vn_uring_ops;

/* An entry to fill. A full queue is handed over first. */
struct io_uring_sqe *vn_uring_next_entry(struct vn_uring *ring);

/* More buffers are in use: that many, or all. */
void vn_uring_issue(struct vn_uring *ring, int32_t count);

/* A buffer is free again; the system is told with the next submission. */
void vn_uring_take_back(struct vn_uring *ring, uint16_t buffer);

/* Have all that was asked in the submission queue, before it is handed over. */
void vn_uring_prepare(struct vn_uring *ring);

/* Hand everything over and wait. Returns 0, or -errno when the ring is broken. */
int32_t vn_uring_enter(struct vn_uring *ring, int64_t timeout);

void vn_uring_submit_wakeup(struct vn_uring *ring);

#endif
#endif
