// SPDX-License-Identifier: MIT
/* detached.h - a handler that goes on after its call has returned. */
#ifndef VN_SERVE_DETACHED_H
#define VN_SERVE_DETACHED_H

#include "../include/vn_detached.h"
#include "response.h"

struct vn_detached {
    struct vn_response response;
    struct vn_link link; /* of the worker's detached exchanges; alone: its worker has ended */
    struct vn_withheld withheld; /* used once its answer is held back */
    vn_cancelled *cancelled; /* NULL: not begun, or it was called */
    void *context;
    size_t size; /* bytes of all of this */
    size_t extra; /* bytes of that room */
    vn_request *request; /* in `memory`, or of its own with the body that was gathered */
    uint8_t *body;
    _Alignas(16) uint8_t memory[]; /* the room that was asked for, then the copy of the request */
};

/* Whether an exchange goes on with a handler that is still to be told when its answer is no longer
 * wanted. */
bool vn_detached_can_cancel(const struct vn_exchange *exchange);

/* The answer is no longer wanted: tell the handler, once. */
void vn_detached_cancel(struct vn_exchange *exchange);

#endif
