// SPDX-License-Identifier: MIT
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket.h"

#ifndef TCP_NOTSENT_LOWAT
#define TCP_NOTSENT_LOWAT 0 /* where there is no such option */
#endif

/* Bytes that a socket keeps beyond those on their way to the client. */
enum { UNSENT_MAX = 128 * 1024 };

static int32_t set_flag(int32_t fd, int32_t level, int32_t option, int32_t value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static int32_t bind_port(int32_t fd, struct vn_address *address, bool is_first)
{
    int32_t error;
    if ((error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1)) < 0)
        return error;
    if (vn_address_is_any_ipv6(address) && (error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) < 0)
        return error;
    if ((error = vn_listener_bind(fd, address, is_first)) < 0)
        return error;
    if ((error = set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1)) < 0)
        return error;
    /* tcp(7): without it the kernel takes megabytes for a client that reads slowly. Not every
     * system knows it. */
    if (TCP_NOTSENT_LOWAT != 0)
        set_flag(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
    address->size = sizeof address->storage;
    return getsockname(fd, vn_address_generic(address), &address->size) < 0 ? -errno : 0;
}

/* Whether the path of a unix domain socket can be bound; a socket file that nobody listens on is
 * removed. */
static int32_t clear_path(const char *path, struct vn_address *address)
{
    struct stat found;
    if (lstat(path, &found) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(found.st_mode))
        return -ENOTSOCK;

    int32_t fd = vn_socket_open(AF_UNIX);
    if (fd < 0)
        return fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    bool is_stale =
        connect(fd, vn_address_generic(address), address->size) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (!is_stale)
        return -EADDRINUSE;
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The mode is set before the file exists, so that it is never wider than asked, and after,
 * because bind applies the umask. */
static int32_t bind_path(int32_t fd, struct vn_address *address, uint32_t mode)
{
    struct sockaddr_un local;
    memcpy(&local, &address->storage, sizeof local);
    if (local.sun_path[0] == '\0') /* an abstract name: no file, and no mode */
        return bind(fd, vn_address_generic(address), address->size) < 0 ? -errno : 0;
    int32_t error = clear_path(local.sun_path, address);
    if (error < 0)
        return error;
    if (fchmod(fd, (mode_t) mode) < 0)
        return -errno;
    if (bind(fd, vn_address_generic(address), address->size) < 0)
        return -errno;
    if (chmod(local.sun_path, (mode_t) mode) == 0)
        return 0;
    error = -errno;
    unlink(local.sun_path);
    return error;
}

static int32_t open_and_bind(struct vn_address *address, bool is_first, uint32_t mode,
                             enum vn_listener_step *step)
{
    int32_t family = address->storage.ss_family;
    *step = VN_LISTENER_SOCKET;
    int32_t fd = vn_socket_open(family);
    if (fd < 0)
        return fd;
    *step = VN_LISTENER_BIND;
    int32_t error =
        family == AF_UNIX ? bind_path(fd, address, mode) : bind_port(fd, address, is_first);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

int32_t vn_listener_open(struct vn_address *address, bool is_first, uint32_t backlog, uint32_t mode,
                         enum vn_listener_step *step)
{
    int32_t fd = open_and_bind(address, is_first, mode, step);
    if ((fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) && vn_address_is_any_ipv6(address)) {
        vn_address_set_any_ipv4(address, vn_address_port(address));
        fd = open_and_bind(address, is_first, mode, step);
    }
    if (fd < 0)
        return fd;

    *step = VN_LISTENER_LISTEN;
    if (listen(fd, backlog < INT32_MAX ? (int32_t) backlog : INT32_MAX) == 0)
        return fd;
    int32_t error = -errno;
    close(fd);
    return error;
}
