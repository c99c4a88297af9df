// SPDX-License-Identifier: MIT
/* http2_exchange.h - the course of an exchange in HTTP/2: its handler, its body, what follows from
 * the state of its answer, and its end. */
#ifndef VN_SERVE_HTTP2_EXCHANGE_H
#define VN_SERVE_HTTP2_EXCHANGE_H

#include "http2_request.h"

/* Its request was read, with what `verdict` says: begin the exchange. */
void vn_stream_begin(struct vn_stream *stream, const struct vn_read_request *read, int32_t verdict);

/* Bytes of its body came. `is_last`: and no more will. */
void vn_stream_deliver(struct vn_stream *stream, vn_span piece, bool is_last);

/* Something was done for it outside of its connection's events. */
void vn_stream_go_on(struct vn_stream *stream);

/* See what follows from the state of its answer, after every call of the user's code. The stream
 * may be gone afterwards. */
void vn_stream_settle(struct vn_stream *stream);

/* The exchange failed: `status` where no answer was begun. As vn_stream_settle. */
void vn_stream_fail(struct vn_stream *stream, uint16_t status);

/* Times given to its client start anew. */
void vn_stream_restart_clocks(struct vn_stream *stream);

#endif
