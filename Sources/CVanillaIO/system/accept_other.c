// SPDX-License-Identifier: MIT
/* accept_other.c - new sockets of Linux and FreeBSD, which are close-on-exec from the beginning. */
#include "accept.h"

#include "socket.h"

#if !defined(__APPLE__)

#include <errno.h>
#include <sys/socket.h>

int32_t vn_accept(int32_t fd)
{
    int32_t accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    return accepted >= 0 ? accepted : -errno;
}

int32_t vn_socket_open(int32_t family)
{
    int32_t fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

#endif
