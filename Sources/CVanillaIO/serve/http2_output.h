// SPDX-License-Identifier: MIT
/* http2_output.h - exchanges to frames: what an answer is in HTTP/2 (protocol.h says what each of
 * these is asked for). Content waits with its stream until it is sent (http2_schedule.h). */
#ifndef VN_SERVE_HTTP2_OUTPUT_H
#define VN_SERVE_HTTP2_OUTPUT_H

#include "http2_state.h"

int32_t vn_http2_head(struct vn_exchange *exchange, struct vn_head *head,
                      const struct vn_content *content);
int32_t vn_http2_raw(struct vn_exchange *exchange, vn_span bytes);
int32_t vn_http2_write(struct vn_exchange *exchange, vn_span bytes);
int32_t vn_http2_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                              void *context);
int32_t vn_http2_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                             bool is_only, vn_release *release, void *context);
int32_t vn_http2_finish(struct vn_exchange *exchange);
void vn_http2_cut(struct vn_exchange *exchange);
uint64_t vn_http2_unsent(const struct vn_exchange *exchange);
uint64_t vn_http2_appended(const struct vn_exchange *exchange);

/* Tell a client that waits for it to send its body (RFC 9110, section 10.1.1). */
void vn_http2_continue(struct vn_stream *stream);

/* Append DATA of `count` bytes that wait with the stream, which its windows allow. `ends`: it is
 * the last. Returns false when memory ran out. */
bool vn_http2_put_data(struct vn_stream *stream, size_t count, bool ends);

#endif
