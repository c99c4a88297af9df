// SPDX-License-Identifier: MIT
/* poll_other.c - by ppoll(2) of Linux and FreeBSD. */
#include "poll.h"

#if !defined(__APPLE__)

#include "clock.h"

int32_t vn_poll(struct pollfd *polled, nfds_t count, int64_t timeout)
{
    struct timespec span = vn_duration(timeout < 0 ? 0 : timeout);
    return ppoll(polled, count, timeout < 0 ? NULL : &span, NULL);
}

#endif
