// SPDX-License-Identifier: MIT
/* ring_checks.h - the contract of the ring, the same sentences for every backend.
 *
 * Each check runs on a thread of its own with a descriptor table of its own, so that it can
 * count descriptors and use them up while other tests run beside it. Each returns NULL, or what
 * is wrong. */
#ifndef VN_RING_CHECKS_H
#define VN_RING_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VN_CHECK_URING,         /* as a server gets it */
    VN_CHECK_URING_PLAIN,   /* with no flags at all, as from a kernel that knows none of them */
    VN_CHECK_URING_CRAMPED, /* with the smallest queues, so that they are always full */
    VN_CHECK_EPOLL,
    VN_CHECK_KQUEUE,
};

enum { VN_CHECK_TCP, VN_CHECK_LOCAL };

typedef struct vn_ring_place {
    int32_t backend;   /* VN_CHECK_URING ... */
    int32_t transport; /* VN_CHECK_TCP ... */
} vn_ring_place;

/* Whether this system lets the backend be opened. */
bool vn_ring_is_available(int32_t backend);

/* What the contract says, by number; NULL after the last. */
const char *vn_ring_sentence(int32_t index);
const char *vn_check_ring(int32_t index, vn_ring_place place);

/* Not of a place: AUTO where the system forbids io_uring. */
const char *vn_check_falls_back(void);

#endif
