// SPDX-License-Identifier: MIT
/* accept_other.c - accepting by accept4(2) of Linux and FreeBSD. */
#include "accept.h"

#if !defined(__APPLE__)

#include <errno.h>
#include <sys/socket.h>

int32_t vn_accept(int32_t fd)
{
    int32_t accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    return accepted >= 0 ? accepted : -errno;
}

#endif
