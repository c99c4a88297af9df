// SPDX-License-Identifier: MIT
/* listener_bsd.c - sharing a port on FreeBSD, which spreads connections over the sockets that have
 * SO_REUSEPORT_LB as they are bound. */
#include "listener.h"

#if defined(__FreeBSD__)

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "socket.h"

static int32_t set_flag(int32_t fd, int32_t level, int32_t option, int32_t value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

/* Bind a socket that does not listen, as the other one is to be: which fails where anybody has the
 * address, whatever options they set. Returns its descriptor or -errno. */
static int32_t hold_address(int32_t fd, struct vn_address *address)
{
    int32_t family = address->storage.ss_family, is_alone = 0, error = 0;
    socklen_t size = sizeof is_alone;
    int32_t holder = vn_socket_open(family);
    if (holder < 0)
        return holder;
    error = set_flag(holder, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error == 0 && family == AF_INET6 &&
        getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_alone, &size) == 0)
        error = set_flag(holder, IPPROTO_IPV6, IPV6_V6ONLY, is_alone);
    if (error == 0 && (bind(holder, vn_address_generic(address), address->size) < 0 ||
                       getsockname(holder, vn_address_generic(address), &address->size) < 0))
        error = -errno;
    if (error == 0)
        return holder;
    close(holder);
    return error;
}

/* A socket that has the option joins whoever has it as well. So the first one comes beside another
 * that has found the address free and lets it be joined only then. */
int32_t vn_listener_bind(int32_t fd, struct vn_address *address, bool is_first)
{
    int32_t holder = -1;
    if (is_first && (holder = hold_address(fd, address)) < 0)
        return holder;
    /* Where it is too late for that, the address is free for a moment. */
    if (holder >= 0 && set_flag(holder, SOL_SOCKET, SO_REUSEPORT_LB, 1) < 0) {
        close(holder);
        holder = -1;
    }
    int32_t error = set_flag(fd, SOL_SOCKET, SO_REUSEPORT_LB, 1);
    if (error == 0 && bind(fd, vn_address_generic(address), address->size) < 0)
        error = -errno;
    if (holder >= 0)
        close(holder);
    return error;
}

bool vn_listener_is_balanced(void)
{
    return true;
}

void vn_listener_finish(int32_t fd)
{
    (void) fd; /* there is no such thing */
}

#endif
