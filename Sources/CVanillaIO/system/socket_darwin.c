// SPDX-License-Identifier: MIT
/* socket_darwin.c - what macOS tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__APPLE__)

#include <sys/socket.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    socklen_t size = sizeof count;
    return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &size) == 0 && count > 0 ? (uint64_t) count
                                                                                  : 0;
}

uint64_t vn_socket_memory_limit(void)
{
    return 0;
}

#endif
