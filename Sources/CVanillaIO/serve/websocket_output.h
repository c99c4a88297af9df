// SPDX-License-Identifier: MIT
/* websocket_output.h - frames on their way to the client. */
#ifndef VN_SERVE_WEBSOCKET_OUTPUT_H
#define VN_SERVE_WEBSOCKET_OUTPUT_H

#include "websocket_state.h"

/* Append a frame whatever waits. Returns 0 or -ENOMEM. */
int32_t vn_websocket_put(struct vn_websocket *socket, uint8_t kind, vn_span bytes);

/* The same for a message, which is compressed where that was agreed on. */
int32_t vn_websocket_put_message(struct vn_websocket *socket, uint8_t kind, vn_span bytes);

/* Nothing is compressed or expanded any more. */
void vn_websocket_end_codec(struct vn_websocket *socket);

/* Nothing is taken from other sources any more. */
void vn_websocket_end_sources(struct vn_websocket *socket);

/* Append a Close frame: the last one. Without memory the connection is cut. */
void vn_websocket_put_close(struct vn_websocket *socket, uint16_t code, vn_span reason);

/* Have calls->writable called when everything is sent. */
void vn_websocket_await_room(struct vn_websocket *socket);

/* Everything is sent. */
void vn_websocket_note_sent(struct vn_websocket *socket);

/* Take what was posted, the first of it first. NULL: nothing was. */
struct vn_posted *vn_websocket_take_posted(struct vn_websocket *socket);

/* What was posted is sent, or dropped. */
void vn_websocket_free_posted(struct vn_websocket *socket, struct vn_posted *posted);

#endif
