// SPDX-License-Identifier: MIT
/* signals.h - SIGTERM and SIGINT for the servers that run. */
#ifndef VN_SERVE_SIGNALS_H
#define VN_SERVE_SIGNALS_H

#include <signal.h>
#include <stdatomic.h>

#include "../base/base.h"

/* One who wants to hear of signals: `count` of them since it began, and `bell` (an eventfd) rung
 * for each. */
struct vn_signals {
    _Atomic uint32_t count;
    _Atomic uint32_t obeyed; /* of them */
    int32_t bell;
    sigset_t mask; /* the listening thread's, as it was before */
};

/* Install the handlers, the first time, and listen. The calling thread takes the signals, even if
 * they were blocked in it: a child of a threaded program often begins that way. Returns 0, -errno,
 * or -EAGAIN when too many listen. Any thread. */
int32_t vn_signals_begin(struct vn_signals *signals);

/* Stop listening, on the same thread; the last one puts back the handlers of before. No handler
 * uses `signals` when it returns. */
void vn_signals_end(struct vn_signals *signals);

/* Ring a bell. Safe in a signal handler. */
void vn_bell_ring(int32_t bell);

#endif
