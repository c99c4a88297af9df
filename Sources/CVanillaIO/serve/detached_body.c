// SPDX-License-Identifier: MIT
/* detached_body.c - the bodies of a detached exchange: the request's, which its handler takes, and
 * the answer's, which it writes. Both hold back, the client or the handler, while the other does
 * not take what has come. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "body_writer.h"
#include "detached.h"
#include "log.h"

enum { GATHERED_MIN = 16 * 1024 }; /* bytes of the first allocation for a body */

/* ---- The request's ---- */

/* The consumer of its pieces. */
static int32_t pass_on(void *context, vn_response *response, vn_span piece, bool is_last)
{
    const struct vn_detached *detached = vn_response_detached(response);
    (void) context;
    return detached->calls->received(detached->context, piece, is_last);
}

bool vn_detached_receives(const struct vn_exchange *exchange)
{
    return exchange->pending->consumer == pass_on;
}

int32_t vn_detached_can_receive(const vn_detached *detached)
{
    const struct vn_response *response = &detached->response;
    if (vn_response_is_elsewhere(response))
        return -EXDEV;
    if (vn_response_is_parted(response))
        return response->is_answered ? -EALREADY : -ECANCELED;
    return response->exchange->answer == VN_ANSWER_DONE ? -EALREADY : 0;
}

int32_t vn_detached_receive(vn_detached *detached)
{
    if (!detached->body_is_coming)
        return vn_response_is_elsewhere(&detached->response) ? -EXDEV : 1;
    int32_t result = vn_detached_can_receive(detached);
    if (result < 0)
        return result;
    struct vn_exchange *exchange = detached->response.exchange;
    if (exchange->body_mode != VN_BODY_STREAMED)
        return -ENOTSUP;
    if (vn_exchange_has_consumer(exchange))
        return -EBUSY;
    exchange->pending->consumer = pass_on;
    vn_exchange_resume_body(exchange);
    return 0;
}

void vn_detached_resume(vn_detached *detached)
{
    if (vn_detached_can_receive(detached) == 0)
        vn_exchange_resume_body(detached->response.exchange);
}

/* It grows with what has come, never with what was promised. */
int32_t vn_detached_gather(vn_detached *detached, vn_span piece, uint64_t max)
{
    size_t have = detached->gathered_count, capacity = detached->gathered_capacity;
    if (piece.count > max || have > max - piece.count)
        return -EMSGSIZE;
    if (piece.count == 0)
        return 0;
    if (have + piece.count > capacity) {
        capacity = capacity == 0 ? GATHERED_MIN : capacity * 2;
        while (capacity < have + piece.count)
            capacity *= 2;
        uint8_t *grown = realloc(detached->body, capacity);
        if (grown == NULL)
            return -ENOMEM;
        detached->body = grown;
        detached->gathered_capacity = capacity;
    }
    memcpy(detached->body + have, piece.bytes, piece.count);
    detached->gathered_count += piece.count;
    return 0;
}

void vn_detached_gathered(vn_detached *detached)
{
    detached->request->body = (vn_span) {detached->body, detached->gathered_count};
}

/* ---- The answer's ---- */

/* The producer of its body, which lies in the output already: the client has taken all of it. */
static int32_t pass_on_room(void *context, vn_body_writer *writer)
{
    const struct vn_detached *detached = vn_detached_of(writer->exchange);
    (void) context;
    if (detached != NULL && detached->calls != NULL && !detached->has_returned)
        detached->calls->writable(detached->context);
    return VN_PRODUCE_WAIT;
}

int32_t vn_detached_begin_body(vn_detached *detached, vn_span content_type, int64_t length)
{
    struct vn_response *response = &detached->response;
    if (vn_response_is_parted(response) && !response->is_answered &&
        !vn_response_is_elsewhere(response))
        return -ECANCELED;
    int32_t begun = vn_response_stream(response, content_type, length, pass_on_room, NULL, NULL);
    if (begun < 0)
        return begun;
    detached->has_length = length >= 0;
    if (response->exchange->answer == VN_ANSWER_STREAM)
        detached->writing = VN_WRITING_BODY;
    else
        detached->writing = length == 0 ? VN_WRITING_IS_OVER : VN_WRITING_FOR_NOBODY;
    return 0;
}

bool vn_detached_has_body(const vn_detached *detached)
{
    return detached->writing == VN_WRITING_BODY;
}

bool vn_detached_writes_for_nobody(const vn_detached *detached)
{
    return detached->writing == VN_WRITING_FOR_NOBODY;
}

/* Whether bytes can be appended. Returns 0 or why not. */
static int32_t can_write(const struct vn_detached *detached, size_t count)
{
    const struct vn_response *response = &detached->response;
    if (vn_response_is_elsewhere(response))
        return -EXDEV;
    switch (detached->writing) {
    case VN_WRITING_BODY:
        return vn_response_is_parted(response) ? -ECANCELED : 0;
    case VN_WRITING_FOR_NOBODY:
        return -ECANCELED;
    case VN_WRITING_IS_OVER:
        if (!detached->has_length)
            return -EALREADY;
        return count > 0 ? -EMSGSIZE : 0;
    default:
        return vn_response_is_parted(response) && !response->is_answered ? -ECANCELED : -EALREADY;
    }
}

/* Bytes were appended. Returns 1 where so many are unsent that the writer should wait. */
static int32_t written(struct vn_detached *detached)
{
    struct vn_exchange *exchange = detached->response.exchange;
    if (exchange->pending->left == 0)
        return vn_detached_finish_body(detached);
    bool is_much = exchange->protocol->unsent(exchange) > VN_WRITE_MAX;
    if (is_much)
        exchange->protocol->resume_output(exchange);
    exchange->protocol->changed(exchange);
    return is_much;
}

static int32_t appended(struct vn_detached *detached, int32_t result)
{
    if (result == 0)
        return written(detached);
    if (result == -ENOMEM)
        vn_detached_cut_body(detached);
    return result;
}

int32_t vn_detached_write(vn_detached *detached, vn_span bytes)
{
    int32_t refusal = can_write(detached, bytes.count);
    if (refusal < 0 || bytes.count == 0)
        return refusal;
    struct vn_body_writer writer = {.exchange = detached->response.exchange};
    return appended(detached, vn_body_write(&writer, bytes));
}

int32_t vn_detached_write_shared(vn_detached *detached, vn_span bytes, vn_release *release,
                                 void *context)
{
    int32_t refusal = can_write(detached, bytes.count);
    if (refusal < 0 || bytes.count == 0) {
        if (release != NULL)
            release(context);
        return refusal;
    }
    struct vn_body_writer writer = {.exchange = detached->response.exchange};
    return appended(detached, vn_body_write_shared(&writer, bytes, release, context));
}

int32_t vn_detached_finish_body(vn_detached *detached)
{
    int32_t refusal = can_write(detached, 0);
    if (detached->writing == VN_WRITING_FOR_NOBODY || detached->writing == VN_WRITING_IS_OVER)
        return refusal == -EXDEV ? refusal : 0;
    if (refusal < 0)
        return refusal;
    struct vn_exchange *exchange = detached->response.exchange;
    uint64_t left = exchange->pending->left;
    if (!vn_body_writer_finish(exchange)) {
        vn_detached_cut_body(detached);
        return left == 0 || left == UINT64_MAX ? -ENOMEM : -EMSGSIZE;
    }
    detached->writing = VN_WRITING_IS_OVER;
    exchange->protocol->changed(exchange);
    return 0;
}

void vn_detached_cut_body(vn_detached *detached)
{
    struct vn_response *response = &detached->response;
    if (detached->writing != VN_WRITING_BODY || vn_response_is_elsewhere(response) ||
        vn_response_is_parted(response))
        return;
    detached->writing = VN_WRITING_IS_OVER;
    vn_response_out_of_memory(response);
}

void vn_detached_end_body(struct vn_detached *detached)
{
    const struct vn_worker *worker = detached->response.worker;
    if (vn_detached_finish_body(detached) == -EMSGSIZE)
        vn_log(worker->config, VN_LOG_ERROR,
               "a handler returned before it had written the body that it has declared");
}
