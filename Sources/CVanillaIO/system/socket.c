// SPDX-License-Identifier: MIT
#include "socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"

size_t vn_socket_peer(int32_t fd, char *text, size_t capacity, uint16_t *port)
{
    struct vn_address peer = {.size = sizeof peer.storage};
    *port = 0;
    if (capacity > 0)
        text[0] = '\0';
    if (getpeername(fd, vn_address_generic(&peer), &peer.size) < 0)
        return 0;
    size_t count = vn_address_write(&peer, text, capacity);
    if (count > 0)
        *port = vn_address_port(&peer);
    return count;
}

enum { MEMORY_PART = 16 }; /* of the memory: what Linux takes for that bound by itself */

uint64_t vn_socket_memory(void)
{
    uint64_t limit = vn_socket_memory_limit();
    if (limit > 0)
        return limit;
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t) pages / MEMORY_PART * (uint64_t) size : 0;
}

bool vn_socket_has_input(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

bool vn_socket_has_failed(int32_t fd)
{
    int32_t error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
}

void vn_socket_abandon_output(int32_t fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void vn_socket_finish(int32_t fd)
{
    shutdown(fd, SHUT_WR);
}
