// SPDX-License-Identifier: MIT
/* websocket.h - WebSocket (RFC 6455), the protocol of a connection whose request was answered with
 * 101. */
#ifndef VN_SERVE_WEBSOCKET_H
#define VN_SERVE_WEBSOCKET_H

#include "protocol.h"

extern const struct vn_protocol vn_protocol_websocket;

#endif
