// SPDX-License-Identifier: MIT
/* call.h - a handler that goes on after its call has returned. */
#ifndef VN_SERVE_CALL_H
#define VN_SERVE_CALL_H

#include "../include/vn_call.h"
#include "conn.h"

struct vn_call {
    struct vn_response response; /* first: vn_call_of */
    struct vn_link link; /* of the worker's calls */
    vn_lost *lost; /* NULL: nobody attends, or it was called */
    void *context;
    bool is_put_off; /* its handler begins later in this turn */
    size_t size; /* bytes of all of this */
    struct vn_spares *spares; /* where it came from; NULL: its worker has ended */
    size_t extra; /* bytes of that room */
    vn_request *request; /* in `memory`, or of its own with the body that was gathered */
    uint8_t *body;
    _Alignas(16) uint8_t memory[]; /* the room that was asked for, then the copy of the request */
};

/* Nobody waits for its answer any more. */
void vn_call_lose(struct vn_call *call);

/* The exchange is over. */
void vn_call_part(struct vn_call *call);

/* The worker ends: its calls are on their own. */
void vn_calls_forget(struct vn_worker *worker);

#endif
