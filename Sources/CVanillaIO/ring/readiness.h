// SPDX-License-Identifier: MIT
/* readiness.h - what readiness.c.h and the backends that include it both know of a source. */
#ifndef VN_RING_READINESS_H
#define VN_RING_READINESS_H

#include <stdint.h>

/* The system's name of the wakeup; no slab has this index. */
static const uint64_t WAKEUP_NAME = UINT32_MAX;

/* Bits of vn_source.wants. */
enum { WANTS_RECEIVE = 1, WANTS_WATCH = 2, WANTS_END = 4, WANTS_QUIET = 8, WANTS_READ = 16 };

/* Bits of vn_source.has. */
enum {
    IS_READABLE = 1,   /* a receive may find input */
    IS_HUNG_UP = 2,    /* the end of input or an error waits after the input */
    IS_REGISTERED = 4, /* the system knows the descriptor */
    IS_LISTENING = 8,
    IS_SHARED =
        16, /* others may hold the same open file: closing may not make the system forget it */
    IS_QUEUED = 32, /* on `turns`, `full` or `ended` */
    HAS_OWN_1 = 64, /* the backend's */
    HAS_OWN_2 = 128,
};

/* What the system said of a source. */
struct found {
    uint64_t name; /* generation and index, from the high bits on */
    uint32_t events; /* bits of the backend */
    uint32_t count; /* bytes of input, where the system says so */
};

#endif
