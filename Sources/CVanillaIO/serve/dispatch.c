// SPDX-License-Identifier: MIT
#include "dispatch.h"

#include "detached.h"
#include "held.h"
#include "redirect.h"

/* The user's code returned without an answer; `given` is the response that it had. */
vn_cold static void answer_nothing(struct vn_exchange *exchange, const struct vn_response *given)
{
    struct vn_response response = vn_response_of(exchange);
    response.request = given->request;
    response.route = given->route;
    vn_response_send_nothing(&response);
}

enum vn_consumed vn_dispatch_piece(struct vn_exchange *exchange, vn_span piece, bool is_last)
{
    /* That of a handler that goes on, with the fields that were added to it, or one for this
     * call. */
    struct vn_response own = vn_response_of(exchange);
    struct vn_detached *detached = vn_detached_of(exchange);
    struct vn_response *response = detached != NULL ? &detached->response : &own;
    struct vn_pending *pending = exchange->pending;
    pending->has_delivered = is_last;
    int32_t result = pending->consumer(pending->consumer_context, response, piece, is_last);
    vn_held_check(exchange->worker, &own);
    if (result < 0)
        return VN_CONSUMER_FAILED;
    if (is_last && (exchange->answer == VN_ANSWER_NONE || vn_detached_is_forgotten(exchange)))
        vn_response_send_nothing(response);
    return result == VN_RECEIVE_PAUSE && !is_last && exchange->answer != VN_ANSWER_DONE
               ? VN_CONSUMED_AND_PAUSES
               : VN_CONSUMED;
}

vn_cold static void answer_for_server(struct vn_response *response)
{
    vn_response_send_empty(response, 204);
}

enum vn_consumed vn_dispatch_request(struct vn_exchange *exchange, const vn_request *request,
                                     bool is_complete)
{
    struct vn_worker *worker = exchange->worker;
    struct vn_response response = {
        .exchange = exchange, .worker = worker, .request = request, .head.status = 200};
    if (vn_unlikely(!is_complete))
        exchange->body_is_coming = true;
    if (vn_unlikely(vn_request_is_for_server(request)))
        answer_for_server(&response);
    else if (vn_unlikely(worker->redirects) && vn_redirect_is_due(request))
        vn_redirect_send(&response, request);
    else
        worker->config->handlers.handle(worker->context, request, &response);
    vn_held_check(worker, &response);

    if (vn_likely(exchange->answer != VN_ANSWER_NONE))
        return VN_CONSUMED;
    if (!vn_exchange_has_consumer(exchange))
        answer_nothing(exchange, &response);
    else if (is_complete)
        return vn_dispatch_piece(exchange, request->body, true);
    return VN_CONSUMED;
}

enum vn_consumed vn_dispatch_whole(struct vn_exchange *exchange)
{
    const struct vn_detached *detached = vn_detached_of(exchange);
    if (detached == NULL || !vn_exchange_has_consumer(exchange) || exchange->body_is_coming ||
        exchange->pending->has_delivered || exchange->answer == VN_ANSWER_DONE)
        return VN_CONSUMED;
    return vn_dispatch_piece(exchange, detached->request->body, true);
}

/* By the response of a handler that goes on, or has returned. */
static void dispatch_later_detached(struct vn_response *response, vn_remote_call *later,
                                    void *context)
{
    bool was_promised = response->is_promised;
    response->is_promised = false;
    later(context, response);
    response->is_promised = was_promised;
}

void vn_dispatch_later(struct vn_exchange *exchange, vn_remote_call *later, void *context)
{
    struct vn_detached *detached = vn_detached_of(exchange);
    if (detached != NULL) {
        dispatch_later_detached(&detached->response, later, context);
        return;
    }
    struct vn_response response = vn_response_of(exchange);
    /* A promise is answered now or stays one. */
    bool was_promised = exchange->answer == VN_ANSWER_LATER;
    if (was_promised)
        exchange->answer = VN_ANSWER_NONE;
    vn_held_begin(exchange->worker);
    later(context, &response);
    vn_held_end(exchange->worker, &response);
    if (was_promised && exchange->answer == VN_ANSWER_NONE)
        exchange->answer = VN_ANSWER_LATER;
}
