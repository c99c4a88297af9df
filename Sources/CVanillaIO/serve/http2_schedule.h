// SPDX-License-Identifier: MIT
/* http2_schedule.h - whose content is sent next: of streams that may send, the most urgent ones
 * (RFC 9218, section 10), and of these each in its turn. A client that says that it wants one
 * answer after the other gets it so. */
#ifndef VN_SERVE_HTTP2_SCHEDULE_H
#define VN_SERVE_HTTP2_SCHEDULE_H

#include "http2_state.h"

/* See to streams for which something was done, and append to the connection's output what may be
 * sent, as far as that is little. */
void vn_http2_schedule(struct vn_http2 *http2);

/* Its priority has changed, or its window: it may send now, or has to wait for others. */
void vn_stream_reschedule(struct vn_stream *stream);

#endif
