// SPDX-License-Identifier: MIT
/* poll.h - poll(2) with a timeout in nanoseconds. */
#ifndef VN_SYSTEM_POLL_H
#define VN_SYSTEM_POLL_H

#include <poll.h>

#include "../base/base.h"

/* As poll(2); a timeout below 0 does not end. */
int32_t vn_poll(struct pollfd *polled, nfds_t count, int64_t timeout);

#endif
