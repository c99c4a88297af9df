// SPDX-License-Identifier: MIT
/* client_hello.h - a client that speaks TLS where HTTP is spoken in clear. */
#ifndef VN_SERVE_CLIENT_HELLO_H
#define VN_SERVE_CLIENT_HELLO_H

#include "connection.h"

/* These bytes were refused as a head. Where they begin a handshake the log says so, once for each
 * listener in the life of a server: it is a mistake in somebody's configuration. */
void vn_client_hello_note(struct vn_connection *connection, const uint8_t *bytes, size_t count);

#endif
