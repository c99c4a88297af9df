// SPDX-License-Identifier: MIT
/* poll_darwin.c - by poll(2), whose timeout is in milliseconds: one that is not is made longer. */
#include "poll.h"

#if defined(__APPLE__)

#include <limits.h>

int32_t vn_poll(struct pollfd *polled, nfds_t count, int64_t timeout)
{
    int64_t span = timeout / 1000000 + (timeout % 1000000 > 0);
    return poll(polled, count, timeout < 0 ? -1 : (int32_t) (span < INT_MAX ? span : INT_MAX));
}

#endif
