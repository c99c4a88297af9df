// SPDX-License-Identifier: MIT
/* websocket_input.h - frames of the client: messages are given to the user, pings answered, and
 * what is wrong ends the socket. */
#ifndef VN_SERVE_WEBSOCKET_INPUT_H
#define VN_SERVE_WEBSOCKET_INPUT_H

#include "websocket_output.h"

/* As vn_protocol.received. */
size_t vn_websocket_received(struct vn_connection *connection, uint8_t *bytes, size_t count);

/* No message will follow: tell the user, and close with `code` when it owes nothing. */
void vn_websocket_end_input(struct vn_websocket *socket, uint16_t code, vn_span reason);

#endif
