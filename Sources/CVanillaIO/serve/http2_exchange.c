// SPDX-License-Identifier: MIT
#include "http2_exchange.h"

#include "dispatch.h"
#include "http2_control.h"
#include "http2_output.h"
#include "http2_stream.h"
#include "response.h"

static const vn_limits *limits_of(const struct vn_stream *stream)
{
    return &stream->exchange.worker->config->limits;
}

/* ---- Failures ---- */

/* Answer with an error. `request` is it as far as it is known; NULL: what the exchange has kept of
 * it. */
vn_cold static void refuse(struct vn_stream *stream, uint16_t status, const vn_request *request,
                           bool is_whole)
{
    struct vn_exchange *exchange = &stream->exchange;
    exchange->answer = VN_ANSWER_NONE;
    vn_exchange_observe(exchange, request, is_whole);
    struct vn_response response = vn_response_of(exchange);
    if (request != NULL)
        response.request = request;
    vn_response_refuse(&response, status);
    vn_stream_settle(stream);
}

vn_cold void vn_stream_fail(struct vn_stream *stream, uint16_t status)
{
    if (vn_exchange_is_unanswered(&stream->exchange) && !stream->is_over) {
        refuse(stream, status, NULL, true);
        return;
    }
    vn_exchange_note_cut(&stream->exchange);
    stream->is_broken = true;
    vn_stream_settle(stream);
}

/* ---- What follows ---- */

/* Whether the rest of a body that nobody wants is worth waiting for: a client that is told to stop
 * may take that for an error. */
static bool awaits_rest(const struct vn_stream *stream)
{
    uint32_t most = limits_of(stream)->discard;
    bool is_long = stream->length != UINT64_MAX && stream->length - stream->body > most;
    return !is_long && !stream->awaits_continue && stream->body <= most;
}

void vn_stream_settle(struct vn_stream *stream)
{
    struct vn_exchange *exchange = &stream->exchange;
    if (vn_unlikely(stream->is_broken) && !stream->is_ended) {
        vn_stream_reset(stream, VN_HTTP2_INTERNAL_ERROR);
        return;
    }
    if (exchange->answer != VN_ANSWER_DONE)
        return;
    if (!stream->is_ended) {
        vn_stream_make_ready(stream);
        return;
    }
    vn_stream_end_exchange(stream);
    vn_allowance_give(&stream->http2->resets, 1, VN_HTTP2_RESETS);
    vn_list_remove(&stream->ready);
    vn_stream_drop_input(stream);
    if (stream->has_ended)
        vn_stream_close(stream);
    else if (!awaits_rest(stream))
        vn_stream_reset(stream, VN_HTTP2_NO_ERROR);
    else
        vn_stream_credit(stream, 0);
}

/* ---- The handler ---- */

/* What a consumer made of a piece of `count` bytes. Returns false when the exchange is failed. */
static bool consumed(struct vn_stream *stream, enum vn_consumed result)
{
    if (result == VN_CONSUMER_FAILED) {
        vn_stream_fail(stream, 500);
        return false;
    }
    if (result == VN_CONSUMED_AND_PAUSES) {
        stream->pauses = true;
        stream->since = stream->exchange.worker->loop.now;
    }
    return true;
}

static void handle(struct vn_stream *stream, const vn_request *request, bool is_complete)
{
    uint64_t now = stream->exchange.worker->loop.now;
    stream->since = now;
    stream->body_at = now;
    if (consumed(stream, vn_dispatch_request(&stream->exchange, request, is_complete)))
        vn_stream_go_on(stream);
}

/* The whole body is awaited. */
static void await_body(struct vn_stream *stream, const vn_request *request)
{
    if (!vn_exchange_keep_request(&stream->exchange, request)) {
        refuse(stream, 503, request, true);
        return;
    }
    if (stream->awaits_continue)
        vn_http2_continue(stream);
}

static uint64_t body_limit(const struct vn_stream *stream)
{
    bool is_whole = stream->exchange.body_mode == VN_BODY_WHOLE;
    return is_whole ? limits_of(stream)->body : limits_of(stream)->streamed_body;
}

static void begin_with_body(struct vn_stream *stream, const vn_request *request)
{
    struct vn_exchange *exchange = &stream->exchange;
    stream->awaits_continue = (request->facts & VN_EXPECTS_CONTINUE) != 0;
    exchange->body_mode = vn_exchange_choose_body(exchange, request);
    if (stream->length != UINT64_MAX && stream->length > body_limit(stream))
        refuse(stream, 413, request, true);
    else if (exchange->body_mode == VN_BODY_WHOLE)
        await_body(stream, request);
    else
        handle(stream, request, false);
}

void vn_stream_begin(struct vn_stream *stream, const struct vn_read_request *read, int32_t verdict)
{
    struct vn_connection *connection = vn_stream_connection(stream);
    struct vn_exchange *exchange = &stream->exchange;
    vn_request *request = read->request;
    stream->has_priority = read->has_priority;
    if (read->has_priority)
        stream->priority = read->priority;
    if (verdict < 0) {
        exchange->is_head = read->is_head;
        refuse(stream, (uint16_t) -verdict, request, false);
        return;
    }
    if ((request->facts & VN_HAS_LENGTH) != 0)
        stream->length = request->content_length;
    request->body = (vn_span) {0};
    vn_exchange_begin(exchange, request);
    vn_count_more(&vn_connection_counters(connection)->requests, 1);
    if (stream->has_ended)
        handle(stream, request, true);
    else
        begin_with_body(stream, request);
}

/* ---- The body ---- */

/* Append to a whole body. */
static void gather(struct vn_stream *stream, vn_span piece, bool is_last)
{
    struct vn_exchange *exchange = &stream->exchange;
    struct vn_http2 *http2 = stream->http2;
    stream->gathered += piece.count;
    http2->gathered += piece.count;
    if (http2->gathered > VN_HTTP2_BODIES_MAX || !vn_exchange_gather(exchange, piece)) {
        refuse(stream, 503, NULL, true);
        return;
    }
    vn_stream_credit(stream, (uint32_t) piece.count);
    if (!is_last)
        return;
    struct vn_pending *pending = exchange->pending;
    pending->request->body = (vn_span) {pending->body, pending->body_count};
    handle(stream, pending->request, true);
}

/* Whether what comes of a streamed body has to wait. */
static bool is_awaited(const struct vn_stream *stream)
{
    return stream->pauses || stream->lacks_consumer || stream->is_postponed;
}

static void keep_input(struct vn_stream *stream, vn_span piece)
{
    if (piece.count == 0)
        return;
    if (vn_input_append(&stream->input, piece.bytes, piece.count))
        stream->http2->waiting += (uint32_t) piece.count;
    else
        vn_stream_fail(stream, 503);
}

static void discard(struct vn_stream *stream, size_t count)
{
    if (stream->is_over && !stream->has_ended && stream->body > limits_of(stream)->discard)
        vn_stream_reset(stream, VN_HTTP2_NO_ERROR);
    else
        vn_stream_credit(stream, (uint32_t) count);
}

/* The rate is measured from here whenever the client is ahead of it, so that a rush buys no
 * slowness later. */
static void note_progress(struct vn_stream *stream)
{
    const struct vn_worker *worker = stream->exchange.worker;
    uint64_t now = worker->loop.now, rate = worker->config->deadlines.body_rate;
    stream->body_at = now;
    if ((stream->body - stream->body_base) * 1000 >= rate * (now - stream->since)) {
        stream->since = now;
        stream->body_base = stream->body;
    }
}

static void deliver_streamed(struct vn_stream *stream, vn_span piece, bool is_last)
{
    struct vn_exchange *exchange = &stream->exchange;
    bool has_consumer = vn_exchange_has_consumer(exchange) && exchange->answer != VN_ANSWER_DONE;
    if (is_last)
        stream->since = exchange->worker->loop.now; /* the handler's time begins */
    if (!stream->is_over && (is_awaited(stream) || stream->input != NULL)) {
        keep_input(stream, piece);
        return;
    }
    if (!has_consumer) {
        discard(stream, piece.count);
        return;
    }
    if (!consumed(stream, vn_dispatch_piece(exchange, piece, is_last)))
        return;
    vn_stream_credit(stream, (uint32_t) piece.count);
    vn_stream_settle(stream);
}

void vn_stream_deliver(struct vn_stream *stream, vn_span piece, bool is_last)
{
    struct vn_exchange *exchange = &stream->exchange;
    stream->body += piece.count;
    stream->has_ended = stream->has_ended || is_last;
    stream->awaits_continue = false;
    note_progress(stream);
    if (stream->is_over) {
        if (is_last)
            vn_stream_close(stream);
        else
            discard(stream, piece.count);
    } else if (stream->body > body_limit(stream) && exchange->answer != VN_ANSWER_DONE)
        vn_stream_fail(stream, 413);
    else if (exchange->body_mode == VN_BODY_WHOLE && exchange->answer == VN_ANSWER_NONE)
        gather(stream, piece, is_last);
    else
        deliver_streamed(stream, piece, is_last);
}

void vn_stream_restart_clocks(struct vn_stream *stream)
{
    if (stream->has_ended)
        return;
    stream->since = stream->exchange.worker->loop.now;
    stream->body_at = stream->since;
    stream->body_base = stream->body;
}

/* ---- Going on ---- */

/* What has waited of the body. Returns false when the exchange is failed. */
static bool deliver_input(struct vn_stream *stream)
{
    struct vn_exchange *exchange = &stream->exchange;
    struct vn_input *input = stream->input;
    if (exchange->answer == VN_ANSWER_DONE || !vn_exchange_has_consumer(exchange)) {
        vn_stream_drop_input(stream);
        vn_stream_credit(stream, 0);
        return true;
    }
    uint32_t count = input->count - input->at;
    vn_span piece = {input->bytes + input->at, count};
    stream->input = NULL; /* it is this call's */
    enum vn_consumed result = vn_dispatch_piece(exchange, piece, stream->has_ended);
    vn_input_free(&input);
    stream->http2->waiting -= count;
    vn_http2_credit(stream->http2, 0);
    if (!consumed(stream, result))
        return false;
    vn_stream_credit(stream, count);
    return true;
}

/* The end of a body, whose last piece had come before it was wanted. */
static bool deliver_end(struct vn_stream *stream)
{
    struct vn_exchange *exchange = &stream->exchange;
    if (!stream->has_ended || !vn_exchange_has_consumer(exchange) ||
        exchange->answer == VN_ANSWER_DONE || exchange->pending->has_delivered)
        return true;
    if (!exchange->body_is_coming)
        return consumed(stream, vn_dispatch_whole(exchange));
    return exchange->body_mode != VN_BODY_STREAMED ||
           consumed(stream, vn_dispatch_piece(exchange, (vn_span) {0}, true));
}

void vn_stream_go_on(struct vn_stream *stream)
{
    if (!stream->is_over && !is_awaited(stream)) {
        if (stream->input != NULL && !deliver_input(stream))
            return;
        if (!is_awaited(stream) && stream->input == NULL && !deliver_end(stream))
            return;
    }
    const struct vn_exchange *exchange = &stream->exchange;
    if (stream->awaits_continue && !stream->has_ended && vn_exchange_has_consumer(exchange) &&
        vn_exchange_is_unanswered(exchange))
        vn_http2_continue(stream);
    vn_stream_settle(stream);
}
