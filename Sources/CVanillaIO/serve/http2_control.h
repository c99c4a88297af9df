// SPDX-License-Identifier: MIT
/* http2_control.h - the frames of HTTP/2 that carry no message, as they are sent, and how often a
 * client may have something done. Without memory the connection is cut. */
#ifndef VN_SERVE_HTTP2_CONTROL_H
#define VN_SERVE_HTTP2_CONTROL_H

#include "http2_state.h"

/* What the connection says first: SETTINGS, and the rest of its window. */
void vn_http2_put_settings(struct vn_http2 *http2);
void vn_http2_put_settings_ack(struct vn_http2 *http2);

/* `opaque`: eight bytes. */
void vn_http2_put_ping(struct vn_http2 *http2, const uint8_t *opaque, bool is_ack);
void vn_http2_put_reset(struct vn_http2 *http2, uint32_t stream, enum vn_http2_error error);
void vn_http2_put_window(struct vn_http2 *http2, uint32_t stream, uint32_t count);
void vn_http2_put_goaway(struct vn_http2 *http2, uint32_t last, enum vn_http2_error error);

/* No new streams are wanted: say so. When the client has seen that, as its answer to a PING says,
 * it is told which stream was the last. */
void vn_http2_leave(struct vn_http2 *http2);
void vn_http2_name_last(struct vn_http2 *http2);

/* Whether a PING's answer is that to vn_http2_leave. */
bool vn_http2_is_last_ping(const uint8_t *opaque);

/* Use one of what is allowed: `burst` at once, `rate` a second. Returns false when there is none
 * left. */
bool vn_allowance_use(struct vn_allowance *allowance, uint64_t now, uint32_t burst, uint32_t rate);

static inline void vn_allowance_give(struct vn_allowance *allowance, uint32_t count, uint32_t burst)
{
    allowance->left = (uint32_t) vn_smaller(allowance->left + count, burst);
}

#endif
