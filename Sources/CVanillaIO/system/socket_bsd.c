// SPDX-License-Identifier: MIT
/* socket_bsd.c - what FreeBSD tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__FreeBSD__)

#include <sys/filio.h>
#include <sys/ioctl.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, FIONWRITE, &count) == 0 && count > 0 ? (uint64_t) count : 0;
}

uint64_t vn_socket_memory_limit(void)
{
    return 0;
}

#endif
