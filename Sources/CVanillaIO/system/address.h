// SPDX-License-Identifier: MIT
/* address.h - where a socket listens or comes from: IPv4, IPv6 or the path of a unix domain
 * socket. */
#ifndef VN_SYSTEM_ADDRESS_H
#define VN_SYSTEM_ADDRESS_H

#include <sys/socket.h>

#include "../base/base.h"

struct vn_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

static inline struct sockaddr *vn_address_generic(struct vn_address *address)
{
    return (struct sockaddr *) &address->storage;
}

/* Parse a numeric IPv4 or IPv6 address, in brackets or not ("127.0.0.1", "::1", "[::]"), and with
 * an interface where it is of one link (RFC 4007, section 11: "fe80::1%eth0", "fe80::1%2"; as in a
 * URL, by RFC 6874: "fe80::1%25eth0"). NULL: every address, IPv6 and IPv4 over one socket. Returns
 * 0, -EINVAL or -ENODEV: there is no such interface. */
int32_t vn_address_parse(struct vn_address *address, const char *host, uint16_t port);

/* The address of a unix domain socket. A path that begins with "@" stands for a name in the
 * abstract namespace, which is no file (unix(7)). Returns 0, -EINVAL for an empty path or name, or
 * -ENAMETOOLONG. */
int32_t vn_address_parse_path(struct vn_address *address, const char *path);

/* Whether a path of a unix domain socket is an abstract name. */
static inline bool vn_path_is_abstract(const char *path)
{
    return path[0] == '@';
}

/* Every IPv4 address. */
void vn_address_set_any_ipv4(struct vn_address *address, uint16_t port);

/* Whether it is every IPv6 address. */
bool vn_address_is_any_ipv6(const struct vn_address *address);

/* The port of a TCP address, 0 for a unix path. */
uint16_t vn_address_port(const struct vn_address *address);

/* Set the port of a TCP address. */
void vn_address_set_port(struct vn_address *address, uint16_t port);

/* The numeric address without port ("127.0.0.1", "::1"; "" for a unix path) into `text`, which has
 * room for `capacity` bytes with the final NUL. An IPv4 address that is mapped into IPv6 is written
 * as IPv4. Returns its length; 0 when there is none. */
size_t vn_address_write(const struct vn_address *address, char *text, size_t capacity);

#endif
