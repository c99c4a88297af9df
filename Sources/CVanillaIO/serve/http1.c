// SPDX-License-Identifier: MIT
#include "http1.h"

#include <stdlib.h>

#include "body_writer.h"
#include "detached.h"
#include "event_stream.h"
#include "http1_exchange.h"
#include "http1_input.h"
#include "http1_output.h"
#include "http1_state.h"

/* ---- Begin and end ---- */

static void http1_begin(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    *http1 = (struct vn_http1) {
        .exchange = {.protocol = &vn_protocol_http1, .worker = connection->worker}};
}

/* Where it was about to change its protocol, that one's affairs end, too. */
vn_cold static void end_with_next(struct vn_connection *connection)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    const struct vn_protocol *next = exchange->pending->next_protocol;
    void *context = exchange->pending->next_context;
    vn_exchange_end(exchange);
    vn_connection_change_protocol(connection, next, context);
    next->end(connection);
}

static void http1_end(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (http1->exchange.pending != NULL && http1->exchange.pending->next_protocol != NULL) {
        end_with_next(connection);
        return;
    }
    vn_exchange_end(&http1->exchange);
    if (http1->reading == VN_READING_HEAD)
        free(http1->head);
}

/* ---- Streams ---- */

/* Nothing more to ask is how the client of a stream of events leaves. Returns false when the
 * connection has to be cut. */
static bool leave_events(struct vn_connection *connection)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    if (!connection->is_at_end || !exchange->is_event_stream || !exchange->waits ||
        exchange->answer != VN_ANSWER_STREAM)
        return true;
    bool has_ended = vn_event_stream_end(exchange);
    vn_http1_update(connection);
    return has_ended;
}

static bool http1_produce(struct vn_connection *connection)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    connection->goes_on_shortly = exchange->is_event_stream;
    if (!vn_body_writer_produce(exchange)) {
        vn_exchange_note_cut(exchange);
        return false;
    }
    connection->has_more = exchange->answer == VN_ANSWER_STREAM && !exchange->waits;
    vn_http1_update(connection);
    return leave_events(connection);
}

/* A stream of events that has nothing else to do: the turns of thousands that are told the same. */
static uint64_t http1_go_on_shortly(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_exchange *exchange = &http1->exchange;
    bool is_otherwise_engaged = connection->is_cut | connection->is_at_end |
                                connection->is_blocked |
                                connection->is_receiving_paused; /* one look at one word */
    if (vn_unlikely(!connection->has_more || is_otherwise_engaged || connection->output != NULL ||
                    connection->worker->loop.is_draining || http1->reading != VN_READING_NOTHING))
        return 0;
    if (!vn_body_writer_produce(exchange)) {
        vn_exchange_note_cut(exchange);
        connection->is_cut = true;
        return 0;
    }
    bool is_over = exchange->answer != VN_ANSWER_STREAM;
    if (vn_unlikely(is_over || !exchange->waits)) {
        connection->has_more = !is_over;
        return 0;
    }
    connection->has_more = false;
    enum vn_timeout_kind kind;
    return connection->output == NULL
               ? vn_event_stream_deadline(exchange, connection->progress, &kind)
               : 0;
}

static uint64_t http1_resume_output(struct vn_exchange *exchange)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    exchange->waits = false;
    connection->has_more = exchange->answer == VN_ANSWER_STREAM;
    vn_loop_wake(&connection->worker->loop, &connection->entry);
    return vn_connection_unsent(connection);
}

/* ---- What the connection tells ---- */

static void http1_input_ended(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    uint64_t now = connection->worker->loop.now;
    http1->body_at = now;
    if (http1->exchange.answer == VN_ANSWER_STREAM)
        connection->since = now;
    if (!leave_events(connection))
        connection->is_cut = true;
}

static void http1_input_over(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    http1->exchange.closes = true;
    connection->lingers = false;
    if (http1->reading == VN_READING_HEAD) /* between requests, or in one that was cut */
        vn_http1_next(connection);
    else if (http1->reading == VN_READING_BODY)
        vn_http1_abandon(connection);
}

/* It is idle from now on. */
static void http1_output_sent(struct vn_connection *connection)
{
    if (vn_http1_in(connection)->reading == VN_READING_HEAD)
        connection->since = connection->worker->loop.now;
}

static void http1_go_on(struct vn_connection *connection)
{
    vn_http1_update(connection);
    if (connection->is_closing || connection->protocol != &vn_protocol_http1)
        return;
    vn_http1_deliver_whole(connection);
    vn_http1_invite_body(connection);
}

static void http1_drain(struct vn_connection *connection)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    if (exchange->is_event_stream && exchange->answer == VN_ANSWER_STREAM &&
        exchange->pending->shutdown_at == 0)
        vn_event_stream_plan_end(exchange);
}

/* ---- Deadlines ---- */

/* Whether a head has begun to come. */
static bool has_begun_head(const struct vn_connection *connection)
{
    return vn_http1_in(connection)->has_begun ||
           (connection->is_blocked && connection->input != NULL);
}

static bool http1_is_idle(const struct vn_connection *connection)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    return http1->reading == VN_READING_HEAD && !has_begun_head(connection) &&
           connection->output == NULL;
}

static uint64_t head_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    bool has_begun = has_begun_head(connection);
    *kind = VN_TIMEOUT_IDLE;
    if (vn_http1_in(connection)->requests > 0 && !has_begun)
        return vn_after(connection->since, deadlines->idle);
    *kind = has_begun ? VN_TIMEOUT_HEAD : VN_TIMEOUT_SILENCE;
    return vn_after(connection->since, deadlines->head);
}

/* Bytes that came in a rush buy no silence longer than the grace. */
static uint64_t body_deadline(const struct vn_connection *connection)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    if (deadlines->body_rate == 0)
        return 0;
    uint64_t earned = (http1->body.received - http1->body_base) * 1000 / deadlines->body_rate;
    return vn_sooner(connection->since + deadlines->body_grace + earned,
                     http1->body_at + deadlines->body_grace);
}

/* A client that ended its output may only have nothing more to ask (RFC 9112, section 9.6), but
 * most that did are gone. */
static bool seems_gone(const struct vn_connection *connection)
{
    return connection->is_at_end && connection->entry.source.fd >= 0 &&
           vn_detached_can_cancel(&vn_http1_in(connection)->exchange);
}

static uint64_t answer_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    uint64_t due = vn_after(connection->since, deadlines->handler);
    uint64_t gone = seems_gone(connection) ? vn_after(http1->body_at, deadlines->half_close) : 0;
    uint64_t first = vn_sooner(due, gone);
    *kind = first == due ? VN_TIMEOUT_HANDLER : VN_TIMEOUT_GONE;
    return first;
}

/* The request is complete, its answer is not. */
static uint64_t exchange_deadline(const struct vn_connection *connection,
                                  enum vn_timeout_kind *kind)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    if (http1->exchange.answer == VN_ANSWER_LATER)
        return answer_deadline(connection, kind);
    if (http1->exchange.is_event_stream && http1->exchange.answer == VN_ANSWER_STREAM)
        return vn_event_stream_deadline(&http1->exchange, connection->progress, kind);
    /* A stream that waits for its producer may wait without end, unless its client may be gone: a
     * FIN can be half a close or all of it. */
    *kind = VN_TIMEOUT_WRITE;
    return connection->is_at_end
               ? vn_after(connection->since, connection->worker->config->deadlines.write_stall)
               : 0;
}

static uint64_t http1_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    switch (vn_http1_in(connection)->reading) {
    case VN_READING_HEAD:
        return head_deadline(connection, kind);
    case VN_READING_NOTHING:
        return exchange_deadline(connection, kind);
    default:
        *kind = connection->pauses_input ? VN_TIMEOUT_HANDLER : VN_TIMEOUT_BODY;
        return connection->pauses_input
                   ? vn_after(connection->since, connection->worker->config->deadlines.handler)
                   : body_deadline(connection);
    }
}

/* A head that does not come to its end. Its bytes are those that wait. */
vn_cold static void refuse_late_head(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    vn_request *begun = connection->input == NULL ? NULL : http1->head;
    http1->exchange.is_head = begun != NULL && begun->method_id == VN_METHOD_HEAD;
    if (begun != NULL) {
        begun->head = connection->input->bytes + connection->input->at;
        begun->connection = connection;
    }
    vn_http1_refuse(connection, 408, begun);
}

static void http1_expired(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    switch (kind) {
    case VN_TIMEOUT_HEAD:
        refuse_late_head(connection);
        break;
    case VN_TIMEOUT_BODY:
        vn_http1_fail(connection, 408);
        break;
    case VN_TIMEOUT_GONE:
        vn_detached_cancel(exchange);
        break;
    case VN_TIMEOUT_HEARTBEAT:
    case VN_TIMEOUT_SHUTDOWN:
        if (!vn_event_stream_expired(exchange, kind))
            connection->is_cut = true;
        vn_http1_update(connection);
        break;
    default:
        vn_http1_fail(connection, 503);
        break;
    }
}

/* ---- What an exchange asks ---- */

static struct vn_exchange *http1_find(struct vn_connection *connection, uint32_t number)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    return http1->requests == number && http1->reading != VN_READING_HEAD &&
                   http1->exchange.answer != VN_ANSWER_DONE
               ? &http1->exchange
               : NULL;
}

static vn_handle http1_handle(const struct vn_exchange *exchange)
{
    const struct vn_source *source = &vn_http1_connection(exchange)->entry.source;
    return (vn_handle) {exchange->worker, source->index, source->generation,
                        vn_http1_with(exchange)->requests, exchange->worker->loop.run};
}

static void http1_resume_input(struct vn_exchange *exchange)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    if (connection->pauses_input)
        vn_http1_unpause(connection);
}

/* One that was answered before its handler has begun holds nothing up any more. */
static void http1_changed(struct vn_exchange *exchange)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    connection->holds_output = false;
    vn_connection_resume(connection);
}

/* Whether a streamed body has nobody yet who takes it. */
static bool lacks_consumer(const struct vn_exchange *exchange)
{
    return exchange->body_is_coming && exchange->body_mode == VN_BODY_STREAMED &&
           exchange->answer != VN_ANSWER_DONE && !vn_exchange_has_consumer(exchange);
}

/* Until the handler has begun, what has come of a streamed body waits for it, and the unsent
 * answers to earlier requests leave with its own, or when it waits. A handler that goes on may have
 * more to wait for before it takes the body: nothing more of that is received until then. */
static void http1_postpone(struct vn_exchange *exchange, bool is_postponed)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    bool goes_on = connection->holds_output && !is_postponed;
    connection->holds_output = is_postponed;
    bool lacks = !is_postponed && lacks_consumer(exchange);
    connection->pauses_input = connection->pauses_input || lacks;
    if ((goes_on && (connection->is_blocked || connection->output != NULL)) ||
        (!is_postponed && connection->is_at_end) || lacks)
        vn_connection_resume(connection);
}

static void http1_record_end(struct vn_exchange *exchange, struct vn_record *record,
                             bool is_answered)
{
    struct vn_connection *connection = vn_http1_connection(exchange);
    const struct vn_http1 *http1 = vn_http1_with(exchange);
    if (http1->reading != VN_READING_HEAD)
        record->told.bytes_received += http1->body.received;
    vn_connection_record_end(connection, record, is_answered);
}

const struct vn_protocol vn_protocol_http1 = {
    .begin = http1_begin,
    .end = http1_end,
    .received = vn_http1_received,
    .can_receive = vn_http1_can_receive,
    .input_resumed = vn_http1_restart_clocks,
    .input_ended = http1_input_ended,
    .input_over = http1_input_over,
    .output_sent = http1_output_sent,
    .produce = http1_produce,
    .go_on = http1_go_on,
    .go_on_shortly = http1_go_on_shortly,
    .deadline = http1_deadline,
    .expired = http1_expired,
    .is_idle = http1_is_idle,
    .drain = http1_drain,
    .find = http1_find,
    .handle = http1_handle,
    .head = vn_http1_head,
    .upgrade = vn_http1_upgrade,
    .raw = vn_http1_raw,
    .write = vn_http1_write,
    .write_shared = vn_http1_write_shared,
    .write_chunk = vn_http1_write_chunk,
    .finish = vn_http1_finish,
    .cut = vn_http1_cut,
    .resume_output = http1_resume_output,
    .resume_input = http1_resume_input,
    .changed = http1_changed,
    .postpone = http1_postpone,
    .unsent = vn_http1_unsent,
    .record_end = http1_record_end,
    .appended = vn_http1_appended,
};
