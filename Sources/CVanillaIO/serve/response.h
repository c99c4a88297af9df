// SPDX-License-Identifier: MIT
/* response.h - what a handler answers with: states and rules. How it looks on the wire is known to
 * the head (http/head.h) and to the protocol. */
#ifndef VN_SERVE_RESPONSE_H
#define VN_SERVE_RESPONSE_H

#include "exchange.h"
#include "withheld.h"

struct vn_response {
    struct vn_exchange *exchange;
    struct vn_worker *worker;
    const vn_request *request; /* NULL: gone, and it had no conditions */
    const vn_span *route; /* that it takes; NULL: not known */
    struct vn_head head; /* in reserved room of the worker's writer, or in `own` */
    uint8_t *own; /* memory for the head, once others write meanwhile; NULL: not yet */
    struct vn_withheld *withheld; /* holds its answer back; NULL: what is sent leaves */
    bool closes;
    bool is_detached; /* it belongs to a detached exchange */
    bool has_type; /* Content-Type is among the fields */
    bool has_own; /* the head is written to `own` */
    bool is_answered; /* by this response */
    bool is_promised; /* the same of a detached exchange: the answer comes by vn_handle_run */
};

/* The response of an exchange, for one call of the user's code. */
static inline struct vn_response vn_response_of(struct vn_exchange *exchange)
{
    return (struct vn_response) {
        .exchange = exchange,
        .worker = exchange->worker,
        .request = exchange->pending == NULL ? NULL : exchange->pending->request,
        .route = exchange->pending == NULL ? NULL : exchange->pending->route,
        .head.status = 200,
    };
}

/* Its exchange is over from now on: whatever it is told is refused. */
void vn_response_part(struct vn_response *response);
bool vn_response_is_parted(const struct vn_response *response);

enum { VN_DESCRIPTION_MAX = 400 }; /* bytes of a text of vn_response_describe that log lines have */

enum { VN_RESPONSE_HEAD_MAX = 64 * 1024 }; /* bytes of a response head */

/* Whether a handler that goes on has come to another thread than its worker's: nothing of the
 * exchange may be looked at there. */
static inline bool vn_response_is_elsewhere(const struct vn_response *response)
{
    return response->is_detached && vn_worker_current() != response->worker;
}

/* The same, of one that belongs to a detached exchange. */
bool vn_response_is_open_detached(const struct vn_response *response);

/* Whether it can be answered here: no answer was given yet, and this is its worker's thread. */
static inline bool vn_response_is_open(const struct vn_response *response)
{
    return vn_likely(!response->is_detached) ? response->exchange->answer == VN_ANSWER_NONE
                                             : vn_response_is_open_detached(response);
}

/* Whether an answer waits in it to be sent. */
static inline bool vn_response_withholds(const struct vn_response *response)
{
    return vn_unlikely(response->withheld != NULL) && response->withheld->is_set;
}

/* Whether it can be answered, and was not: while an answer is withheld, its status and its fields
 * can be changed, but no other is taken. */
static inline bool vn_response_is_unanswered(const struct vn_response *response)
{
    return vn_response_is_open(response) && !vn_response_withholds(response);
}

/* Send the answer that was withheld, if there is one. Nothing is withheld any longer. */
void vn_response_send_withheld(struct vn_response *response);

/* Why it is not open: -EALREADY, or -EXDEV elsewhere. */
int32_t vn_response_refusal(const struct vn_response *response);

/* Answer with `status` and no content; without memory for that, the exchange is abandoned. */
void vn_response_send_empty(struct vn_response *response, uint16_t status);

/* Answer with an error and the body that the server has for it; without memory for that, the
 * exchange is abandoned. */
void vn_response_send_failure(struct vn_response *response, uint16_t status);

/* Answer for the core, which refuses the request, as the hook for that says. */
void vn_response_refuse(struct vn_response *response, uint16_t status);

/* Answer 500, and say why in the log: the handler has ended and gave no answer. */
void vn_response_send_nothing(struct vn_response *response);

/* What was written of a head leaves the room that all answers share. Returns false when memory ran
 * out, and the exchange is abandoned. */
bool vn_response_keep_head(struct vn_response *response);

/* Begin the head, unless it was begun, and have room for a line of `count` bytes, CRLF included.
 * Returns 0, -EMSGSIZE or -ENOMEM. */
int32_t vn_response_begin_line(struct vn_response *response, size_t count);

/* Answer with 101, whose fields are there, where the exchange's protocol can change: see
 * vn_protocol.upgrade. Returns 0 or -ENOMEM. */
int32_t vn_response_upgrade(struct vn_response *response, const struct vn_protocol *next,
                            void *context);

/* Memory for an answer ran out. Returns -ENOMEM. */
int32_t vn_response_out_of_memory(struct vn_response *response);

#endif
