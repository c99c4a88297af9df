// SPDX-License-Identifier: MIT
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stands for the connection of an exchange that is over: it was answered. Never written to. */
static const struct vn_conn nobody = {.answer = VN_ANSWER_DONE};

bool vn_response_is_parted(const struct vn_response *response)
{
    return response->conn == &nobody;
}

/* ---- Begin ---- */

/* The request was gathered with its body, in memory that the call takes over. */
static void take_gathered(struct vn_call *call, struct vn_exchange *exchange)
{
    call->request = exchange->request;
    call->body = exchange->body;
    exchange->request = NULL;
    exchange->body = NULL;
    exchange->body_count = 0;
    exchange->body_capacity = 0;
}

static size_t copy_bytes(uint8_t *to, const uint8_t *from, size_t count)
{
    if (count > 0)
        memcpy(to, from, count);
    return count;
}

/* Fields, head and body behind one another. */
static void copy_request(struct vn_call *call, const vn_request *request, size_t size,
                         size_t head_count)
{
    uint8_t *copy = call->memory + call->extra, *head = copy + size;
    uint8_t *body = head + copy_bytes(head, request->head, head_count);
    memcpy(copy, request, size);
    copy_bytes(body, request->body.bytes, request->body.count);
    call->request = (vn_request *) (void *) copy;
    call->request->head = head;
    call->request->body.bytes = body;
}

static struct vn_call *call_make(struct vn_spares *spares, const vn_request *request,
                                 bool is_gathered, size_t extra)
{
    size_t size = vn_request_size(request), head_count = request->at + 2u; /* the empty line */
    size_t copied = is_gathered ? 0 : size + head_count + request->body.count;
    struct vn_call *call = NULL;
    size_t all = sizeof *call + extra + copied;
    if ((call = vn_spares_take(spares, all)) == NULL)
        return NULL;
    *call = (struct vn_call) {.size = all, .spares = spares, .extra = extra};
    memset(call->memory, 0, extra);
    if (!is_gathered)
        copy_request(call, request, size, head_count);
    return call;
}

vn_call *vn_call_begin(vn_response *response, const vn_request *request, size_t extra,
                       int32_t *error)
{
    struct vn_conn *conn = response->conn;
    *error = -EALREADY;
    if (conn->answer != VN_ANSWER_NONE || response->is_detached)
        return NULL;
    struct vn_exchange *exchange = vn_conn_exchange(conn);
    bool is_gathered = exchange != NULL && exchange->request == request;
    struct vn_call *call = exchange == NULL ? NULL
                                            : call_make(&response->worker->spares, request,
                                                        is_gathered, (extra + 15) / 16 * 16);
    *error = -ENOMEM;
    if (call == NULL)
        return NULL;
    if (is_gathered)
        take_gathered(call, exchange);
    call->response = *response;
    call->response.is_detached = true;
    call->response.request = call->request;
    exchange->call = call;
    conn->answer = VN_ANSWER_LATER;
    vn_list_append(&response->worker->calls, &call->link);
    /* What was written of a head goes on from the call's response. Without memory for it the connection
     * is cut, and so the call lost. */
    if (response->start != NULL)
        vn_reply_keep_head(&call->response);
    response->start = NULL;
    *error = 0;
    return call;
}

void vn_call_put_off(vn_call *call)
{
    call->is_put_off = true;
}

bool vn_call_attend(vn_call *call, vn_lost *lost, void *context)
{
    struct vn_conn *conn = call->response.conn;
    bool was_put_off = call->is_put_off;
    call->lost = lost;
    call->context = context;
    call->is_put_off = false;
    if (vn_response_is_parted(&call->response))
        return false;
    /* What waited for this goes on behind the handler's first part: bytes of the body, answers to be
     * sent, and the deadline of a client that has ended its output. */
    if ((was_put_off && (conn->is_blocked || conn->output != NULL)) || conn->is_at_end)
        vn_conn_answered(conn);
    return true;
}

const vn_request *vn_call_request(const vn_call *call)
{
    return call->request;
}

void *vn_call_extra(vn_call *call)
{
    return call->memory;
}

vn_response *vn_call_response(vn_call *call)
{
    return &call->response;
}

/* ---- Going on ---- */

bool vn_call_keep(vn_call *call)
{
    return vn_reply_keep_head(&call->response);
}

/* ---- The end ---- */

void vn_call_lose(struct vn_call *call)
{
    vn_lost *lost = call->lost;
    call->lost = NULL;
    if (lost != NULL)
        lost(call->context);
}

void vn_call_part(struct vn_call *call)
{
    call->response.conn = (struct vn_conn *) (uintptr_t) &nobody;
    call->request->connection = NULL;
    if (!call->response.is_answered)
        vn_call_lose(call);
}

void vn_calls_forget(struct vn_worker *worker)
{
    while (!vn_list_is_empty(&worker->calls)) {
        vn_holder(worker->calls.next, struct vn_call, link)->spares = NULL;
        vn_list_remove(worker->calls.next);
    }
}

void vn_call_end(vn_call *call)
{
    struct vn_response *response = &call->response;
    struct vn_conn *conn = response->conn;
    call->lost = NULL;
    if (!vn_response_is_parted(response)) {
        if (conn->answer == VN_ANSWER_LATER)
            vn_conn_answer_nothing(response);
        conn->exchange->call = NULL;
    }
    vn_list_remove(&call->link);
    free(response->own);
    if ((uint8_t *) call->request != call->memory + call->extra)
        free(call->request);
    free(call->body);
    if (call->spares != NULL)
        vn_spares_give(call->spares, call, call->size);
    else
        free(call);
}
