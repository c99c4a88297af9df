// SPDX-License-Identifier: MIT
/* signals.h - SIGTERM, SIGINT and SIGHUP for the servers that run, and SIGPIPE for none. */
#ifndef VN_SYSTEM_SIGNALS_H
#define VN_SYSTEM_SIGNALS_H

#include <signal.h>
#include <stdatomic.h>

#include "../base/base.h"

/* An observer of signals: `count` of them came since it began, and for each of them `signal_fd`, a
 * descriptor of wakeup.h, was made readable. SIGHUP counts where nothing came before it. */
struct vn_signals {
    _Atomic uint32_t count;
    _Atomic uint32_t obeyed; /* of them */
    _Atomic bool keeps_hangups; /* SIGHUP is counted here instead: */
    _Atomic uint32_t hangups;
    int32_t signal_fd;
    sigset_t mask; /* the observing thread's, as it was before */
};

/* Install the handlers, the first time, but none for a SIGHUP that is ignored, and observe. The
 * calling thread takes the signals, even if they were blocked in it: a child of a threaded program
 * often begins that way. Returns 0, -errno, or -EAGAIN when too many observe. Any thread. */
int32_t vn_signals_begin(struct vn_signals *signals);

/* Observe no longer, on the same thread; the last one puts back the handlers of before. No handler
 * uses `signals` when it returns. */
void vn_signals_end(struct vn_signals *signals);

/* Keep SIGPIPE from the calling thread, whose mask of before is kept in `before`. */
void vn_signal_pipe_block(sigset_t *before);

/* Put the mask back. A SIGPIPE that came meanwhile is lost. */
void vn_signal_pipe_restore(const sigset_t *before);

#endif
