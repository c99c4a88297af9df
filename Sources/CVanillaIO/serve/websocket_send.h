// SPDX-License-Identifier: MIT
/* websocket_send.h - messages and Close frames of the user. */
#ifndef VN_SERVE_WEBSOCKET_SEND_H
#define VN_SERVE_WEBSOCKET_SEND_H

#include "websocket_output.h"

/* The task of a socket to which something was posted. */
void vn_websocket_collect(void *socket);

/* Send what other threads have posted. */
void vn_websocket_send_posted(struct vn_websocket *socket);

#endif
