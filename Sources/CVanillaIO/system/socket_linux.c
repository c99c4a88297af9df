// SPDX-License-Identifier: MIT
/* socket_linux.c - what Linux tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__linux__)

#include <sys/ioctl.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, TIOCOUTQ, &count) == 0 && count > 0 ? (uint64_t) count : 0;
}

#endif
