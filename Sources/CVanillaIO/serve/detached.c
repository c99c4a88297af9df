// SPDX-License-Identifier: MIT
#include "detached.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Begin ---- */

/* The request was gathered with its body, in memory that is taken over. */
static void take_gathered(struct vn_detached *detached, struct vn_pending *pending)
{
    detached->request = pending->request;
    detached->body = pending->body;
    pending->request = NULL;
    pending->body = NULL;
    pending->body_count = 0;
    pending->body_capacity = 0;
}

static size_t copy_bytes(uint8_t *to, const uint8_t *from, size_t count)
{
    if (count > 0)
        memcpy(to, from, count);
    return count;
}

/* Fields, head and body, one after the other. */
static void copy_request(struct vn_detached *detached, const vn_request *request, size_t size)
{
    uint8_t *copy = detached->memory + detached->extra, *head = copy + size;
    uint8_t *body = head + copy_bytes(head, request->head, vn_request_head_size(request));
    memcpy(copy, request, size);
    copy_bytes(body, request->body.bytes, request->body.count);
    detached->request = (vn_request *) (void *) copy;
    detached->request->head = head;
    detached->request->body.bytes = body;
}

static struct vn_detached *detached_make(struct vn_freelist *freelist, const vn_request *request,
                                         bool is_gathered, size_t extra)
{
    size_t size = vn_request_size(request);
    size_t copied = is_gathered ? 0 : size + vn_request_head_size(request) + request->body.count;
    struct vn_detached *detached = NULL;
    size_t all = sizeof *detached + extra + copied;
    if ((detached = vn_freelist_take(freelist, all)) == NULL)
        return NULL;
    *detached = (struct vn_detached) {.size = all, .extra = extra};
    memset(detached->memory, 0, extra);
    if (!is_gathered)
        copy_request(detached, request, size);
    return detached;
}

static void tell_cancelled(struct vn_detached *detached)
{
    bool can_cancel = detached->can_cancel;
    detached->can_cancel = false;
    if (can_cancel)
        detached->calls->cancelled(detached->context);
}

static void detached_free(struct vn_detached *detached)
{
    bool worker_has_ended = vn_list_is_empty(&detached->link);
    vn_list_remove(&detached->link);
    free(detached->response.own);
    if ((uint8_t *) detached->request != detached->memory + detached->extra)
        free(detached->request);
    free(detached->body);
    if (worker_has_ended)
        free(detached);
    else
        vn_freelist_give(&detached->response.worker->freelist, detached, detached->size);
}

/* The exchange is over. */
static void detached_over(void *context)
{
    struct vn_detached *detached = context;
    vn_response_part(&detached->response);
    detached->request->connection = NULL;
    if (detached->has_returned)
        detached_free(detached);
    else if (!detached->response.is_answered || detached->writing == VN_WRITING_BODY)
        tell_cancelled(detached);
}

vn_detached *vn_response_detach(vn_response *response, const vn_request *request, size_t extra,
                                int32_t *error)
{
    struct vn_exchange *exchange = response->exchange;
    *error = -EALREADY;
    if (response->is_detached || exchange->answer != VN_ANSWER_NONE || exchange->is_refused)
        return NULL;
    struct vn_worker *worker = response->worker;
    struct vn_pending *pending = vn_exchange_pending(exchange);
    bool is_gathered = pending != NULL && pending->request == request;
    struct vn_detached *detached =
        pending == NULL
            ? NULL
            : detached_make(&worker->freelist, request, is_gathered, (extra + 15) / 16 * 16);
    *error = -ENOMEM;
    if (detached == NULL)
        return NULL;
    if (is_gathered)
        take_gathered(detached, pending);
    detached->response = *response;
    detached->response.is_detached = true;
    detached->response.request = detached->request;
    detached->request->detached = detached;
    detached->body_is_coming = exchange->body_is_coming;
    pending->detached = detached;
    pending->detached_over = detached_over;
    exchange->answer = VN_ANSWER_LATER;
    vn_list_append(&worker->detached, &detached->link);
    /* What was written of a head goes on from this response. Without memory for it the exchange is
     * abandoned, and so the handler told. */
    if (response->head.start != NULL)
        vn_response_keep_head(&detached->response);
    response->head.start = NULL;
    *error = 0;
    return detached;
}

void vn_detached_postpone(vn_detached *detached)
{
    struct vn_exchange *exchange = detached->response.exchange;
    if (!vn_response_is_parted(&detached->response))
        exchange->protocol->postpone(exchange, true);
}

bool vn_detached_begin(vn_detached *detached, const vn_detached_calls *calls, void *context)
{
    struct vn_exchange *exchange = detached->response.exchange;
    detached->calls = calls;
    detached->context = context;
    if (vn_response_is_parted(&detached->response))
        return false;
    detached->can_cancel = true;
    exchange->protocol->postpone(exchange, false);
    return true;
}

vn_detached *vn_request_detached(const vn_request *request)
{
    return request->detached;
}

vn_detached *vn_response_detached(vn_response *response)
{
    return response->is_detached ? vn_holder(response, struct vn_detached, response) : NULL;
}

void *vn_detached_context(const vn_detached *detached)
{
    return detached->context;
}

const vn_request *vn_detached_request(const vn_detached *detached)
{
    return detached->request;
}

void *vn_detached_extra(vn_detached *detached)
{
    return detached->memory;
}

vn_response *vn_detached_response(vn_detached *detached)
{
    return &detached->response;
}

bool vn_detached_keep_head(vn_detached *detached)
{
    return vn_response_keep_head(&detached->response);
}

/* ---- Holding the answer back ---- */

void vn_response_withhold(vn_response *response)
{
    if (response->is_detached && !response->is_answered)
        response->withheld = &vn_response_detached(response)->withheld;
}

bool vn_response_drop_withheld(vn_response *response)
{
    if (!vn_response_withholds(response))
        return false;
    vn_withheld_drop(response->withheld);
    vn_response_reset(response);
    return true;
}

/* ---- The end ---- */

bool vn_detached_can_cancel(const struct vn_exchange *exchange)
{
    const struct vn_detached *detached = vn_detached_of(exchange);
    return detached != NULL && detached->can_cancel;
}

void vn_detached_cancel(struct vn_exchange *exchange)
{
    tell_cancelled(exchange->pending->detached);
}

/* Whether somebody else than its handler is to answer: a consumer of the body, or who has the
 * promise. */
static bool is_left_to_others(const struct vn_detached *detached)
{
    const struct vn_exchange *exchange = detached->response.exchange;
    return detached->response.is_promised ||
           (vn_exchange_has_consumer(exchange) && !vn_detached_receives(exchange) &&
            !exchange->pending->has_delivered);
}

bool vn_detached_is_forgotten(const struct vn_exchange *exchange)
{
    const struct vn_detached *detached = vn_detached_of(exchange);
    return detached != NULL && detached->has_returned && exchange->answer == VN_ANSWER_LATER &&
           !is_left_to_others(detached);
}

/* Nobody is told of the exchange any more. */
static void leave_exchange(struct vn_detached *detached, struct vn_exchange *exchange)
{
    if (detached->writing == VN_WRITING_BODY)
        vn_detached_end_body(detached);
    else if (exchange->answer == VN_ANSWER_LATER)
        vn_response_send_nothing(&detached->response);
    if (vn_detached_receives(exchange))
        exchange->pending->consumer = NULL;
    exchange->pending->detached = NULL;
}

void vn_detached_end(vn_detached *detached)
{
    struct vn_response *response = &detached->response;
    struct vn_exchange *exchange = response->exchange;
    if (!vn_response_is_parted(response) && response->withheld != NULL)
        vn_response_send_withheld(response);
    vn_withheld_drop(&detached->withheld);
    bool is_over = vn_response_is_parted(response);
    detached->can_cancel = false;
    if (!is_over && exchange->answer == VN_ANSWER_LATER && is_left_to_others(detached)) {
        detached->has_returned = true; /* the response, with its fields, is theirs */
        vn_response_keep_head(response);
        return;
    }
    if (!is_over)
        leave_exchange(detached, exchange);
    detached_free(detached);
}
