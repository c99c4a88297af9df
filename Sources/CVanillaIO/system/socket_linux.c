// SPDX-License-Identifier: MIT
/* socket_linux.c - what Linux tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__linux__)

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, TIOCOUTQ, &count) == 0 && count > 0 ? (uint64_t) count : 0;
}

/* The second of three numbers of pages: tcp(7). Only the network namespace that the system began
 * with shows them, so not a container. */
uint64_t vn_socket_memory_limit(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/tcp_mem", "re");
    if (file != NULL && fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? pages * (uint64_t) size : 0;
}

#endif
