// SPDX-License-Identifier: MIT
/* http1_output.h - exchanges to bytes: what an answer is in HTTP/1.x (protocol.h says what each of
 * these is asked for). */
#ifndef VN_SERVE_HTTP1_OUTPUT_H
#define VN_SERVE_HTTP1_OUTPUT_H

#include "http1_state.h"

int32_t vn_http1_head(struct vn_exchange *exchange, struct vn_head *head,
                      const struct vn_content *content);
int32_t vn_http1_upgrade(struct vn_exchange *exchange, struct vn_head *head,
                         const struct vn_protocol *next, void *context);
int32_t vn_http1_raw(struct vn_exchange *exchange, vn_span bytes);
int32_t vn_http1_write(struct vn_exchange *exchange, vn_span bytes);
int32_t vn_http1_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                              void *context);
int32_t vn_http1_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                             bool is_only, vn_release *release, void *context);
int32_t vn_http1_finish(struct vn_exchange *exchange);
void vn_http1_cut(struct vn_exchange *exchange);
uint64_t vn_http1_unsent(const struct vn_exchange *exchange);
uint64_t vn_http1_appended(const struct vn_exchange *exchange);

/* The request of an answer that is held has come, or the connection closes: the answer may leave.
 * There is output that holds. */
void vn_http1_let_go(struct vn_exchange *exchange);

/* Tell a client that waits for it to send its body (RFC 9110, section 10.1.1). */
void vn_http1_continue(struct vn_connection *connection);

#endif
