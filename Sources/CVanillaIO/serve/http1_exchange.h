// SPDX-License-Identifier: MIT
/* http1_exchange.h - the course of an exchange in HTTP/1.x: its handler, what follows from the
 * state of its answer, and its end, after which the next one comes or the connection closes. */
#ifndef VN_SERVE_HTTP1_EXCHANGE_H
#define VN_SERVE_HTTP1_EXCHANGE_H

#include "http1_state.h"

/* Call the handler. `request` may be gone afterwards. */
void vn_http1_handle(struct vn_connection *connection, const vn_request *request);

/* Bytes of the body came, which its consumer gets, or nobody. */
void vn_http1_deliver(struct vn_connection *connection, vn_span piece);

/* Give a body that came with its request to a handler that goes on and wants it in pieces. */
void vn_http1_deliver_whole(struct vn_connection *connection);

/* See what follows from the answer's state, after every call of the user's code. */
void vn_http1_update(struct vn_connection *connection);

/* Answer with an error, and then nothing more: what else has come is thrown away. `request` is it
 * as far as it is known, whose head is complete up to `at`; NULL: what the exchange has kept of
 * it. */
void vn_http1_refuse(struct vn_connection *connection, uint16_t status, const vn_request *request);

/* The exchange failed: `status` where no answer was begun. */
void vn_http1_fail(struct vn_connection *connection, uint16_t status);

/* It cannot go on: send what is unsent, then close. */
void vn_http1_abandon(struct vn_connection *connection);

/* It is answered and its body read, or given up. */
void vn_http1_next(struct vn_connection *connection);

/* Somebody wants the streamed body that the client holds back. */
void vn_http1_invite_body(struct vn_connection *connection);

/* Times given to the client start anew: it could not send for a while. */
void vn_http1_restart_clocks(struct vn_connection *connection);

/* The consumer goes on. */
void vn_http1_unpause(struct vn_connection *connection);

#endif
