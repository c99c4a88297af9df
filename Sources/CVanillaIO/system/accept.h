// SPDX-License-Identifier: MIT
/* accept.h - accept(2), and what its refusals mean. */
#ifndef VN_SYSTEM_ACCEPT_H
#define VN_SYSTEM_ACCEPT_H

#include "../base/base.h"

/* A connection from the queue of a listening socket, close-on-exec and without SIGPIPE where that
 * is a property of sockets. Returns its descriptor or -errno. */
int32_t vn_accept(int32_t fd);

/* Whether accepting failed for one connection only (or none), so that the next call may succeed at
 * once. */
bool vn_accept_is_transient(int32_t error);

/* A connection from the queue of a listening socket at its end, or below 0 when there is none. */
int32_t vn_accept_rest(int32_t fd);

#endif
