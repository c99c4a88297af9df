// SPDX-License-Identifier: MIT
#include "dispatch.h"

#include "held.h"
#include "response.h"

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
    struct vn_response response = vn_response_of(exchange);
    struct vn_pending *pending = exchange->pending;
    int32_t result = pending->consumer(pending->consumer_context, &response, piece, is_last);
    vn_held_check(exchange->worker, &response);
    if (result < 0)
        return VN_CONSUMER_FAILED;
    if (is_last && exchange->answer == VN_ANSWER_NONE)
        answer_nothing(exchange, &response);
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
    if (vn_unlikely(vn_request_is_for_server(request)))
        answer_for_server(&response);
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

void vn_dispatch_later(struct vn_exchange *exchange, vn_remote_call *later, void *context)
{
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
