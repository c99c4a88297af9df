// SPDX-License-Identifier: MIT
/* listener.h - listening sockets, and the few things asked of a socket outside the ring. */
#ifndef VN_RING_LISTENER_H
#define VN_RING_LISTENER_H

#include <sys/socket.h>

#include "../base/base.h"

enum vn_listener_step {
    VN_LISTENER_ADDRESS = 1,
    VN_LISTENER_SOCKET,
    VN_LISTENER_BIND,
    VN_LISTENER_LISTEN
};

/* Where to listen. */
struct vn_listener_address {
    struct sockaddr_storage address;
    socklen_t size;
};

/* Parse a numeric IPv4 or IPv6 address, in brackets or not ("127.0.0.1", "::1", "[::]"). NULL:
 * every address, IPv6 and IPv4 over one socket. Returns 0 or -EINVAL. */
int32_t vn_listener_parse(struct vn_listener_address *address, const char *host, uint16_t port);

/* The address of a unix domain socket. Returns 0, -EINVAL for an empty path or -ENAMETOOLONG. */
int32_t vn_listener_parse_path(struct vn_listener_address *address, const char *path);

/* Open a blocking, close-on-exec listening socket with SO_REUSEADDR, SO_REUSEPORT and TCP_NODELAY
 * (inherited by what it accepts). `is_first` binds alone, so that a port in use by anybody else is
 * found out, and shares it only then; further ones of the same server join. A wildcard address
 * falls back to IPv4 where there is no IPv6. For a unix path: a socket file that nobody listens on
 * is replaced, anything else is refused (-EADDRINUSE, -ENOTSOCK), and the file gets `mode`. Returns
 * the descriptor or -errno, and in `step` what failed. Writes the port bound back into `address`.
 */
int32_t vn_listener_open(struct vn_listener_address *address, bool is_first, uint32_t backlog,
                         uint32_t mode, enum vn_listener_step *step);

/* The port of a TCP address, 0 for a unix path. */
uint16_t vn_listener_port(const struct vn_listener_address *address);

/* The peer's numeric address without port and the port, as vn_request_peer says. */
size_t vn_socket_peer(int32_t fd, char *text, size_t capacity, uint16_t *port);

/* Whether received bytes wait in a connected socket. */
bool vn_socket_has_input(int32_t fd);

/* Bytes that were sent but have not arrived at the peer, as far as its acknowledgements say. */
uint64_t vn_socket_in_flight(int32_t fd);

/* Have the close that follows drop what was sent and has not arrived, and reset the connection.
 * Otherwise the kernel would keep those bytes for as long as the peer takes a little of them. */
void vn_socket_abandon_output(int32_t fd);

/* Send FIN: no more output will follow; input still comes. */
void vn_socket_finish(int32_t fd);

#endif
