// SPDX-License-Identifier: MIT
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Bytes that a socket keeps beyond those on their way to the client. */
enum { UNSENT_MOST = 128 * 1024 };

static struct sockaddr *generic(struct vn_listener_address *address)
{
    return (struct sockaddr *) &address->address;
}

static void set_any_ipv4(struct vn_listener_address *address, uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    *address = (struct vn_listener_address) {.size = sizeof any};
    memcpy(&address->address, &any, sizeof any);
}

/* ---- Addresses ---- */

int32_t vn_listener_parse(struct vn_listener_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    *address = (struct vn_listener_address) {0};
    if (host != NULL && inet_pton(AF_INET, host, &ipv4.sin_addr) == 1) {
        address->size = sizeof ipv4;
        memcpy(&address->address, &ipv4, sizeof ipv4);
        return 0;
    }

    char bare[INET6_ADDRSTRLEN] = "::";
    size_t count = host != NULL ? strlen(host) : 0;
    bool has_brackets = count >= 2 && host[0] == '[' && host[count - 1] == ']';
    if (host != NULL) {
        size_t bare_count = has_brackets ? count - 2 : count;
        if (bare_count >= sizeof bare)
            return -EINVAL;
        memcpy(bare, has_brackets ? host + 1 : host, bare_count);
        bare[bare_count] = '\0';
    }
    if (inet_pton(AF_INET6, bare, &ipv6.sin6_addr) != 1)
        return -EINVAL;
    address->size = sizeof ipv6;
    memcpy(&address->address, &ipv6, sizeof ipv6);
    return 0;
}

int32_t vn_listener_parse_path(struct vn_listener_address *address, const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t count = strlen(path);
    if (count == 0)
        return -EINVAL;
    if (count >= sizeof local.sun_path)
        return -ENAMETOOLONG;
    memcpy(local.sun_path, path, count + 1);
    *address = (struct vn_listener_address) {.size = sizeof local};
    memcpy(&address->address, &local, sizeof local);
    return 0;
}

uint16_t vn_listener_port(const struct vn_listener_address *address)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    switch (address->address.ss_family) {
    case AF_INET:
        memcpy(&ipv4, &address->address, sizeof ipv4);
        return ntohs(ipv4.sin_port);
    case AF_INET6:
        memcpy(&ipv6, &address->address, sizeof ipv6);
        return ntohs(ipv6.sin6_port);
    default:
        return 0;
    }
}

static bool is_any_ipv6(const struct vn_listener_address *address)
{
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, &address->address, sizeof ipv6);
    return ipv6.sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6.sin6_addr);
}

/* ---- Opening ---- */

static int32_t open_socket(int32_t family)
{
    int32_t fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : -errno;
}

static int32_t set_flag(int32_t fd, int32_t level, int32_t option, int32_t value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

/* Without SO_REUSEPORT bind fails when anybody listens on the port, whatever options they set.
 * Setting it afterwards lets the further sockets of this server join. */
static int32_t bind_port(int32_t fd, struct vn_listener_address *address, bool is_first)
{
    int32_t error;
    if ((error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1)) < 0)
        return error;
    if (!is_first && (error = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1)) < 0)
        return error;
    if (is_any_ipv6(address) && (error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) < 0)
        return error;
    if (bind(fd, generic(address), address->size) < 0)
        return -errno;
    if (is_first && (error = set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1)) < 0)
        return error;
    if ((error = set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1)) < 0)
        return error;
    /* tcp(7): without it the kernel takes megabytes for a client that reads slowly. Not every system
     * knows it. */
    set_flag(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MOST);
    address->size = sizeof address->address;
    return getsockname(fd, generic(address), &address->size) < 0 ? -errno : 0;
}

/* Whether the path of a unix domain socket can be bound; a socket file that nobody listens on is
 * removed. */
static int32_t clear_path(const char *path, struct vn_listener_address *address)
{
    struct stat found;
    if (lstat(path, &found) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(found.st_mode))
        return -ENOTSOCK;

    int32_t fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    bool is_stale = connect(fd, generic(address), address->size) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (!is_stale)
        return -EADDRINUSE;
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The mode is set before the file exists, so that it is never wider than asked, and after,
 * because bind applies the umask. */
static int32_t bind_path(int32_t fd, struct vn_listener_address *address, uint32_t mode)
{
    struct sockaddr_un local;
    memcpy(&local, &address->address, sizeof local);
    int32_t error = clear_path(local.sun_path, address);
    if (error < 0)
        return error;
    if (fchmod(fd, mode) < 0)
        return -errno;
    if (bind(fd, generic(address), address->size) < 0)
        return -errno;
    if (chmod(local.sun_path, mode) == 0)
        return 0;
    error = -errno;
    unlink(local.sun_path);
    return error;
}

static int32_t open_and_bind(struct vn_listener_address *address, bool is_first, uint32_t mode,
                             enum vn_listener_step *step)
{
    int32_t family = address->address.ss_family;
    *step = VN_LISTENER_SOCKET;
    int32_t fd = open_socket(family);
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

int32_t vn_listener_open(struct vn_listener_address *address, bool is_first, uint32_t backlog,
                         uint32_t mode, enum vn_listener_step *step)
{
    int32_t fd = open_and_bind(address, is_first, mode, step);
    if ((fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) && is_any_ipv6(address)) {
        set_any_ipv4(address, vn_listener_port(address));
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

/* ---- Connected sockets ---- */

size_t vn_socket_peer(int32_t fd, char *text, size_t capacity, uint16_t *port)
{
    struct vn_listener_address peer = {.size = sizeof peer.address};
    *port = 0;
    if (capacity > 0)
        text[0] = '\0';
    if (getpeername(fd, generic(&peer), &peer.size) < 0)
        return 0;

    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    memcpy(&ipv4, &peer.address, sizeof ipv4);
    memcpy(&ipv6, &peer.address, sizeof ipv6);
    const void *bytes = &ipv4.sin_addr;
    int32_t family = peer.address.ss_family;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
        /* An IPv4 client of a socket for both. */
        family = AF_INET;
        bytes = &ipv6.sin6_addr.s6_addr[12];
    } else if (family == AF_INET6) {
        bytes = &ipv6.sin6_addr;
    } else if (family != AF_INET) {
        return 0;
    }
    if (inet_ntop(family, bytes, text, (socklen_t) capacity) == NULL)
        return 0;
    *port = vn_listener_port(&peer);
    return strlen(text);
}

bool vn_socket_has_input(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

uint64_t vn_socket_in_flight(int32_t fd)
{
    int32_t count = 0;
    return ioctl(fd, TIOCOUTQ, &count) == 0 && count > 0 ? (uint64_t) count : 0;
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
