// SPDX-License-Identifier: MIT
/* socket.h - the few things asked of a connected socket outside the ring. */
#ifndef VN_SYSTEM_SOCKET_H
#define VN_SYSTEM_SOCKET_H

#include "../base/base.h"

/* A socket for a stream, close-on-exec and without SIGPIPE where that is a property of sockets.
 * Returns its descriptor or -errno. */
int32_t vn_socket_open(int32_t family);

/* The peer's numeric address without port and the port, as vn_request_peer describes. */
size_t vn_socket_peer(int32_t fd, char *text, size_t capacity, uint16_t *port);

/* Whose process the peer of a unix domain socket was when it connected; process 0: the system does
 * not say. Returns false where the socket is another. */
struct vn_credentials {
    uint32_t user, group;
    int32_t process;
};
bool vn_socket_credentials(int32_t fd, struct vn_credentials *credentials);

/* Whether received bytes wait in a connected socket. */
bool vn_socket_has_input(int32_t fd);

/* Whether the connection broke since that was asked last. */
bool vn_socket_has_failed(int32_t fd);

/* Bytes that were sent but have not arrived at the peer, as far as its acknowledgements say. */
uint64_t vn_socket_in_flight(int32_t fd);

/* Bytes that all sockets of TCP may hold before the system begins to be sparing with its memory for
 * them; 0: it is not known. */
uint64_t vn_socket_memory(void);

/* The same as the system says it; 0 where it does not. */
uint64_t vn_socket_memory_limit(void);

/* Have the close that follows drop what was sent and has not arrived, and reset the connection.
 * Otherwise the kernel would keep those bytes for as long as the peer takes a little of them. */
void vn_socket_abandon_output(int32_t fd);

/* Send FIN: no more output will follow; input still comes. */
void vn_socket_finish(int32_t fd);

#endif
