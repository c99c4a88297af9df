// SPDX-License-Identifier: MIT
#include "line_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "serve/body_writer.h"
#include "serve/connection.h"
#include "serve/detached.h"
#include "serve/dispatch.h"
#include "serve/event_stream.h"
#include "serve/response.h"

enum { WORK_OF_LINE = 64 };

/* It lies in vn_connection.state, before what is fetched ahead. */
struct line_state {
    struct vn_link exchanges; /* that are open */
    uint32_t requests; /* the last one's number */
    uint16_t count; /* of those that are open */
    bool is_over; /* no more will come */
};

_Static_assert(sizeof(struct line_state) <= offsetof(struct vn_protocol_state, ahead), "its room");

struct line_exchange {
    struct vn_exchange exchange;
    struct vn_link link;
    struct vn_connection *connection;
    uint64_t since; /* milliseconds */
    uint64_t appended; /* bytes of its lines */
    uint32_t number;
    bool is_broken;
};

static struct line_state *state_of(const struct vn_connection *connection)
{
    return (struct line_state *) (uintptr_t) &connection->state;
}

static struct line_exchange *line_of(const struct vn_exchange *exchange)
{
    return vn_holder((uintptr_t) exchange, struct line_exchange, exchange);
}

static struct line_exchange *line_at(const struct vn_link *link)
{
    return vn_holder((uintptr_t) link, struct line_exchange, link);
}

/* The one behind `link`, which may be the list itself; NULL: no more. */
static struct line_exchange *next_of(const struct vn_connection *connection,
                                     const struct vn_link *link)
{
    return link->next == &state_of(connection)->exchanges ? NULL : line_at(link->next);
}

static struct line_exchange *first_of(const struct vn_connection *connection)
{
    return next_of(connection, &state_of(connection)->exchanges);
}

/* ---- Output ---- */

static int32_t put(struct line_exchange *line, vn_span bytes)
{
    line->appended += bytes.count;
    return vn_connection_put(line->connection, bytes);
}

static int32_t put_line(struct line_exchange *line, const char *format, unsigned long value)
{
    char text[64], rest[40];
    snprintf(rest, sizeof rest, format, value);
    snprintf(text, sizeof text, "%u%s\n", line->number, rest);
    return put(line, vn_span_of(text));
}

static int32_t line_write(struct vn_exchange *exchange, vn_span bytes)
{
    struct line_exchange *line = line_of(exchange);
    int32_t result = put_line(line, "+%lu", bytes.count);
    if (result == 0)
        result = put(line, bytes);
    return result < 0 ? result : put(line, vn_span_of("\n"));
}

static int32_t line_write_shared(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                                 void *context)
{
    struct line_exchange *line = line_of(exchange);
    if (put_line(line, "+%lu", bytes.count) < 0) {
        if (release != NULL)
            release(context);
        return -ENOMEM;
    }
    line->appended += bytes.count;
    int32_t result = vn_output_refer(line->connection->output, bytes, release, context);
    return result < 0 ? result : put(line, vn_span_of("\n"));
}

static int32_t line_write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk,
                                bool is_only, vn_release *release, void *context)
{
    (void) is_only;
    return line_write_shared(exchange, vn_chunk_data(chunk), release, context);
}

/* What was written of an HTTP head is forgotten: its room is reserved again. */
static int32_t line_head(struct vn_exchange *exchange, struct vn_head *head,
                         const struct vn_content *content)
{
    struct line_exchange *line = line_of(exchange);
    int32_t result = put_line(line, " %lu", head->status);
    if (exchange->answer == VN_ANSWER_STREAM)
        line->connection->has_more = true;
    if (result < 0 || !content->is_allowed || exchange->is_head || content->bytes.count == 0)
        return result;
    return line_write(exchange, content->bytes);
}

/* Its end is written when it is taken off the list. */
static int32_t line_finish(struct vn_exchange *exchange)
{
    (void) exchange;
    return 0;
}

static void line_cut(struct vn_exchange *exchange)
{
    struct line_exchange *line = line_of(exchange);
    line->is_broken = true;
    vn_connection_resume(line->connection);
}

/* ---- The course of exchanges ---- */

static void exchange_free(struct line_exchange *line)
{
    struct vn_connection *connection = line->connection;
    vn_exchange_end(&line->exchange);
    vn_list_remove(&line->link);
    state_of(connection)->count--;
    vn_freelist_give(&connection->worker->freelist, line, sizeof *line);
}

/* Take those that are over off the list. Not while one of them calls the user's code. */
static void update(struct vn_connection *connection)
{
    bool has_more = false;
    for (struct line_exchange *line = first_of(connection), *next; line != NULL; line = next) {
        next = next_of(connection, &line->link);
        has_more = has_more || (line->exchange.answer == VN_ANSWER_STREAM && !line->exchange.waits);
        if (line->exchange.answer != VN_ANSWER_DONE)
            continue;
        if (put_line(line, line->is_broken ? "!" : ".", 0) < 0)
            connection->is_cut = true;
        exchange_free(line);
        if (first_of(connection) == NULL) /* it is idle from now on */
            connection->since = connection->worker->loop.now;
    }
    connection->has_more = has_more;
    if (state_of(connection)->is_over && first_of(connection) == NULL && !connection->is_closing)
        vn_connection_close(connection, false);
}

static void line_fail(struct line_exchange *line, uint16_t status)
{
    struct vn_exchange *exchange = &line->exchange;
    if (!vn_exchange_is_unanswered(exchange)) {
        exchange->answer = VN_ANSWER_DONE;
        line->is_broken = true;
        return;
    }
    exchange->answer = VN_ANSWER_NONE;
    struct vn_response response = vn_response_of(exchange);
    vn_response_send_empty(&response, status);
}

static bool line_produce(struct vn_connection *connection)
{
    for (struct line_exchange *line = first_of(connection); line != NULL;
         line = next_of(connection, &line->link))
        if (line->exchange.answer == VN_ANSWER_STREAM && !line->exchange.waits &&
            !vn_body_writer_produce(&line->exchange))
            line_fail(line, 500);
    update(connection);
    return true;
}

static uint64_t line_resume_output(struct vn_exchange *exchange)
{
    struct vn_connection *connection = line_of(exchange)->connection;
    exchange->waits = false;
    connection->has_more = connection->has_more || exchange->answer == VN_ANSWER_STREAM;
    vn_loop_wake(&connection->worker->loop, &connection->entry);
    return vn_connection_unsent(connection);
}

/* A line has no body. */
static void line_resume_input(struct vn_exchange *exchange)
{
    (void) exchange;
}

static void line_changed(struct vn_exchange *exchange)
{
    vn_connection_resume(line_of(exchange)->connection);
}

/* Others do not wait for it. */
static void line_postpone(struct vn_exchange *exchange, bool is_postponed)
{
    (void) exchange, (void) is_postponed;
}

static uint64_t line_unsent(const struct vn_exchange *exchange)
{
    return vn_connection_unsent(line_of(exchange)->connection);
}

static vn_handle line_handle(const struct vn_exchange *exchange)
{
    const struct line_exchange *line = line_of(exchange);
    const struct vn_source *source = &line->connection->entry.source;
    return (vn_handle) {exchange->worker, source->index, source->generation, line->number,
                        exchange->worker->loop.run};
}

static struct vn_exchange *line_find(struct vn_connection *connection, uint32_t number)
{
    struct line_exchange *line = first_of(connection);
    while (line != NULL && line->number != number)
        line = next_of(connection, &line->link);
    return line == NULL || line->exchange.answer == VN_ANSWER_DONE ? NULL : &line->exchange;
}

/* ---- Input ---- */

static struct line_exchange *exchange_make(struct vn_connection *connection)
{
    struct vn_worker *worker = connection->worker;
    struct line_state *state = state_of(connection);
    struct line_exchange *line = vn_freelist_take(&worker->freelist, sizeof *line);
    if (line == NULL)
        return NULL;
    *line = (struct line_exchange) {
        .exchange = {.protocol = &line_protocol, .worker = worker},
        .connection = connection,
        .since = worker->loop.now,
        .number = ++state->requests,
    };
    vn_list_append(&state->exchanges, &line->link);
    state->count++;
    return line;
}

/* The request of "METHOD /path\n". */
static vn_request *request_of(struct vn_connection *connection, const uint8_t *bytes, size_t count)
{
    vn_request *request = &connection->worker->request;
    const uint8_t *blank = memchr(bytes, ' ', count);
    uint32_t method = blank == NULL ? 0 : (uint32_t) (blank - bytes), target = method + 1;
    memset(request, 0, offsetof(vn_request, fields));
    request->head = bytes;
    request->connection = connection;
    request->at = count < 2 ? 0 : (uint32_t) count - 2; /* vn_request_head_size: the line */
    request->method = (vn_range) {0, method};
    if (method == 3 && memcmp(bytes, "GET", 3) == 0)
        request->method_id = VN_METHOD_GET;
    else if (method == 4 && memcmp(bytes, "HEAD", 4) == 0)
        request->method_id = VN_METHOD_HEAD;
    if (count > target + 1)
        request->path = request->target = (vn_range) {target, (uint32_t) count - target - 1};
    return request;
}

static void use_line(struct vn_connection *connection, const uint8_t *bytes, size_t count)
{
    struct line_exchange *line = exchange_make(connection);
    if (line == NULL) {
        connection->is_cut = true;
        return;
    }
    vn_connection_count_work(connection, WORK_OF_LINE);
    vn_count_more(&vn_connection_counters(connection)->requests, 1);
    const vn_request *request = request_of(connection, bytes, count);
    vn_exchange_begin(&line->exchange, request);
    if (request->method_id == VN_METHOD_OTHER)
        line_fail(line, 501);
    else
        vn_dispatch_request(&line->exchange, request, true);
    update(connection);
}

static bool line_can_receive(const struct vn_connection *connection)
{
    return state_of(connection)->count < LINE_OPEN_MAX;
}

static size_t line_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    size_t at = 0;
    while (at < count && !connection->is_cut && !connection->is_closing) {
        const uint8_t *end = memchr(bytes + at, '\n', count - at);
        if (end == NULL && count - at <= LINE_MAX_BYTES)
            break;
        if (end == NULL) {
            vn_connection_close(connection, true);
            break;
        }
        if (!line_can_receive(connection) || vn_connection_is_full(connection) ||
            vn_connection_is_over_budget(connection)) {
            connection->is_blocked = true;
            break;
        }
        size_t size = (size_t) (end - bytes) + 1 - at;
        use_line(connection, bytes + at, size);
        at += size;
    }
    return at;
}

static void line_input_resumed(struct vn_connection *connection)
{
    (void) connection;
}

/* Nothing more to ask is how the client of a stream of events leaves. */
static void line_input_ended(struct vn_connection *connection)
{
    connection->since = connection->worker->loop.now;
    for (struct line_exchange *line = first_of(connection); line != NULL;
         line = next_of(connection, &line->link))
        if (line->exchange.is_event_stream && line->exchange.answer == VN_ANSWER_STREAM)
            vn_event_stream_end(&line->exchange);
    update(connection);
}

static void line_input_over(struct vn_connection *connection)
{
    state_of(connection)->is_over = true;
    update(connection);
}

static void line_output_sent(struct vn_connection *connection)
{
    connection->since = connection->worker->loop.now;
}

/* ---- Time ---- */

static bool line_is_idle(const struct vn_connection *connection)
{
    return state_of(connection)->count == 0 && connection->output == NULL &&
           connection->input == NULL;
}

static void line_drain(struct vn_connection *connection)
{
    for (struct line_exchange *line = first_of(connection); line != NULL;
         line = next_of(connection, &line->link))
        if (line->exchange.is_event_stream && line->exchange.answer == VN_ANSWER_STREAM &&
            line->exchange.pending->shutdown_at == 0)
            vn_event_stream_plan_end(&line->exchange);
}

static uint64_t exchange_deadline(const struct line_exchange *line, enum vn_timeout_kind *kind)
{
    const struct vn_connection *connection = line->connection;
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    const struct vn_exchange *exchange = &line->exchange;
    if (exchange->answer == VN_ANSWER_STREAM && exchange->is_event_stream)
        return vn_event_stream_deadline(exchange, connection->progress, kind);
    if (exchange->answer == VN_ANSWER_STREAM) {
        *kind = VN_TIMEOUT_WRITE; /* the client of one that waits may be gone */
        return connection->is_at_end ? vn_after(connection->since, deadlines->write_stall) : 0;
    }
    uint64_t due = vn_after(line->since, deadlines->handler);
    uint64_t gone = connection->is_at_end && vn_detached_can_cancel(exchange)
                        ? vn_after(connection->since, deadlines->half_close)
                        : 0;
    bool is_gone_first = gone != 0 && vn_sooner(gone, due) == gone;
    *kind = is_gone_first ? VN_TIMEOUT_GONE : VN_TIMEOUT_HANDLER;
    return vn_sooner(due, gone);
}

/* That of the exchange whose turn comes first. */
static uint64_t line_deadline(const struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    uint64_t due = 0;
    *kind = VN_TIMEOUT_IDLE;
    if (state_of(connection)->count == 0)
        return vn_after(connection->since, connection->worker->config->deadlines.idle);
    for (const struct line_exchange *line = first_of(connection); line != NULL;
         line = next_of(connection, &line->link)) {
        enum vn_timeout_kind of_this = VN_TIMEOUT_HANDLER;
        uint64_t at = exchange_deadline(line, &of_this);
        if (at == 0 || (due != 0 && due <= at))
            continue;
        due = at;
        *kind = of_this;
    }
    return due;
}

static void exchange_expired(struct line_exchange *line, enum vn_timeout_kind kind)
{
    if (kind == VN_TIMEOUT_GONE)
        vn_detached_cancel(&line->exchange);
    else if (kind == VN_TIMEOUT_HANDLER)
        line_fail(line, 503);
    else if (!vn_event_stream_expired(&line->exchange, kind))
        line_fail(line, 500);
}

/* One of them; the connection looks for the next when this is done. */
static void line_expired(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    for (struct line_exchange *line = first_of(connection); line != NULL;
         line = next_of(connection, &line->link)) {
        enum vn_timeout_kind of_this = VN_TIMEOUT_HANDLER;
        uint64_t due = exchange_deadline(line, &of_this);
        if (due == 0 || due > connection->worker->loop.now || of_this != kind)
            continue;
        exchange_expired(line, kind);
        break;
    }
    update(connection);
}

/* ---- Begin and end ---- */

static void line_begin(struct vn_connection *connection)
{
    vn_list_init(&state_of(connection)->exchanges);
}

static void line_end(struct vn_connection *connection)
{
    for (struct line_exchange *line; (line = first_of(connection)) != NULL;)
        exchange_free(line);
}

static void line_record_end(struct vn_exchange *exchange, struct vn_record *record,
                            bool is_answered)
{
    vn_connection_record_end(line_of(exchange)->connection, record, is_answered);
}

static uint64_t line_appended(const struct vn_exchange *exchange)
{
    return line_of(exchange)->appended;
}

const struct vn_protocol line_protocol = {
    .begin = line_begin,
    .end = line_end,
    .received = line_received,
    .can_receive = line_can_receive,
    .input_resumed = line_input_resumed,
    .input_ended = line_input_ended,
    .input_over = line_input_over,
    .output_sent = line_output_sent,
    .produce = line_produce,
    .go_on = update,
    .deadline = line_deadline,
    .expired = line_expired,
    .is_idle = line_is_idle,
    .drain = line_drain,
    .find = line_find,
    .handle = line_handle,
    .head = line_head,
    .write = line_write,
    .write_shared = line_write_shared,
    .write_chunk = line_write_chunk,
    .finish = line_finish,
    .cut = line_cut,
    .resume_output = line_resume_output,
    .resume_input = line_resume_input,
    .changed = line_changed,
    .postpone = line_postpone,
    .unsent = line_unsent,
    .record_end = line_record_end,
    .appended = line_appended,
};
