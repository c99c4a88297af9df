// SPDX-License-Identifier: MIT
/* listener_darwin.c - listening on macOS, whose SO_REUSEPORT gives all connections to one of the
 * sockets that share a port: there is one. */
#include "listener.h"

#if defined(__APPLE__)

#include <errno.h>

int32_t vn_listener_bind(int32_t fd, struct vn_address *address, bool is_first)
{
    (void) is_first;
    return bind(fd, vn_address_generic(address), address->size) < 0 ? -errno : 0;
}

bool vn_listener_is_balanced(void)
{
    return false;
}

void vn_listener_finish(int32_t fd)
{
    (void) fd; /* there is no such thing */
}

#endif
