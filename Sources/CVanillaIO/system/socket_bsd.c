// SPDX-License-Identifier: MIT
/* socket_bsd.c - what FreeBSD tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__FreeBSD__)

#include <sys/types.h>

#include <sys/filio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/ucred.h>
#include <sys/un.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, FIONWRITE, &count) == 0 && count > 0 ? (uint64_t) count : 0;
}

bool vn_socket_credentials(int32_t fd, struct vn_credentials *credentials)
{
    struct xucred found;
    socklen_t size = sizeof found;
    if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &found, &size) < 0 ||
        found.cr_version != XUCRED_VERSION)
        return false;
    *credentials = (struct vn_credentials) {found.cr_uid, found.cr_gid, found.cr_pid};
    return true;
}

uint64_t vn_socket_memory_limit(void)
{
    return 0;
}

#endif
