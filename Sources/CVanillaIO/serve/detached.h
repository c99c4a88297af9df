// SPDX-License-Identifier: MIT
/* detached.h - a handler that goes on after its call has returned. */
#ifndef VN_SERVE_DETACHED_H
#define VN_SERVE_DETACHED_H

#include "../include/vn_detached.h"
#include "response.h"

/* How far the body of an answer is that a handler writes. */
enum vn_writing {
    VN_WRITING_NOTHING, /* not begun */
    VN_WRITING_BODY,
    VN_WRITING_FOR_NOBODY, /* the head was all that is sent: of HEAD, 204 and the like */
    VN_WRITING_IS_OVER,
};

struct vn_detached {
    struct vn_response response;
    struct vn_link link; /* of the worker's detached exchanges; alone: its worker has ended */
    struct vn_withheld withheld; /* used once its answer is held back */
    const vn_detached_calls *calls; /* NULL: not begun, or its handler has returned */
    void *context;
    size_t size; /* bytes of all of this */
    size_t extra; /* bytes of that room */
    vn_request *request; /* in `memory`, or of its own with the body that was gathered */
    uint8_t *body; /* that was gathered before or since; of `gathered_count` bytes since */
    size_t gathered_count;
    size_t gathered_capacity;
    bool can_cancel; /* the handler is still to be told that its answer is not wanted */
    bool has_returned; /* the handler, and something of it goes on until the exchange is over */
    bool body_is_coming; /* it had not come with the request */
    bool has_length; /* the answer that is written, declared by the handler */
    uint8_t writing; /* enum vn_writing */
    _Alignas(16) uint8_t memory[]; /* the room that was asked for, then the copy of the request */
};

/* The handler that goes on with an exchange, or NULL. */
static inline struct vn_detached *vn_detached_of(const struct vn_exchange *exchange)
{
    return exchange->pending == NULL ? NULL : exchange->pending->detached;
}

/* Whether its handler has returned and nobody is left who could answer. */
bool vn_detached_is_forgotten(const struct vn_exchange *exchange);

/* Whether its body goes to the handler that goes on, and not to a consumer of its own. */
bool vn_detached_receives(const struct vn_exchange *exchange);

/* The handler has returned: what it wrote of a body is all of it. */
void vn_detached_end_body(struct vn_detached *detached);

/* Whether an exchange goes on with a handler that is still to be told when its answer is no longer
 * wanted. */
bool vn_detached_can_cancel(const struct vn_exchange *exchange);

/* The answer is no longer wanted: tell the handler, once. */
void vn_detached_cancel(struct vn_exchange *exchange);

#endif
