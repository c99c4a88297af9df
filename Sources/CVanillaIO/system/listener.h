// SPDX-License-Identifier: MIT
/* listener.h - opening a socket that listens. */
#ifndef VN_SYSTEM_LISTENER_H
#define VN_SYSTEM_LISTENER_H

#include "address.h"

enum vn_listener_step {
    VN_LISTENER_ADDRESS = 1,
    VN_LISTENER_SOCKET,
    VN_LISTENER_BIND,
    VN_LISTENER_LISTEN
};

/* Open a blocking, close-on-exec listening socket with SO_REUSEADDR, with TCP_NODELAY (inherited by
 * what it accepts), and with what shares a port where the system has that. `is_first` binds alone,
 * so that a port in use by anybody else is found out, and shares it only then; further ones of the
 * same server join. A wildcard address falls back to IPv4 where there is no IPv6. For a unix path:
 * a socket file that nobody listens on is replaced, anything else is refused (-EADDRINUSE,
 * -ENOTSOCK), and the file gets `mode`. Returns the descriptor or -errno, and in `step` what was
 * refused. Writes the port bound back into `address`. */
int32_t vn_listener_open(struct vn_address *address, bool is_first, uint32_t backlog, uint32_t mode,
                         enum vn_listener_step *step);

/* Bind a socket to an address of TCP, as above. What differs between systems of that. Returns 0 or
 * -errno. */
int32_t vn_listener_bind(int32_t fd, struct vn_address *address, bool is_first);

/* Have a listening socket begin no further connection, as far as the system can: what was begun
 * before can still be accepted. To a TCP client it is as if its packet was lost, so that it comes
 * again after a second, when somebody else may listen; a unix domain socket refuses, for all who
 * share it. Without this a client that connects between the last accept and the close would be
 * reset. */
void vn_listener_finish(int32_t fd);

/* Whether the system spreads connections over the sockets that share a port. Otherwise there is one
 * socket, and who accepts from it deals them out. */
bool vn_listener_is_balanced(void);

#endif
