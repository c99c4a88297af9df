// SPDX-License-Identifier: MIT
#include "http2.h"

#include <stdlib.h>

#include "detached.h"
#include "event_stream.h"
#include "http2_control.h"
#include "http2_exchange.h"
#include "http2_input.h"
#include "http2_output.h"
#include "http2_schedule.h"
#include "http2_stream.h"
#include "timeout.h"

/* ---- Begin and end ---- */

/* The tables of fields are begun apart: most of their memory is not touched until it is used. */
static void init(struct vn_http2 *http2, struct vn_connection *connection)
{
    uint64_t now = connection->worker->loop.now;
    memset(http2, 0, offsetof(struct vn_http2, decoder));
    http2->connection = connection;
    http2->send_window = VN_WINDOW_FIRST;
    http2->receive_window = VN_HTTP2_WINDOW;
    http2->peer_window = VN_WINDOW_FIRST;
    http2->resets = (struct vn_allowance) {now, VN_HTTP2_RESETS};
    http2->empty_frames = (struct vn_allowance) {now, VN_HTTP2_EMPTY_FRAMES};
    http2->window_updates = (struct vn_allowance) {now, VN_HTTP2_WINDOW_UPDATES};
    http2->began = now;
    vn_list_init(&http2->streams);
    vn_list_init(&http2->changed);
    for (size_t i = 0; i < VN_URGENCIES; i++)
        vn_list_init(&http2->ready[i]);
    vn_hpack_decoder_init(&http2->decoder);
    vn_hpack_encoder_init(&http2->encoder);
    http2->repeated.text_count = 0;
}

static void http2_begin(struct vn_connection *connection)
{
    struct vn_http2_place *place = (struct vn_http2_place *) (void *) &connection->state;
    connection->state = (struct vn_protocol_state) {0};
    place->http2 = malloc(sizeof *place->http2);
    if (place->http2 == NULL)
        connection->is_cut = true;
    else
        init(place->http2, connection);
}

static void http2_end(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2 == NULL)
        return;
    vn_http2_end_streams(http2);
    free(http2->head.bytes);
    free(http2);
    connection->state = (struct vn_protocol_state) {0};
}

/* ---- What the connection tells ---- */

static bool http2_can_receive(const struct vn_connection *connection)
{
    (void) connection;
    return true;
}

static void http2_input_resumed(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    http2->began = connection->worker->loop.now;
    for (struct vn_stream *stream = vn_stream_first(http2); stream != NULL;
         stream = vn_stream_after(stream))
        vn_stream_restart_clocks(stream);
}

/* Nothing more to ask is how the client of a stream of events leaves. */
static void http2_input_ended(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2 == NULL)
        return;
    http2->began = connection->worker->loop.now;
    for (struct vn_stream *stream = vn_stream_first(http2); stream != NULL;
         stream = vn_stream_after(stream))
        if (stream->exchange.is_event_stream && stream->exchange.answer == VN_ANSWER_STREAM)
            vn_event_stream_end(&stream->exchange);
}

/* Requests that have not ended will not. */
static void http2_input_over(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2 == NULL || connection->is_cut)
        return;
    http2->input_is_over = true;
    for (struct vn_stream *stream = vn_stream_first(http2), *next; stream != NULL; stream = next) {
        next = vn_stream_after(stream);
        if (!stream->has_ended)
            vn_stream_close(stream);
    }
    vn_http2_schedule(http2);
}

static void http2_output_sent(struct vn_connection *connection)
{
    if (vn_http2_of(connection)->stream_count == 0)
        connection->since = connection->worker->loop.now;
}

static bool http2_produce(struct vn_connection *connection)
{
    vn_http2_schedule(vn_http2_of(connection));
    return true;
}

static void http2_go_on(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2 != NULL)
        vn_http2_schedule(http2);
}

static bool http2_is_idle(const struct vn_connection *connection)
{
    const struct vn_http2 *http2 = vn_http2_of(connection);
    return http2 != NULL && http2->stream_count == 0 && !vn_http2_is_amid(http2) &&
           connection->output == NULL;
}

static void http2_drain(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2 == NULL)
        return;
    vn_http2_leave(http2);
    for (struct vn_stream *stream = vn_stream_first(http2); stream != NULL;
         stream = vn_stream_after(stream))
        if (stream->exchange.is_event_stream && stream->exchange.answer == VN_ANSWER_STREAM &&
            stream->exchange.pending->shutdown_at == 0)
            vn_event_stream_plan_end(&stream->exchange);
}

/* It was idle for long enough. */
static void http2_retire(struct vn_connection *connection)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    if (http2->has_preface)
        vn_http2_name_last(http2);
}

/* ---- Deadlines ---- */

/* Bytes that came in a rush buy no silence longer than the grace. */
static uint64_t body_deadline(const struct vn_stream *stream, const vn_deadlines *deadlines)
{
    if (deadlines->body_rate == 0)
        return 0;
    uint64_t earned = (stream->body - stream->body_base) * 1000 / deadlines->body_rate;
    return vn_sooner(stream->since + deadlines->body_grace + earned,
                     stream->body_at + deadlines->body_grace);
}

static uint64_t answer_deadline(const struct vn_stream *stream, const vn_deadlines *deadlines,
                                enum vn_timeout_kind *kind)
{
    const struct vn_http2 *http2 = stream->http2;
    bool seems_gone = http2->connection->is_at_end && vn_detached_can_cancel(&stream->exchange);
    uint64_t due = vn_after(stream->since, deadlines->handler);
    uint64_t gone = seems_gone ? vn_after(http2->began, deadlines->half_close) : 0;
    uint64_t first = vn_sooner(due, gone);
    *kind = first == due ? VN_TIMEOUT_HANDLER : VN_TIMEOUT_GONE;
    return first;
}

/* A stream whose own window is open waits for the others: what the client takes of them counts. */
static uint64_t progress_of(const struct vn_stream *stream)
{
    uint64_t all = stream->http2->progress;
    return stream->send_window > 0 && all > stream->progress ? all : stream->progress;
}

/* Whether a producer is not asked, since nothing that it gives may be sent. */
static bool is_shut(const struct vn_stream *stream)
{
    const struct vn_exchange *exchange = &stream->exchange;
    return exchange->answer == VN_ANSWER_STREAM && !exchange->waits && stream->has_head &&
           (stream->send_window <= 0 || stream->http2->send_window <= 0);
}

static uint64_t stream_deadline(const struct vn_stream *stream, enum vn_timeout_kind *kind)
{
    const struct vn_exchange *exchange = &stream->exchange;
    const struct vn_connection *connection = vn_stream_connection(stream);
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    if (vn_stream_unsent(stream) > 0) {
        *kind = VN_TIMEOUT_WINDOW;
        return vn_stall_deadline(&stream->stall, progress_of(stream), deadlines->write_stall);
    }
    bool is_held = stream->pauses || stream->lacks_consumer || stream->is_postponed;
    if (!stream->has_ended && !(is_held && !stream->is_over)) {
        *kind = VN_TIMEOUT_BODY;
        return body_deadline(stream, deadlines);
    }
    if (exchange->answer == VN_ANSWER_LATER || is_held)
        return answer_deadline(stream, deadlines, kind);
    if (exchange->is_event_stream && exchange->answer == VN_ANSWER_STREAM)
        return vn_event_stream_deadline(exchange, stream->progress, kind);
    *kind = VN_TIMEOUT_WINDOW; /* the client of one that waits for its producer may be gone */
    if (is_shut(stream))
        return vn_after(progress_of(stream), deadlines->write_stall);
    return connection->is_at_end ? vn_after(stream->since, deadlines->write_stall) : 0;
}

/* Of a connection on which no stream is open. */
static uint64_t idle_deadline(const struct vn_http2 *http2, enum vn_timeout_kind *kind)
{
    const struct vn_connection *connection = http2->connection;
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    *kind = http2->requests > 0 ? VN_TIMEOUT_IDLE : VN_TIMEOUT_SILENCE;
    return vn_after(connection->since, http2->requests > 0 ? deadlines->idle : deadlines->head);
}

static uint64_t http2_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    const struct vn_http2 *http2 = vn_http2_of(connection);
    *kind = VN_TIMEOUT_IDLE;
    if (http2 == NULL)
        return 0;
    uint64_t due = 0;
    if (vn_http2_is_amid(http2)) {
        *kind = VN_TIMEOUT_HEAD;
        due = vn_after(http2->began, connection->worker->config->deadlines.head);
    }
    for (const struct vn_stream *stream = vn_stream_first(http2); stream != NULL;
         stream = vn_stream_after(stream)) {
        enum vn_timeout_kind of_this = VN_TIMEOUT_HANDLER;
        uint64_t at = stream_deadline(stream, &of_this);
        if (at == 0 || (due != 0 && due <= at))
            continue;
        due = at;
        *kind = of_this;
    }
    return due != 0 || http2->stream_count > 0 ? due : idle_deadline(http2, kind);
}

/* Its client opens no window, or too slowly. */
static void window_expired(struct vn_stream *stream)
{
    struct vn_worker *worker = stream->exchange.worker;
    const vn_deadlines *deadlines = &worker->config->deadlines;
    struct vn_http2 *http2 = stream->http2;
    uint64_t now = worker->loop.now;
    bool waits_for_others = stream->send_window > 0;
    struct vn_stall *stall = waits_for_others ? &http2->stall : &stream->stall;
    /* The rate of a stream is measured while its own window holds it up. */
    vn_stall_note(&stream->stall, now, stream->sent, waits_for_others);
    if (waits_for_others)
        vn_stall_note(stall, now, http2->sent, now - stall->looked > deadlines->write_stall);
    if (vn_stream_unsent(stream) > 0 && now - progress_of(stream) < deadlines->write_stall &&
        vn_stall_is_fast(stall, now, deadlines->write_stall, deadlines->write_rate))
        return;
    vn_timeout_count(&worker->counted, VN_TIMEOUT_WRITE);
    vn_stream_reset(stream, VN_HTTP2_CANCEL);
}

static void stream_expired(struct vn_stream *stream, enum vn_timeout_kind kind)
{
    struct vn_exchange *exchange = &stream->exchange;
    switch (kind) {
    case VN_TIMEOUT_WINDOW:
        window_expired(stream);
        break;
    case VN_TIMEOUT_BODY:
        if (stream->is_over)
            vn_stream_reset(stream, VN_HTTP2_NO_ERROR);
        else
            vn_stream_fail(stream, 408);
        break;
    case VN_TIMEOUT_GONE:
        vn_detached_cancel(exchange);
        break;
    case VN_TIMEOUT_HEARTBEAT:
    case VN_TIMEOUT_SHUTDOWN:
        if (!vn_event_stream_expired(exchange, kind))
            vn_stream_fail(stream, 500);
        break;
    default:
        vn_stream_fail(stream, 503);
        break;
    }
}

static void http2_expired(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    uint64_t now = connection->worker->loop.now;
    if (kind == VN_TIMEOUT_HEAD && !http2->has_preface) {
        connection->is_cut = true;
        return;
    }
    if (kind == VN_TIMEOUT_HEAD) {
        vn_http2_fail(http2, VN_HTTP2_PROTOCOL_ERROR, "a frame stayed half sent");
        return;
    }
    for (struct vn_stream *stream = vn_stream_first(http2), *next; stream != NULL; stream = next) {
        enum vn_timeout_kind of_this = VN_TIMEOUT_HANDLER;
        uint64_t due = stream_deadline(stream, &of_this);
        next = vn_stream_after(stream);
        if (due != 0 && due <= now)
            stream_expired(stream, of_this);
    }
    vn_http2_schedule(http2);
}

/* ---- What an exchange asks ---- */

static struct vn_exchange *http2_find(struct vn_connection *connection, uint32_t number)
{
    struct vn_http2 *http2 = vn_http2_of(connection);
    struct vn_stream *stream = http2 == NULL ? NULL : vn_stream_find(http2, number);
    return stream == NULL || stream->is_over || stream->exchange.answer == VN_ANSWER_DONE
               ? NULL
               : &stream->exchange;
}

static vn_handle http2_handle(const struct vn_exchange *exchange)
{
    const struct vn_stream *stream = vn_stream_of(exchange);
    const struct vn_source *source = &vn_stream_connection(stream)->entry.source;
    return (vn_handle) {exchange->worker, source->index, source->generation, stream->number,
                        exchange->worker->loop.run};
}

static uint64_t http2_resume_output(struct vn_exchange *exchange)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    struct vn_connection *connection = vn_stream_connection(stream);
    exchange->waits = false;
    vn_stream_make_ready(stream);
    vn_loop_wake(&connection->worker->loop, &connection->entry);
    return vn_http2_unsent(exchange);
}

/* Nothing is sent here: a handler that has begun a head may ask. */
static void http2_resume_input(struct vn_exchange *exchange)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    if (!stream->pauses && !stream->lacks_consumer)
        return;
    stream->pauses = false;
    stream->lacks_consumer = false;
    vn_stream_restart_clocks(stream);
    vn_stream_note_change(stream);
}

/* One that was answered before its handler has begun holds nothing up any more. */
static void http2_changed(struct vn_exchange *exchange)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    vn_stream_leave_postponed(stream);
    vn_stream_note_change(stream);
    vn_connection_resume(vn_stream_connection(stream));
}

/* Until the handlers of a turn have begun, what is unsent waits to leave with their answers. A
 * handler that goes on may have more to wait for before it takes its body. */
static void http2_postpone(struct vn_exchange *exchange, bool is_postponed)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    struct vn_http2 *http2 = stream->http2;
    if (is_postponed && !stream->is_postponed) {
        stream->is_postponed = true;
        http2->postponed++;
        http2->connection->holds_output = true;
        return;
    }
    vn_stream_leave_postponed(stream);
    stream->lacks_consumer = exchange->body_is_coming && exchange->body_mode == VN_BODY_STREAMED &&
                             exchange->answer != VN_ANSWER_DONE &&
                             !vn_exchange_has_consumer(exchange);
    vn_stream_note_change(stream);
    vn_connection_resume(http2->connection);
}

static void http2_record_end(struct vn_exchange *exchange, struct vn_record *record,
                             bool is_answered)
{
    struct vn_stream *stream = vn_stream_of(exchange);
    record->told.bytes_received += stream->body;
    vn_connection_record_end(vn_stream_connection(stream), record, is_answered && stream->is_ended);
}

const struct vn_protocol vn_protocol_http2 = {
    .begin = http2_begin,
    .end = http2_end,
    .received = vn_http2_received,
    .can_receive = http2_can_receive,
    .input_resumed = http2_input_resumed,
    .input_ended = http2_input_ended,
    .input_over = http2_input_over,
    .output_sent = http2_output_sent,
    .produce = http2_produce,
    .go_on = http2_go_on,
    .deadline = http2_deadline,
    .expired = http2_expired,
    .is_idle = http2_is_idle,
    .retire = http2_retire,
    .drain = http2_drain,
    .find = http2_find,
    .handle = http2_handle,
    .head = vn_http2_head,
    .raw = vn_http2_raw,
    .write = vn_http2_write,
    .write_shared = vn_http2_write_shared,
    .write_chunk = vn_http2_write_chunk,
    .finish = vn_http2_finish,
    .cut = vn_http2_cut,
    .resume_output = http2_resume_output,
    .resume_input = http2_resume_input,
    .changed = http2_changed,
    .postpone = http2_postpone,
    .unsent = vn_http2_unsent,
    .record_end = http2_record_end,
    .appended = vn_http2_appended,
};
