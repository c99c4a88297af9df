// SPDX-License-Identifier: MIT
/* http2_input.h - bytes to frames, and what each of them does (RFC 9113, sections 5 and 6). */
#ifndef VN_SERVE_HTTP2_INPUT_H
#define VN_SERVE_HTTP2_INPUT_H

#include "http2_state.h"

size_t vn_http2_received(struct vn_connection *connection, uint8_t *bytes, size_t count);

/* Whether a frame, or the block of a head, has begun to come and is not complete. */
bool vn_http2_is_amid(const struct vn_http2 *http2);

#endif
