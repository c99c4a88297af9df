// SPDX-License-Identifier: MIT
/* socket_linux.c - what Linux tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__linux__)

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, TIOCOUTQ, &count) == 0 && count > 0 ? (uint64_t) count : 0;
}

/* A socket of TCP has nobody's. */
bool vn_socket_credentials(int32_t fd, struct vn_credentials *credentials)
{
    struct ucred found;
    socklen_t size = sizeof found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &size) < 0 || found.uid == (uid_t) -1)
        return false;
    *credentials = (struct vn_credentials) {found.uid, found.gid, found.pid};
    return true;
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
