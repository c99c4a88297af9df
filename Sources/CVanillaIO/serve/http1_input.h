// SPDX-License-Identifier: MIT
/* http1_input.h - bytes to exchanges: the heads and bodies of requests. */
#ifndef VN_SERVE_HTTP1_INPUT_H
#define VN_SERVE_HTTP1_INPUT_H

#include "http1_state.h"

/* As vn_protocol.received. */
size_t vn_http1_received(struct vn_connection *connection, uint8_t *bytes, size_t count);

/* Whether bytes that wait can be used. */
bool vn_http1_can_receive(const struct vn_connection *connection);

#endif
