// SPDX-License-Identifier: MIT
/* socket_darwin.c - what macOS tells of a socket by calls of its own. */
#include "socket.h"

#if defined(__APPLE__)

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    socklen_t size = sizeof count;
    return getsockopt(fd, SOL_SOCKET, SO_NWRITE, &count, &size) == 0 && count > 0 ? (uint64_t) count
                                                                                  : 0;
}

bool vn_socket_credentials(int32_t fd, struct vn_credentials *credentials)
{
    uid_t user;
    gid_t group;
    pid_t process = 0;
    socklen_t size = sizeof process;
    if (getpeereid(fd, &user, &group) < 0)
        return false;
    if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &process, &size) < 0)
        process = 0;
    *credentials = (struct vn_credentials) {user, group, process};
    return true;
}

uint64_t vn_socket_memory_limit(void)
{
    return 0;
}

#endif
