// SPDX-License-Identifier: MIT
/* http2_stream.h - the streams of a connection that are open, and how they end. */
#ifndef VN_SERVE_HTTP2_STREAM_H
#define VN_SERVE_HTTP2_STREAM_H

#include "http2_state.h"

/* Begin a stream of that number, which is above those of all others. NULL when memory ran out. */
struct vn_stream *vn_stream_open(struct vn_http2 *http2, uint32_t number, bool has_ended);

/* The stream of that number if it is open, or NULL. */
struct vn_stream *vn_stream_find(const struct vn_http2 *http2, uint32_t number);

/* What is known of one that has ended, or NULL. */
const struct vn_ended_stream *vn_stream_find_ended(const struct vn_http2 *http2, uint32_t number);

/* The first one that is open, and the next; NULL: there is none. */
struct vn_stream *vn_stream_first(const struct vn_http2 *http2);
struct vn_stream *vn_stream_after(const struct vn_stream *stream);

/* End its exchange, once. */
void vn_stream_end_exchange(struct vn_stream *stream);

/* It is over, on both sides, or the client has reset it. Its memory goes. */
void vn_stream_close(struct vn_stream *stream);

/* The same, and the client is told. What it has sent by then is thrown away. */
void vn_stream_reset(struct vn_stream *stream, enum vn_http2_error error);

/* The client has made a mistake, or asks for what is refused, on a stream that may not be open:
 * reset it. There are only so many of these. */
void vn_http2_provoked(struct vn_http2 *http2, uint32_t number, enum vn_http2_error error);

/* Its handler has begun, or need not any more: what is unsent waits no longer for that. */
void vn_stream_leave_postponed(struct vn_stream *stream);

/* It may have something to send. */
void vn_stream_make_ready(struct vn_stream *stream);

/* Something was done for it outside of its connection's events. */
void vn_stream_note_change(struct vn_stream *stream);

/* Bytes of a body were taken, or thrown away: the client may send as many more. */
void vn_stream_credit(struct vn_stream *stream, uint32_t count);
void vn_http2_credit(struct vn_http2 *http2, uint32_t count);

/* Bytes of its body do not wait any longer. */
void vn_stream_drop_input(struct vn_stream *stream);

/* The connection cannot go on: say why, in the log as well, and close it. */
void vn_http2_fail(struct vn_http2 *http2, enum vn_http2_error error, const char *reason);

/* End all streams. */
void vn_http2_end_streams(struct vn_http2 *http2);

#endif
