// SPDX-License-Identifier: MIT
/* signals.h - SIGTERM and SIGINT for the servers that run. */
#ifndef VN_SERVE_SIGNALS_H
#define VN_SERVE_SIGNALS_H

#include <stdatomic.h>

#include "../base/base.h"

/* One who wants to hear of signals: `count` of them since it began, and `bell` (an eventfd) rung
 * for each. */
struct vn_signals {
    _Atomic uint32_t count;
    int32_t bell;
};

/* Install the handlers, the first time, and listen. Returns 0, -errno, or -EAGAIN when too many
 * listen. Any thread. */
int32_t vn_signals_begin(struct vn_signals *signals);

/* Stop listening; the last one puts back the handlers of before. No handler uses `signals` when it
 * returns. */
void vn_signals_end(struct vn_signals *signals);

/* Ring a bell. Safe in a signal handler. */
void vn_bell_ring(int32_t bell);

#endif
