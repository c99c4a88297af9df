// SPDX-License-Identifier: MIT
#include "http1_input.h"

#include <stdlib.h>
#include <string.h>

#include "../http/scan.h"
#include "client_hello.h"
#include "http1_exchange.h"
#include "http1_output.h"

enum {
    WORK_OF_REQUEST = 64, /* pieces of a body that a request is as much work as */
    FRAME_OF_WORK = 4, /* bytes of heads and of chunk lines that are a piece more */
    BLANK_MAX = 2, /* bytes of blank lines between requests that begin no head */
};

static const vn_limits *limits_of(const struct vn_connection *connection)
{
    return &connection->worker->config->limits;
}

/* ---- The body ---- */

static struct vn_body_limits body_limits(const struct vn_connection *connection)
{
    const vn_limits *limits = limits_of(connection);
    bool is_whole = vn_http1_in(connection)->exchange.body_mode == VN_BODY_WHOLE;
    return (struct vn_body_limits) {
        .size = is_whole ? limits->body : limits->streamed_body,
        .chunk_line = limits->chunk_line,
        .trailers = limits->trailers,
        .field = limits->field,
    };
}

static void count_frames(struct vn_connection *connection, uint32_t more, size_t bytes)
{
    vn_connection_count_work(connection, more + (uint32_t) (bytes / FRAME_OF_WORK));
}

/* The rate is measured from here whenever the client is ahead of it, so that a rush buys no
 * slowness later. */
static void note_progress(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    const struct vn_worker *worker = connection->worker;
    uint64_t now = worker->loop.now, rate = worker->config->deadlines.body_rate;
    http1->body_at = now;
    if ((http1->body.received - http1->body_base) * 1000 >= rate * (now - connection->since)) {
        connection->since = now;
        http1->body_base = http1->body.received;
    }
}

static void body_complete(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_pending *pending = http1->exchange.pending;
    if (http1->exchange.body_mode == VN_BODY_WHOLE) {
        pending->request->body = (vn_span) {pending->body, pending->body_count};
        vn_http1_handle(connection, pending->request);
        return;
    }
    http1->reading = VN_READING_NOTHING;
    connection->since = connection->worker->loop.now; /* the handler's time begins */
    vn_http1_update(connection);
}

static size_t use_body(struct vn_connection *connection, const uint8_t *bytes, size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_body *body = &http1->body;
    struct vn_body_limits limits = body_limits(connection);
    vn_span piece;
    int64_t used = vn_body_feed(body, bytes, count, &limits, &piece);
    if (used < 0) {
        vn_http1_fail(connection, (uint16_t) -used);
        return count;
    }
    count_frames(connection, 1, (size_t) used - piece.count);
    vn_budget_look(&connection->worker->loop.budget);
    http1->awaits_continue = false;
    note_progress(connection);
    if (piece.count > 0 || (body->is_complete && http1->exchange.body_mode == VN_BODY_STREAMED))
        vn_http1_deliver(connection, piece);
    if (connection->is_closing || http1->reading != VN_READING_BODY)
        return (size_t) used;
    if (body->is_complete)
        body_complete(connection);
    else
        vn_http1_update(connection);
    return (size_t) used;
}

/* The whole body did not come with its head. */
static void await_body(struct vn_connection *connection, const vn_request *request, vn_span begin)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (!vn_exchange_keep_request(&http1->exchange, request) ||
        !vn_exchange_gather(&http1->exchange, begin)) {
        vn_http1_refuse(connection, 503, request);
        return;
    }
    http1->reading = VN_READING_BODY;
    connection->since = connection->worker->loop.now;
    http1->body_at = connection->since;
    if (http1->awaits_continue)
        vn_http1_continue(connection);
}

/* Take as much of a whole body as has come with the head; a chunked one is joined where it lies.
 * Returns bytes used. */
static size_t begin_whole(struct vn_connection *connection, vn_request *request, uint8_t *bytes,
                          size_t count)
{
    struct vn_body *body = &vn_http1_of(connection)->body;
    struct vn_body_limits limits = body_limits(connection);
    size_t whole = 0, at = 0;
    while (!body->is_complete && at < count) {
        vn_span piece;
        int64_t used = vn_body_feed(body, bytes + at, count - at, &limits, &piece);
        if (used < 0) {
            vn_http1_refuse(connection, (uint16_t) -used, request);
            return count;
        }
        if (piece.count > 0)
            memmove(bytes + whole, piece.bytes, piece.count);
        whole += piece.count;
        at += (size_t) used;
    }
    count_frames(connection, 0, at - whole);
    vn_span have = {bytes, whole};
    if (body->is_complete) {
        request->body = have;
        vn_http1_handle(connection, request);
    } else
        await_body(connection, request, have);
    return at;
}

/* ---- The head ---- */

/* RFC 9112, section 9.3, unless the setting overrules it. */
static bool says_close(const struct vn_connection *connection)
{
    switch (connection->worker->config->keep_alive) {
    case VN_KEEP_ALIVE_ALWAYS:
        return false;
    case VN_KEEP_ALIVE_NEVER:
        return true;
    default:
        return vn_http1_in(connection)->asks_close;
    }
}

/* A head with a body is complete, and `count` bytes came after it. Returns how many of those were
 * used. */
static size_t begin_with_body(struct vn_connection *connection, vn_request *request, uint8_t *bytes,
                              size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_exchange *exchange = &http1->exchange;
    http1->awaits_continue = (request->facts & VN_EXPECTS_CONTINUE) != 0 && count == 0;
    exchange->body_mode = vn_exchange_choose_body(exchange, request);
    http1->reading = VN_READING_BODY; /* `body` counts from here on, and `head` no more */
    struct vn_body_limits limits = body_limits(connection);
    int32_t begun = vn_body_begin(&http1->body, request, &limits);
    if (begun < 0) {
        vn_http1_refuse(connection, (uint16_t) -begun, request);
        return count;
    }
    if (exchange->body_mode == VN_BODY_WHOLE)
        return begin_whole(connection, request, bytes, count);
    vn_http1_handle(connection, request);
    if (!connection->is_closing)
        vn_http1_invite_body(connection);
    return 0;
}

/* A head is complete, and `count` bytes came after it. Returns how many of those were used. */
static size_t begin_exchange(struct vn_connection *connection, vn_request *request, uint8_t *bytes,
                             size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    http1->requests++;
    request->connection = connection;
    vn_exchange_begin(&http1->exchange, request);
    http1->minor = request->minor;
    http1->asks_close = (request->facts & VN_SAYS_CLOSE) != 0 ||
                        (request->minor == 0 && (request->facts & VN_SAYS_KEEP_ALIVE) == 0);
    http1->says_close = says_close(connection);
    http1->awaits_continue = false;
    http1->has_begun = false;
    http1->body_base = 0;
    http1->body.received = 0;
    request->body = (vn_span) {0};
    vn_count_more(&vn_connection_counters(connection)->requests, 1);
    if (vn_unlikely((request->facts & VN_IS_CHUNKED) != 0 || request->content_length > 0))
        return begin_with_body(connection, request, bytes, count);
    http1->body.is_complete = true;
    vn_http1_handle(connection, request);
    return 0;
}

/* More than the blank line that some clients send after a body. */
static bool is_begun_head(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((bytes[i] != '\r' && bytes[i] != '\n') || i >= BLANK_MAX)
            return true;
    return false;
}

/* A copy with room for as many fields as the limit allows, since more may come. */
static vn_request *copy_unfinished(const struct vn_connection *connection,
                                   const vn_request *request)
{
    size_t most = vn_smaller(limits_of(connection)->field_count + 1u, VN_FIELDS_MAX);
    vn_request *copy = malloc(offsetof(vn_request, fields) + most * sizeof(vn_field));
    if (copy != NULL)
        memcpy(copy, request, vn_request_size(request));
    return copy;
}

/* A head is not complete: keep how far it was scanned. */
static void keep_head(struct vn_connection *connection, const vn_request *request,
                      const uint8_t *bytes, size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (!http1->has_begun) {
        http1->has_begun = is_begun_head(bytes, count);
        if (http1->requests > 0) /* for the first its time runs from accept */
            connection->since = connection->worker->loop.now;
    }
    if (http1->head == NULL && (http1->head = copy_unfinished(connection, request)) == NULL)
        connection->is_cut = true;
}

/* Returns bytes used; 0 when the head is not complete. */
static size_t use_head(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    const vn_limits *limits = limits_of(connection);
    const struct vn_scan_limits scan_limits = {
        .request_line = limits->request_line,
        .field = limits->field,
        .fields = limits->fields,
        .field_count = limits->field_count,
        .takes_utf8 = connection->worker->config->takes_utf8_targets,
    };
    vn_request *kept = http1->head;
    vn_request *request = kept;
    if (vn_likely(request == NULL)) {
        request = &connection->worker->request;
        vn_scan_begin(request);
    }
    int32_t scanned = vn_scan_head(request, bytes, count, &scan_limits);
    if (vn_unlikely(scanned > 0 && request->method_id == VN_METHOD_CONNECT))
        scanned = -501; /* this is not a proxy (RFC 9110, section 9.3.6) */
    if (scanned == 0) {
        keep_head(connection, request, bytes, count);
        return 0;
    }
    http1->head = NULL;
    size_t used = count;
    if (vn_unlikely(scanned < 0)) {
        http1->exchange.is_head = request->method_id == VN_METHOD_HEAD;
        request->connection = connection;
        vn_client_hello_note(connection, bytes, count);
        vn_http1_refuse(connection, (uint16_t) -scanned, request);
    } else {
        size_t head_count = (size_t) scanned;
        count_frames(connection, WORK_OF_REQUEST, head_count);
        used = head_count +
               begin_exchange(connection, request, bytes + head_count, count - head_count);
    }
    free(kept);
    return used;
}

/* ---- Bytes in ---- */

bool vn_http1_can_receive(const struct vn_connection *connection)
{
    uint8_t reading = vn_http1_in(connection)->reading;
    return reading != VN_READING_NOTHING &&
           !(reading == VN_READING_BODY && connection->holds_output);
}

size_t vn_http1_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    size_t at = 0;
    while (at < count && !connection->is_cut && !connection->is_closing) {
        if (vn_unlikely(!vn_http1_can_receive(connection) || connection->pauses_input ||
                        vn_connection_is_full(connection) ||
                        vn_connection_is_over_budget(connection))) {
            connection->is_blocked = true;
            break;
        }
        size_t used = http1->reading == VN_READING_HEAD
                          ? use_head(connection, bytes + at, count - at)
                          : use_body(connection, bytes + at, count - at);
        if (used == 0)
            break;
        at += used;
    }
    return at;
}
