// SPDX-License-Identifier: MIT
/* accept_darwin.c - new sockets of macOS, which become close-on-exec, and keep SIGPIPE away, only
 * after they were made. */
#include "accept.h"

#include "socket.h"

#if defined(__APPLE__)

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns the descriptor or -errno; then it is closed. */
static int32_t prepare(int32_t fd)
{
    int32_t one = 1;
    if (fd < 0)
        return -errno;
    /* EINVAL: the peer of an accepted one has gone already, and what is sent to it fails. */
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
        (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one) == 0 || errno == EINVAL))
        return fd;
    int32_t error = -errno;
    close(fd);
    return error;
}

int32_t vn_accept(int32_t fd)
{
    return prepare(accept(fd, NULL, NULL));
}

int32_t vn_socket_open(int32_t family)
{
    return prepare(socket(family, SOCK_STREAM, 0));
}

#endif
