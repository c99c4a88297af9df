// SPDX-License-Identifier: MIT
/* dispatch.h - the calls of a handler's code: the handler itself, its consumers, and what other
 * threads want done with its exchange. */
#ifndef VN_SERVE_DISPATCH_H
#define VN_SERVE_DISPATCH_H

#include "exchange.h"

/* What a consumer made of a piece. */
enum vn_consumed { VN_CONSUMED, VN_CONSUMED_AND_PAUSES, VN_CONSUMER_FAILED };

/* Give a piece of the body to its consumer. The last may be empty. */
enum vn_consumed vn_dispatch_piece(struct vn_exchange *exchange, vn_span piece, bool is_last);

/* Call the handler. `request` may be gone afterwards. `is_complete`: its body has come, and goes to
 * the consumer, where the handler gave one and no answer. */
enum vn_consumed vn_dispatch_request(struct vn_exchange *exchange, const vn_request *request,
                                     bool is_complete);

/* Give a body that had come with its request to the consumer that a handler which goes on has
 * given. */
enum vn_consumed vn_dispatch_whole(struct vn_exchange *exchange);

/* Make a call that another thread asked for. */
void vn_dispatch_later(struct vn_exchange *exchange, vn_remote_call *later, void *context);

#endif
