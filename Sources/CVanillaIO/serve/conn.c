// SPDX-License-Identifier: MIT
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../http/preconditions.h"
#include "../ring/listener.h"
#include "call.h"

enum {
    /* bytes that may wait behind an unfinished exchange before the socket is held back */
    INPUT_MOST = 16 * 1024,
    INPUT_LEAST = 512, /* the first allocation for bytes that wait */
    BODY_LEAST = 16 * 1024, /* the same for a whole body */
    /* sends and calls of a producer in one turn, so that nobody else waits for long */
    FLUSHES_MOST = 16,
    /* milliseconds that a draining server gives a new connection's first byte */
    DRAIN_GRACE = 1000,
    /* the work of one turn, and of a late one, in pieces of a body; a request is as much as many of
     * them, and so are long frames */
    WORK_MOST = 4096,
    WORK_LATE_MOST = 2048,
    WORK_OF_REQUEST = 64,
    FRAME_OF_WORK = 4, /* bytes of heads and of chunk lines */
    WASTE_OF_WORK = 1024, /* bytes thrown away */
    LOOK_EVERY = 1024, /* such work between two looks at the clock */
    SEND_LATE_MOST = 16 * 1024, /* bytes unsent that still leave in a late turn */
    /* looks at whether a client takes its bytes, in the time after which it must have */
    LOOKS_IN_STALL = 4,
    BLANK_MOST = 2, /* bytes of blank lines between requests that are no head's begin */
    /* bytes that leave in one flight: a client that asked for the close has them before a reset */
    CLOSE_AT_ONCE_MOST = 8 * 1024,
};

static void conn_settle(struct vn_conn *conn);
static void conn_after(struct vn_conn *conn);

static const vn_limits *limits_of(const struct vn_conn *conn)
{
    return &conn->worker->config->limits;
}

/* ---- Memory on demand ---- */

struct vn_output *vn_conn_output(struct vn_conn *conn)
{
    if (conn->output == NULL) {
        conn->output = vn_output_take(&conn->worker->writer);
        conn->progress = conn->worker->now;
        if (conn->output != NULL) {
            conn->output->patience.looked = conn->worker->now;
            conn->output->patience.begun = 0;
        }
    }
    return conn->output;
}

struct vn_exchange *vn_conn_exchange(struct vn_conn *conn)
{
    if (conn->exchange != NULL)
        return conn->exchange;
    conn->exchange = vn_spares_take(&conn->worker->spares, sizeof *conn->exchange);
    if (conn->exchange != NULL)
        *conn->exchange = (struct vn_exchange) {0};
    return conn->exchange;
}

static void exchange_free(struct vn_conn *conn)
{
    struct vn_exchange *exchange = conn->exchange;
    if (vn_likely(exchange == NULL))
        return;
    if (exchange->call != NULL)
        vn_call_part(exchange->call);
    conn->exchange = NULL;
    if (exchange->consumer_release != NULL)
        exchange->consumer_release(exchange->consumer_context);
    if (exchange->producer_release != NULL)
        exchange->producer_release(exchange->producer_context);
    free(exchange->request);
    free(exchange->body);
    vn_spares_give(&conn->worker->spares, exchange, sizeof *exchange);
}

/* An unfinished head has one more field that is begun. */
size_t vn_request_size(const vn_request *request)
{
    size_t count = vn_smaller(request->field_count + 1u, VN_FIELDS_MAX);
    return offsetof(vn_request, fields) + count * sizeof(vn_field);
}

/* Room for as many fields as the limit allows, since more may come. */
static vn_request *request_copy(const struct vn_conn *conn, const vn_request *request)
{
    size_t most = vn_smaller(limits_of(conn)->field_count + 1u, VN_FIELDS_MAX);
    vn_request *copy = malloc(offsetof(vn_request, fields) + most * sizeof(vn_field));
    if (copy != NULL)
        memcpy(copy, request, vn_request_size(request));
    return copy;
}

static void input_free(struct vn_conn *conn)
{
    if (conn->input == NULL)
        return;
    free(conn->input->request);
    free(conn->input);
    conn->input = NULL;
}

/* Append to what waits. Returns false when memory ran out. */
static bool input_append(struct vn_conn *conn, const uint8_t *bytes, size_t count)
{
    struct vn_input *input = conn->input;
    if (input != NULL && input->at > 0) {
        memmove(input->bytes, input->bytes + input->at, input->count - input->at);
        input->count -= input->at;
        input->at = 0;
    }
    size_t before = input == NULL ? 0 : input->count;
    if (input == NULL || count > input->capacity - input->count) {
        size_t capacity = input == NULL ? INPUT_LEAST : (size_t) input->capacity * 2;
        while (capacity < before + count)
            capacity *= 2;
        struct vn_input *grown = realloc(input, sizeof *grown + capacity);
        if (grown == NULL)
            return false;
        if (input == NULL)
            *grown = (struct vn_input) {0};
        grown->capacity = (uint32_t) capacity;
        conn->input = grown;
    }
    memcpy(conn->input->bytes + before, bytes, count);
    conn->input->count = (uint32_t) (before + count);
    return true;
}

/* Whether what waits is more than the blank line that some clients send behind a body. */
static bool conn_has_begun_head(const struct vn_conn *conn)
{
    const struct vn_input *input = conn->input;
    if (input == NULL)
        return false;
    for (uint32_t i = input->at; i < input->count; i++)
        if ((input->bytes[i] != '\r' && input->bytes[i] != '\n') || i - input->at >= BLANK_MOST)
            return true;
    return false;
}

/* ---- Begin and end ---- */

void vn_conn_open(struct vn_worker *worker, int32_t fd)
{
    uint32_t index;
    struct vn_conn *conn = vn_slab_take(&worker->sources, &index);
    if (conn == NULL) {
        close(fd);
        return;
    }
    conn->source = (struct vn_source) {
        .fd = fd,
        .index = index,
        .generation = worker->sources.generations[index],
        .owner = VN_OWNER_CONNECTION,
    };
    conn->worker = worker;
    conn->since = worker->now;
    vn_list_append(&worker->connections, &conn->link);
    vn_list_init(&conn->ready);
    worker->connection_count++;
    vn_count_more(&worker->counters.counted.accepted, 1);
    vn_count_more(&worker->counters.counted.open, 1);

    vn_ring_begin(worker->ring, &conn->source);
    vn_ring_receive(worker->ring, &conn->source);
    conn_settle(conn);
}

void vn_conn_end(struct vn_conn *conn)
{
    if (conn->is_ending)
        return;
    conn->is_ending = true;
    vn_wheel_remove(&conn->timeout);
    vn_list_remove(&conn->ready);
    exchange_free(conn);
    input_free(conn);
    vn_ring_end(conn->worker->ring, &conn->source);
}

static void conn_ended(struct vn_conn *conn)
{
    struct vn_worker *worker = conn->worker;
    assert(conn->exchange == NULL && conn->input == NULL);
    if (conn->output != NULL)
        vn_output_give(&worker->writer, conn->output);
    vn_list_remove(&conn->link);
    vn_count_more(&worker->counters.counted.open, (uint64_t) -1);
    vn_slab_give(&worker->sources, conn->source.index);
    vn_worker_left(worker);
}

/* ---- One exchange ---- */

/* It is answered and its body read, or given up. */
static void conn_next(struct vn_conn *conn)
{
    exchange_free(conn);
    conn->awaits_continue = false;
    conn->is_paused = false;
    conn->discarded = 0;
    conn->since = conn->worker->now;
    conn->reading = conn->closes ? VN_READING_WASTE : VN_READING_HEAD;
    /* A client that did not ask for the close may be sending its next request. */
    conn->lingers = conn->lingers || (conn->closes && !conn->asks_close);
}

/* Answer with an error, and then nothing more: what else has come is thrown away. */
vn_cold static void conn_refuse(struct vn_conn *conn, uint16_t status)
{
    conn->closes = true;
    conn->lingers = true;
    vn_reply_refuse(conn, status);
    conn_next(conn);
}

/* The exchange cannot go on: send what is owed, then close. An answer that was begun stays without
 * its end, so that the client does not take it for whole; where that end is the close itself, the
 * connection is cut. */
vn_cold static void conn_abandon(struct vn_conn *conn)
{
    const struct vn_exchange *exchange = conn->exchange;
    bool ends_by_close = conn->answer == VN_ANSWER_STREAM && !exchange->stream_is_chunked &&
                         exchange->stream_left == UINT64_MAX;
    conn->closes = true;
    conn->is_cut = conn->is_cut || ends_by_close;
    conn->answer = VN_ANSWER_DONE;
    conn_next(conn);
}

/* The exchange failed: `status` where no answer was begun. */
vn_cold static void conn_fail(struct vn_conn *conn, uint16_t status)
{
    if (conn->answer == VN_ANSWER_NONE || conn->answer == VN_ANSWER_LATER)
        conn_refuse(conn, status);
    else {
        conn->lingers = true;
        conn_abandon(conn);
    }
}

bool vn_conn_will_close(const struct vn_conn *conn)
{
    const struct vn_body *body = &conn->body;
    return conn->says_close || conn->awaits_continue || conn->worker->is_draining ||
           conn->requests >= limits_of(conn)->requests ||
           (!body->is_complete && !body->is_chunked && body->left > limits_of(conn)->discard);
}

/* The client could not send for a while: the time that it has for a head or a body starts again. */
static void conn_restart_clocks(struct vn_conn *conn)
{
    if (conn->reading == VN_READING_WASTE || conn->reading == VN_READING_NOTHING)
        return;
    conn->since = conn->worker->now;
    conn->body_at = conn->worker->now;
    conn->body_base = conn->body.received;
}

static void conn_unpause(struct vn_conn *conn)
{
    conn->is_paused = false;
    conn_restart_clocks(conn);
}

/* What follows from the answer's state, after every call of the user's code. */
static void conn_after(struct vn_conn *conn)
{
    if (conn->answer != VN_ANSWER_DONE)
        return;
    if (conn->reading == VN_READING_NOTHING)
        conn_next(conn);
    else if (conn->reading == VN_READING_BODY && conn->closes) {
        conn->lingers = true;
        conn_next(conn);
    } else if (conn->is_paused)
        conn_unpause(conn); /* the rest of the body is drained */
}

static struct vn_response conn_response(struct vn_conn *conn)
{
    return (struct vn_response) {
        .conn = conn,
        .worker = conn->worker,
        .request = conn->exchange == NULL ? NULL : conn->exchange->request,
        .status = 200,
    };
}

vn_cold void vn_conn_answer_nothing(struct vn_response *response)
{
    vn_log(response->worker->config, VN_LOG_ERROR,
           "a handler returned without an answer; answered 500");
    vn_response_reset(response);
    vn_reply_empty(response, 500);
}

/* The user's code returned without an answer. */
vn_cold static void conn_answer_nothing(struct vn_conn *conn)
{
    struct vn_response response = conn_response(conn);
    vn_conn_answer_nothing(&response);
}

/* Give a piece of the body to the consumer. */
static void conn_consume(struct vn_conn *conn, vn_span piece, bool is_last)
{
    struct vn_response response = conn_response(conn);
    struct vn_exchange *exchange = conn->exchange;
    int32_t result = exchange->consumer(exchange->consumer_context, &response, piece, is_last);
    if (result < 0) {
        conn_fail(conn, 500);
        return;
    }
    if (result == VN_RECEIVE_PAUSE && !is_last && conn->answer != VN_ANSWER_DONE) {
        conn->is_paused = true;
        conn->since = conn->worker->now;
    }
    if (is_last && conn->answer == VN_ANSWER_NONE)
        conn_answer_nothing(conn);
}

static bool has_consumer(const struct vn_conn *conn)
{
    return conn->exchange != NULL && conn->exchange->consumer != NULL;
}

/* "OPTIONS *" asks about the server and not about a resource (RFC 9110, section 9.3.7): no handler
 * knows more than that it is there. */
static bool is_for_server(const vn_request *request)
{
    return request->method_id == VN_METHOD_OPTIONS && request->target.count == 1 &&
           request->head[request->target.at] == '*';
}

vn_cold static void conn_answer_for_server(struct vn_response *response)
{
    vn_reply_empty(response, 204);
}

/* Call the handler. `request` may be gone afterwards. */
static void conn_handle(struct vn_conn *conn, const vn_request *request)
{
    struct vn_worker *worker = conn->worker;
    struct vn_response response = conn_response(conn);
    response.request = request;
    conn->reading = conn->body.is_complete ? VN_READING_NOTHING : VN_READING_BODY;
    conn->since = worker->now;
    conn->body_at = worker->now;
    if (vn_unlikely(is_for_server(request)))
        conn_answer_for_server(&response);
    else
        worker->config->handlers.handle(worker->context, request, &response);

    if (vn_unlikely(conn->answer == VN_ANSWER_NONE)) {
        if (!has_consumer(conn))
            conn_answer_nothing(conn);
        else if (conn->body.is_complete)
            conn_consume(conn, request->body, true);
    }
    conn_after(conn);
}

/* ---- A share of a turn ---- */

/* Whether it did its share in this turn. The others on this worker come first then, however much
 * input waits here. */
static bool conn_did_its_share(const struct vn_conn *conn)
{
    return conn->work >= (conn->worker->is_late ? WORK_LATE_MOST : WORK_MOST) &&
           conn->worked_in == (uint32_t) conn->worker->turn;
}

static void conn_count_work(struct vn_conn *conn, uint32_t work)
{
    uint32_t turn = (uint32_t) conn->worker->turn;
    uint32_t before = conn->worked_in == turn ? conn->work : 0;
    conn->worked_in = turn;
    conn->work = before + work;
    if (before / LOOK_EVERY != conn->work / LOOK_EVERY)
        vn_worker_look_at_clock(conn->worker);
}

/* ---- The body ---- */

static struct vn_body_limits body_limits(const struct vn_conn *conn)
{
    const vn_limits *limits = limits_of(conn);
    return (struct vn_body_limits) {
        .size = conn->body_mode == VN_BODY_WHOLE ? limits->body : limits->streamed_body,
        .chunk_line = limits->chunk_line,
        .trailers = limits->trailers,
        .field = limits->field,
    };
}

/* Append to a whole body. Grows with what has come, never with what was promised. */
static bool conn_gather(struct vn_conn *conn, vn_span piece)
{
    struct vn_exchange *exchange = conn->exchange;
    size_t need = exchange->body_count + piece.count;
    if (piece.count == 0)
        return true;
    if (need > exchange->body_capacity) {
        size_t capacity = exchange->body_capacity == 0 ? BODY_LEAST : exchange->body_capacity * 2;
        while (capacity < need)
            capacity *= 2;
        uint8_t *grown = realloc(exchange->body, capacity);
        if (grown == NULL)
            return false;
        exchange->body = grown;
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_count, piece.bytes, piece.count);
    exchange->body_count = need;
    return true;
}

/* Keep a request whose whole body is still coming: a copy of it, with its head behind it. */
static bool conn_keep_request(struct vn_conn *conn, const vn_request *request, size_t head_count)
{
    struct vn_exchange *exchange = vn_conn_exchange(conn);
    if (exchange == NULL)
        return false;
    size_t size = vn_request_size(request);
    exchange->request = malloc(size + head_count);
    if (exchange->request == NULL)
        return false;
    memcpy(exchange->request, request, size);
    memcpy((uint8_t *) exchange->request + size, request->head, head_count);
    exchange->request->head = (uint8_t *) exchange->request + size;
    return true;
}

bool vn_conn_keep_conditions(struct vn_conn *conn, const vn_request *request)
{
    if (vn_likely(request == NULL || !vn_preconditions_are_there(request)))
        return true;
    if (conn->exchange != NULL && conn->exchange->request != NULL)
        return true;
    size_t head_count = request->at + 2u; /* with the empty line */
    if (!conn_keep_request(conn, request, head_count))
        return false;
    conn->exchange->request->body = (vn_span) {0}; /* lent for the call alone */
    return true;
}

/* Bytes of a body that nobody wants. */
static void conn_discard(struct vn_conn *conn, size_t count)
{
    conn->discarded += (uint32_t) count;
    if (conn->discarded <= limits_of(conn)->discard)
        return;
    conn->closes = true;
    conn->lingers = true;
    conn->body.is_complete = true;
    conn->reading = VN_READING_NOTHING;
    conn_after(conn);
}

static void conn_deliver(struct vn_conn *conn, vn_span piece)
{
    bool is_last = conn->body.is_complete;
    if (conn->body_mode == VN_BODY_WHOLE) {
        if (!conn_gather(conn, piece))
            conn_refuse(conn, 503);
    } else if (has_consumer(conn) && conn->answer != VN_ANSWER_DONE)
        conn_consume(conn, piece, is_last);
    else
        conn_discard(conn, piece.count);
}

static void conn_body_complete(struct vn_conn *conn)
{
    if (conn->body_mode == VN_BODY_WHOLE) {
        struct vn_exchange *exchange = conn->exchange;
        exchange->request->body = (vn_span) {exchange->body, exchange->body_count};
        conn_handle(conn, exchange->request);
        return;
    }
    conn->reading = VN_READING_NOTHING;
    conn_after(conn);
}

/* The rate is measured from here whenever the client is ahead of it, so that a rush buys no slowness
 * later. */
static void conn_note_progress(struct vn_conn *conn)
{
    uint64_t now = conn->worker->now, rate = conn->worker->config->deadlines.body_rate;
    conn->body_at = now;
    if ((conn->body.received - conn->body_base) * 1000 >= rate * (now - conn->since)) {
        conn->since = now;
        conn->body_base = conn->body.received;
    }
}

static size_t conn_use_body(struct vn_conn *conn, const uint8_t *bytes, size_t count)
{
    struct vn_body_limits limits = body_limits(conn);
    vn_span piece;
    int64_t used = vn_body_feed(&conn->body, bytes, count, &limits, &piece);
    if (used < 0) {
        conn_fail(conn, (uint16_t) -used);
        return count;
    }
    conn_count_work(conn, 1 + (uint32_t) (((size_t) used - piece.count) / FRAME_OF_WORK));
    conn->awaits_continue = false;
    conn_note_progress(conn);
    if (piece.count > 0 || (conn->body.is_complete && conn->body_mode == VN_BODY_STREAMED))
        conn_deliver(conn, piece);
    if (conn->body.is_complete && conn->reading == VN_READING_BODY)
        conn_body_complete(conn);
    else if (conn->reading == VN_READING_BODY)
        conn_after(conn);
    return (size_t) used;
}

/* Take as much of a whole body as has come with the head; a chunked one is joined where it lies.
 * Returns bytes used. */
static size_t conn_begin_whole(struct vn_conn *conn, vn_request *request, size_t head_count,
                               uint8_t *bytes, size_t count)
{
    struct vn_body_limits limits = body_limits(conn);
    uint8_t *whole = bytes;
    size_t whole_count = 0, at = 0;
    while (!conn->body.is_complete && at < count) {
        vn_span piece;
        int64_t used = vn_body_feed(&conn->body, bytes + at, count - at, &limits, &piece);
        if (used < 0) {
            conn_refuse(conn, (uint16_t) -used);
            return count;
        }
        if (piece.count > 0) {
            memmove(whole + whole_count, piece.bytes, piece.count);
            whole_count += piece.count;
        }
        at += (size_t) used;
    }

    conn_count_work(conn, (uint32_t) ((at - whole_count) / FRAME_OF_WORK));
    vn_span body = {whole, whole_count};
    if (conn->body.is_complete) {
        request->body = body;
        conn_handle(conn, request);
    } else if (!conn_keep_request(conn, request, head_count) || !conn_gather(conn, body))
        conn_refuse(conn, 503);
    else {
        conn->reading = VN_READING_BODY;
        conn->since = conn->worker->now;
        conn->body_at = conn->worker->now;
        if (conn->awaits_continue)
            vn_reply_continue(conn);
    }
    return at;
}

/* ---- The head ---- */

/* RFC 9112, section 9.3, unless the setting overrules it. */
static bool conn_says_close(const struct vn_conn *conn)
{
    switch (conn->worker->config->keep_alive) {
    case VN_KEEP_ALIVE_ALWAYS:
        return false;
    case VN_KEEP_ALIVE_NEVER:
        return true;
    default:
        return conn->asks_close;
    }
}

/* Somebody wants the streamed body that the client holds back. */
static void conn_invite_body(struct vn_conn *conn)
{
    bool is_open = conn->answer == VN_ANSWER_NONE || conn->answer == VN_ANSWER_LATER;
    if (conn->reading == VN_READING_BODY && conn->awaits_continue && has_consumer(conn) && is_open)
        vn_reply_continue(conn);
}

/* A head is complete, and `count` bytes came behind it. Returns how many of those were used. */
static size_t conn_begin(struct vn_conn *conn, vn_request *request, size_t head_count,
                         uint8_t *bytes, size_t count)
{
    struct vn_worker *worker = conn->worker;
    bool has_body = (request->facts & VN_IS_CHUNKED) != 0 || request->content_length > 0;
    conn->number = ++worker->exchanges;
    conn->requests++;
    conn->answer = VN_ANSWER_NONE;
    conn->body_mode = VN_BODY_WHOLE;
    conn->minor = request->minor;
    conn->is_head_method = request->method_id == VN_METHOD_HEAD;
    conn->asks_close = (request->facts & VN_SAYS_CLOSE) != 0 ||
                       (request->minor == 0 && (request->facts & VN_SAYS_KEEP_ALIVE) == 0);
    conn->says_close = conn_says_close(conn);
    conn->awaits_continue = false;
    conn->body_base = 0;
    request->connection = conn;
    request->body = (vn_span) {0};
    vn_count_more(&worker->counters.counted.requests, 1);

    if (vn_likely(!has_body)) {
        conn->body.is_complete = true;
        conn_handle(conn, request);
        return 0;
    }
    conn->awaits_continue = (request->facts & VN_EXPECTS_CONTINUE) != 0 && count == 0;
    if (is_for_server(request))
        conn->body_mode = VN_BODY_IGNORED;
    else if (worker->config->handlers.choose_body != NULL)
        conn->body_mode = (uint8_t) worker->config->handlers.choose_body(worker->context, request);

    struct vn_body_limits limits = body_limits(conn);
    int32_t begun = vn_body_begin(&conn->body, request, &limits);
    if (begun < 0) {
        conn_refuse(conn, (uint16_t) -begun);
        return count;
    }
    if (conn->body_mode == VN_BODY_WHOLE)
        return conn_begin_whole(conn, request, head_count, bytes, count);

    conn_handle(conn, request);
    conn_invite_body(conn);
    return 0;
}

/* Returns bytes used; 0 when the head is not complete. */
static size_t conn_use_head(struct vn_conn *conn, uint8_t *bytes, size_t count)
{
    struct vn_worker *worker = conn->worker;
    const vn_limits *limits = &worker->config->limits;
    struct vn_scan_limits scan_limits = {limits->request_line, limits->field, limits->fields,
                                         limits->field_count};
    vn_request *kept = conn->input == NULL ? NULL : conn->input->request;
    vn_request *request = kept;
    if (vn_likely(request == NULL)) {
        request = &worker->request;
        vn_scan_begin(request);
    }

    int32_t scanned = vn_scan_head(request, bytes, count, &scan_limits);
    if (vn_unlikely(scanned > 0 && request->method_id == VN_METHOD_CONNECT))
        scanned = -501; /* this is no proxy (RFC 9110, section 9.3.6) */
    if (vn_unlikely(scanned <= 0)) {
        conn->is_scratched = scanned == 0 && kept == NULL;
        if (scanned == 0)
            return 0;
        conn->is_head_method = request->method_id == VN_METHOD_HEAD;
        conn->answer = VN_ANSWER_NONE;
        conn_refuse(conn, (uint16_t) -scanned);
        return count;
    }
    size_t head_count = (size_t) scanned;
    conn_count_work(conn, WORK_OF_REQUEST + (uint32_t) (head_count / FRAME_OF_WORK));
    if (kept != NULL)
        conn->input->request = NULL;
    size_t used =
        head_count + conn_begin(conn, request, head_count, bytes + head_count, count - head_count);
    free(kept);
    return used;
}

/* ---- Bytes in ---- */

/* Bytes that come after the last answer. They are read so that the client sees that answer and no
 * reset (RFC 9112, section 9.6). */
static void conn_waste(struct vn_conn *conn, size_t count)
{
    conn->lingers = true;
    conn_count_work(conn, (uint32_t) (count / WASTE_OF_WORK));
    conn->discarded += (uint32_t) count;
    if (conn->discarded > limits_of(conn)->linger && vn_conn_unsent(conn) == 0)
        conn->is_cut = true;
}

/* Its handler is about to begin, in this turn. */
static bool conn_awaits_handler(const struct vn_conn *conn)
{
    return conn->answer == VN_ANSWER_LATER && conn->exchange != NULL &&
           conn->exchange->call != NULL && conn->exchange->call->is_put_off;
}

static bool conn_is_full(const struct vn_conn *conn)
{
    return vn_conn_unsent(conn) > limits_of(conn)->output;
}

/* Whether the bytes that wait can be used, in this turn or the next. */
static bool conn_can_use(const struct vn_conn *conn)
{
    if (conn->reading == VN_READING_NOTHING ||
        (conn->reading == VN_READING_BODY && conn_awaits_handler(conn)))
        return false;
    return conn->reading == VN_READING_WASTE || (!conn->is_paused && !conn_is_full(conn));
}

/* Use what can be used; returns how much that was. `is_blocked` tells whether the rest waits for
 * more bytes or for something else. */
static size_t conn_use(struct vn_conn *conn, uint8_t *bytes, size_t count)
{
    size_t at = 0;
    conn->is_blocked = false;
    while (at < count && !conn->is_cut) {
        size_t used;
        if (vn_unlikely(!conn_can_use(conn) || conn_did_its_share(conn))) {
            conn->is_blocked = true;
            return at;
        }
        if (conn->reading == VN_READING_HEAD)
            used = conn_use_head(conn, bytes + at, count - at);
        else if (conn->reading == VN_READING_BODY)
            used = conn_use_body(conn, bytes + at, count - at);
        else {
            conn_waste(conn, count - at);
            used = count - at;
        }
        if (used == 0)
            return at;
        at += used;
    }
    return count;
}

/* A head was begun in the scratch request: keep how far it was scanned, beside its bytes. */
static bool conn_keep_scratch(struct vn_conn *conn)
{
    if (!conn->is_scratched)
        return true;
    conn->is_scratched = false;
    conn->input->request = request_copy(conn, &conn->worker->request);
    return conn->input->request != NULL;
}

/* Go on with the bytes that wait. */
static void conn_use_input(struct vn_conn *conn)
{
    struct vn_input *input = conn->input;
    if (input == NULL) {
        conn->is_blocked = false;
        return;
    }
    size_t used = conn_use(conn, input->bytes + input->at, input->count - input->at);
    input->at += (uint32_t) used;
    if (input->at == input->count)
        input_free(conn);
    else if (!conn_keep_scratch(conn))
        conn->is_cut = true;
}

static void conn_received(struct vn_conn *conn, const struct vn_event *event)
{
    struct vn_worker *worker = conn->worker;
    size_t count = (size_t) event->count;
    vn_count_more(&worker->counters.counted.bytes_received, count);

    if (vn_likely(conn->input == NULL)) {
        size_t used = conn_use(conn, event->bytes, count);
        if (vn_unlikely(used < count)) {
            if (conn->reading == VN_READING_HEAD && !conn->is_blocked)
                conn->since = conn->requests == 0 ? conn->since : worker->now;
            if (!input_append(conn, event->bytes + used, count - used) || !conn_keep_scratch(conn))
                conn->is_cut = true;
        }
    } else {
        bool had_begun = conn_has_begun_head(conn);
        if (!input_append(conn, event->bytes, count))
            conn->is_cut = true;
        else if (!had_begun && conn->requests > 0 && conn->reading == VN_READING_HEAD)
            conn->since = worker->now; /* behind a blank line: it begins only now */
        if (!conn->is_cut && !conn->is_blocked)
            conn_use_input(conn);
    }
    vn_ring_give(worker->ring, event->buffer);
}

/* No more input will come, and what had come is used. */
static void conn_input_over(struct vn_conn *conn)
{
    conn->closes = true;
    conn->lingers = false;
    switch (conn->reading) {
    case VN_READING_HEAD: /* between requests, or in the middle of one that was cut */
        conn->answer = VN_ANSWER_DONE;
        conn_next(conn);
        break;
    case VN_READING_BODY:
        conn_abandon(conn);
        break;
    default: /* a whole request gets its answer */
        break;
    }
}

/* ---- Bytes out ---- */

static bool conn_is_streaming(const struct vn_conn *conn)
{
    return conn->answer == VN_ANSWER_STREAM && !conn->stream_waits;
}

static void conn_count_sent(struct vn_conn *conn, uint64_t count)
{
    conn->progress = conn->worker->now;
    conn->sent += count;
    vn_count_more(&conn->worker->counters.counted.bytes_sent, count);
}

int64_t vn_conn_offer(struct vn_conn *conn, vn_span bytes)
{
    if (conn->output != NULL || bytes.count > SEND_LATE_MOST)
        return 0;
    const struct iovec piece = {(void *) (uintptr_t) bytes.bytes, bytes.count};
    int64_t sent = vn_ring_offer(conn->worker->ring, &conn->source, &piece);
    if (vn_likely(sent > 0)) {
        vn_worker_count_sending(conn->worker, (uint64_t) sent);
        conn_count_sent(conn, (uint64_t) sent);
    }
    return sent;
}

/* Send what is owed. Returns false when the client is gone. */
vn_flat static bool conn_flush(struct vn_conn *conn)
{
    struct vn_worker *worker = conn->worker;
    struct vn_output *output = conn->output;
    if (output != NULL && vn_unlikely(conn_awaits_handler(conn)))
        return true; /* what earlier requests are owed leaves with that handler's answer, or when it waits */
    for (int round = 0; output != NULL && !output->is_sending; round++) {
        if (output->unsent == 0) {
            if (conn_is_streaming(conn)) /* more comes at once, and its client's patience goes on */
                return true;
            vn_output_give(&worker->writer, output);
            conn->output = NULL;
            return true;
        }
        if (round == FLUSHES_MOST || (worker->is_late && output->unsent > SEND_LATE_MOST))
            return true;
        vn_output_prepare(output);
        vn_worker_count_sending(worker, output->unsent);
        int64_t sent = vn_ring_send(worker->ring, &conn->source, &output->message);
        if (sent < 0)
            return false;
        if (sent == 0) {
            output->is_sending = true;
            return true;
        }
        conn_count_sent(conn, (uint64_t) sent);
        vn_output_sent(output, (size_t) sent);
    }
    return true;
}

static void conn_sent(struct vn_conn *conn, int32_t count)
{
    struct vn_worker *worker = conn->worker;
    if (count < 0) {
        conn->is_cut = true;
        return;
    }
    conn->output->is_sending = false;
    conn_count_sent(conn, (uint64_t) count);
    vn_output_sent(conn->output, (size_t) count);
    if (conn->output->unsent == 0 && conn->reading == VN_READING_HEAD && conn->input == NULL)
        conn->since = worker->now; /* idle from now on */
}

static bool conn_is_event_stream(const struct vn_conn *conn)
{
    return conn->answer == VN_ANSWER_STREAM && conn->exchange->is_event_stream;
}

/* Nothing more to ask is how the client of a stream of events leaves. */
static bool conn_has_left_events(const struct vn_conn *conn)
{
    return conn->is_at_end && conn_is_event_stream(conn) && conn->stream_waits;
}

/* Have the producer write, and send it, until the socket is full or it was enough for one turn.
 * Returns false when the connection must end. */
static bool conn_stream(struct vn_conn *conn)
{
    for (int round = 0; round < FLUSHES_MOST; round++) {
        if (conn_is_streaming(conn) && vn_conn_unsent(conn) == 0) {
            struct vn_exchange *exchange = conn->exchange;
            if (!vn_reply_produce(conn, exchange->producer, exchange->producer_context))
                return false;
            conn_after(conn);
        }
        if (conn_has_left_events(conn)) {
            if (!vn_reply_end_events(conn))
                return false;
            conn_after(conn);
        }
        if (!conn_flush(conn))
            return false;
        if (!conn_is_streaming(conn) || vn_conn_unsent(conn) > 0)
            return true;
    }
    return true;
}

/* ---- What now ---- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return b == 0 || (a != 0 && a < b) ? a : b;
}

static uint64_t after(uint64_t since, uint32_t patience)
{
    return patience == 0 ? 0 : since + patience;
}

/* Bytes that came in a rush buy no silence longer than the grace. */
static uint64_t body_deadline(const struct vn_conn *conn)
{
    const vn_deadlines *deadlines = &conn->worker->config->deadlines;
    if (deadlines->body_rate == 0)
        return 0;
    uint64_t earned = (conn->body.received - conn->body_base) * 1000 / deadlines->body_rate;
    return sooner(conn->since + deadlines->body_grace + earned,
                  conn->body_at + deadlines->body_grace);
}

/* When to look whether the client takes its bytes. */
static uint64_t write_deadline(const struct vn_conn *conn)
{
    uint32_t stall = conn->worker->config->deadlines.write_stall;
    uint64_t look = conn->output->patience.looked + stall / LOOKS_IN_STALL + 1;
    return stall == 0 ? 0 : sooner(look, conn->progress + stall);
}

/* Look whether the client takes its bytes, and fast enough. What the socket took says little: its
 * buffer hides a client that reads, but slowly, and one that reads a little now and then to keep
 * the connection. What the client acknowledged tells both. */
static bool conn_is_read(struct vn_conn *conn)
{
    const vn_deadlines *deadlines = &conn->worker->config->deadlines;
    struct vn_patience *patience = &conn->output->patience;
    uint64_t now = conn->worker->now;
    uint64_t waits = vn_socket_in_flight(conn->source.fd);
    uint64_t taken = conn->sent > waits ? conn->sent - waits : 0;
    bool is_postponed = waits == 0 && !conn->output->is_sending; /* by this server */
    if (is_postponed)
        conn->progress = now;
    if (patience->begun == 0 || is_postponed)
        *patience = (struct vn_patience) {now, taken, now, taken};
    if (taken > patience->taken) {
        conn->progress = now;
        patience->taken = taken;
    }
    patience->looked = now;
    if (now - conn->progress >= deadlines->write_stall)
        return false;

    uint64_t took = now - patience->begun;
    if (took < deadlines->write_stall)
        return true;
    if ((patience->taken - patience->base) * 1000 < deadlines->write_rate * took)
        return false;
    patience->begun = now;
    patience->base = patience->taken;
    return true;
}

/* When a stream of events shows that it lives, or ends with the server. */
static uint64_t event_deadline(const struct vn_conn *conn, enum vn_timeout_kind *kind)
{
    const struct vn_exchange *exchange = conn->exchange;
    uint64_t beat = after(conn->progress, exchange->events.heartbeat);
    *kind = exchange->farewell != 0 && (beat == 0 || exchange->farewell <= beat)
                ? VN_TIMEOUT_FAREWELL
                : VN_TIMEOUT_HEARTBEAT;
    return sooner(beat, exchange->farewell);
}

/* A client that ended its output may only have nothing more to ask (RFC 9112, section 9.6), but most
 * that did are gone. */
static bool conn_seems_gone(const struct vn_conn *conn)
{
    const struct vn_exchange *exchange = conn->exchange;
    return conn->is_at_end && conn->source.fd >= 0 && conn->answer == VN_ANSWER_LATER &&
           exchange != NULL && exchange->call != NULL && exchange->call->lost != NULL;
}

static uint64_t conn_answer_deadline(const struct vn_conn *conn, enum vn_timeout_kind *kind)
{
    const vn_deadlines *deadlines = &conn->worker->config->deadlines;
    uint64_t due = after(conn->since, deadlines->handler);
    uint64_t gone = conn_seems_gone(conn) ? after(conn->body_at, deadlines->half_close) : 0;
    if (gone == 0 || (due != 0 && due <= gone))
        return due;
    *kind = VN_TIMEOUT_GONE;
    return gone;
}

/* When patience ends, and with what; 0: never. */
static uint64_t conn_deadline(const struct vn_conn *conn, enum vn_timeout_kind *kind)
{
    const vn_deadlines *deadlines = &conn->worker->config->deadlines;
    if (vn_conn_unsent(conn) > 0) {
        *kind = VN_TIMEOUT_WRITE;
        return write_deadline(conn);
    }
    switch (conn->reading) {
    case VN_READING_HEAD:
        if (conn->requests == 0 || conn_has_begun_head(conn)) {
            *kind = VN_TIMEOUT_HEAD;
            uint64_t due = after(conn->since, deadlines->head);
            if (conn->worker->is_draining && !conn_has_begun_head(conn))
                due = sooner(due, conn->since + DRAIN_GRACE);
            return due;
        }
        *kind = VN_TIMEOUT_IDLE;
        return after(conn->since, deadlines->idle);
    case VN_READING_BODY:
        *kind = conn->is_paused ? VN_TIMEOUT_HANDLER : VN_TIMEOUT_BODY;
        return conn->is_paused ? after(conn->since, deadlines->handler) : body_deadline(conn);
    case VN_READING_NOTHING:
        *kind = VN_TIMEOUT_HANDLER;
        if (conn->answer == VN_ANSWER_LATER)
            return conn_answer_deadline(conn, kind);
        if (conn_is_event_stream(conn))
            return event_deadline(conn, kind);
        /* A stream that waits for its producer waits for ever, unless its client may be gone: a
         * FIN can be half a close or all of it. */
        *kind = VN_TIMEOUT_WRITE;
        return conn->is_at_end ? after(conn->since, deadlines->write_stall) : 0;
    default:
        *kind = VN_TIMEOUT_LINGER;
        return after(conn->since, deadlines->linger);
    }
}

/* The last answer is sent: close, carefully where more input may be on its way. */
static void conn_finish(struct vn_conn *conn)
{
    if (conn->sent > CLOSE_AT_ONCE_MOST ||
        (!conn->lingers && !conn->is_at_end && vn_socket_has_input(conn->source.fd)))
        conn->lingers = true;
    if (!conn->lingers || conn->is_at_end) {
        vn_conn_end(conn);
        return;
    }
    if (!conn->is_finished) {
        conn->is_finished = true;
        conn->since = conn->worker->now;
        vn_socket_finish(conn->source.fd);
    }
}

/* Hold the socket back, or let it come. */
static void conn_steer(struct vn_conn *conn)
{
    bool holds;
    if (conn->is_at_end)
        return;
    if (conn->reading == VN_READING_WASTE)
        holds = !conn->lingers;
    else if (conn->is_paused || conn_is_full(conn))
        holds = true;
    else
        holds =
            conn->is_blocked && conn->input != NULL &&
            conn->input->count - conn->input->at > (conn->is_held ? INPUT_MOST / 2 : INPUT_MOST);

    if (holds == conn->is_held)
        return;
    conn->is_held = holds;
    if (!holds)
        conn_restart_clocks(conn);
    if (holds)
        vn_ring_hold(conn->worker->ring, &conn->source);
    else
        vn_ring_receive(conn->worker->ring, &conn->source);
}

void vn_conn_wake(struct vn_conn *conn)
{
    if (!vn_list_is_empty(&conn->ready))
        return;
    conn->turn = conn->worker->turn;
    vn_list_append(&conn->worker->ready, &conn->ready);
}

/* Between requests, with nothing owed. A new connection is idle only after a grace. */
static bool conn_is_idle(const struct vn_conn *conn)
{
    return conn->reading == VN_READING_HEAD && !conn_has_begun_head(conn) && conn->output == NULL &&
           (conn->requests > 0 || conn->worker->now - conn->since > DRAIN_GRACE);
}

/* After everything that happens: send, close, steer, and set the clock. */
static void conn_settle(struct vn_conn *conn)
{
    if (conn->is_ending)
        return;
    if (conn->is_at_end && !conn->is_blocked && !conn->is_cut)
        conn_input_over(conn);
    /* A connection that closes without lingering asks for no more input before it sends: see
     * ring.h. */
    if (conn->reading == VN_READING_WASTE)
        conn_steer(conn);
    if (conn->is_cut || !conn_stream(conn)) {
        vn_conn_end(conn);
        return;
    }
    if (conn->reading == VN_READING_WASTE && conn->answer == VN_ANSWER_DONE &&
        conn->output == NULL) {
        conn_finish(conn);
        if (conn->is_ending)
            return;
    }
    if ((conn->is_blocked && conn_can_use(conn)) ||
        (conn_is_streaming(conn) && vn_conn_unsent(conn) == 0) ||
        (conn->output != NULL && !conn->output->is_sending) ||
        (conn->worker->is_draining && conn_is_idle(conn)))
        vn_conn_wake(conn);
    conn_steer(conn);

    enum vn_timeout_kind kind;
    vn_wheel_set(&conn->worker->wheel, &conn->timeout, conn_deadline(conn, &kind));
}

void vn_conn_answered(struct vn_conn *conn)
{
    if (conn->is_ending)
        return;
    vn_list_remove(&conn->ready);
    vn_list_append(&conn->worker->answered, &conn->ready);
}

/* A stream of events that has nothing else to do: the turns of thousands that are told the same.
 * Returns false where that is not all, and its state has to be looked at. */
static bool conn_tell(struct vn_conn *conn)
{
    if (!conn_is_event_stream(conn) || conn->stream_waits || conn->output != NULL || conn->is_cut ||
        conn->is_at_end || conn->is_blocked || conn->is_held || conn->worker->is_draining ||
        conn->reading != VN_READING_NOTHING)
        return false;
    struct vn_exchange *exchange = conn->exchange;
    if (!vn_reply_produce(conn, exchange->producer, exchange->producer_context)) {
        conn->is_cut = true;
        return false;
    }
    if (conn->output != NULL || conn->answer != VN_ANSWER_STREAM || !conn->stream_waits)
        return false;
    enum vn_timeout_kind kind;
    vn_wheel_set(&conn->worker->wheel, &conn->timeout, event_deadline(conn, &kind));
    return true;
}

void vn_conn_continue(struct vn_conn *conn)
{
    if (conn_tell(conn))
        return;
    conn_after(conn);
    conn_invite_body(conn);
    if (conn->worker->is_draining && conn_is_idle(conn)) {
        vn_conn_drain(conn);
        return;
    }
    bool goes_on = conn->is_blocked && conn_can_use(conn) && !conn_did_its_share(conn);
    /* What a late turn left goes first, before more is added to it in a turn that may be as late. Little
     * of a timely one leaves with the next answers, in one send. */
    bool is_held = goes_on && !conn->worker->is_late && vn_conn_unsent(conn) <= SEND_LATE_MOST;
    if (vn_unlikely(conn->output != NULL) && !is_held && !conn_flush(conn))
        conn->is_cut = true;
    else if (goes_on)
        conn_use_input(conn);
    conn_settle(conn);
}

void vn_conn_event(struct vn_conn *conn, const struct vn_event *event)
{
    if (event->type == VN_ENDED) {
        conn_ended(conn);
        return;
    }
    if (vn_unlikely(conn->is_ending)) { /* by an earlier event of the same batch */
        if (event->type == VN_RECEIVED && event->count > 0)
            vn_ring_give(conn->worker->ring, event->buffer);
        return;
    }
    if (event->type == VN_RECEIVED && event->count > 0)
        conn_received(conn, event);
    else if (event->type == VN_RECEIVED && event->count == 0) {
        conn->is_at_end = true;
        conn->body_at = conn->worker->now;
        if (conn->answer == VN_ANSWER_STREAM)
            conn->since = conn->worker->now;
    } else if (event->type == VN_RECEIVED)
        conn->is_cut = true;
    else if (event->type == VN_SENT)
        conn_sent(conn, event->count);
    conn_settle(conn);
}

/* A stream of events writes something of its own. */
static void conn_speak(struct vn_conn *conn, enum vn_timeout_kind kind)
{
    bool done = kind == VN_TIMEOUT_HEARTBEAT ? vn_reply_heartbeat(conn) : vn_reply_farewell(conn);
    if (!done)
        conn->is_cut = true;
    conn_after(conn);
    conn_settle(conn);
}

void vn_conn_expire(struct vn_conn *conn)
{
    enum vn_timeout_kind kind;
    uint64_t due = conn_deadline(conn, &kind);
    bool is_early = due == 0 || due > conn->worker->now;
    if (is_early || (vn_conn_unsent(conn) > 0 && conn_is_read(conn))) {
        conn_settle(conn);
        return;
    }
    if (kind == VN_TIMEOUT_HEARTBEAT || kind == VN_TIMEOUT_FAREWELL) {
        conn_speak(conn, kind);
        return;
    }
    if (kind == VN_TIMEOUT_GONE) {
        vn_call_lose(conn->exchange->call);
        conn_settle(conn);
        return;
    }
    if (kind == VN_TIMEOUT_HEAD && conn->worker->is_draining && !conn_has_begun_head(conn))
        kind = VN_TIMEOUT_IDLE; /* nothing came in the grace of a server that drains */
    vn_count_more(&conn->worker->counters.counted.timeouts[kind], 1);
    if (kind == VN_TIMEOUT_HEAD)
        conn_refuse(conn, 408);
    else if (kind == VN_TIMEOUT_BODY)
        conn_fail(conn, 408);
    else if (kind == VN_TIMEOUT_HANDLER)
        conn_fail(conn, 503);
    else {
        if (kind == VN_TIMEOUT_WRITE)
            vn_socket_abandon_output(conn->source.fd);
        conn->is_cut = true;
    }
    conn_settle(conn);
}

void vn_conn_plan_farewell(struct vn_conn *conn)
{
    struct vn_worker *worker = conn->worker;
    uint64_t due = vn_worker_stop_due(worker);
    uint64_t half = due > worker->now ? (due - worker->now) / 2 : 0;
    uint64_t window = conn->exchange->events.farewell;
    conn->exchange->farewell =
        worker->now + vn_worker_draw(worker, 1 + (half < window ? half : window));
}

void vn_conn_drain(struct vn_conn *conn)
{
    if (!conn->is_ending && conn_is_idle(conn) && !vn_socket_has_input(conn->source.fd)) {
        vn_conn_end(conn);
        return;
    }
    if (!conn->is_ending && conn_is_event_stream(conn) && conn->exchange->farewell == 0)
        vn_conn_plan_farewell(conn);
    conn_settle(conn);
}

/* ---- Later ---- */

void vn_conn_deliver(struct vn_worker *worker, struct vn_letter *letter)
{
    struct vn_conn *conn =
        vn_slab_find(&worker->sources, letter->handle.index, letter->handle.generation);
    if (conn == NULL || conn->source.owner != VN_OWNER_CONNECTION || conn->is_ending ||
        conn->number != letter->handle.exchange || conn->answer == VN_ANSWER_DONE ||
        (conn->reading != VN_READING_NOTHING && conn->reading != VN_READING_BODY)) {
        if (letter->later != NULL)
            letter->later(letter->context, NULL);
        return;
    }
    if (letter->later != NULL) {
        struct vn_response response = conn_response(conn);
        /* A promise is answered now or stays one. */
        bool was_promised = conn->answer == VN_ANSWER_LATER;
        if (was_promised)
            conn->answer = VN_ANSWER_NONE;
        letter->later(letter->context, &response);
        if (was_promised && conn->answer == VN_ANSWER_NONE)
            conn->answer = VN_ANSWER_LATER;
        conn_after(conn);
    } else { /* resume */
        conn->stream_waits = false;
        if (conn->is_paused)
            conn_unpause(conn);
    }
    vn_conn_continue(conn);
}

/* ---- What a request knows of it ---- */

size_t vn_request_peer(const vn_request *request, char *text, size_t capacity, uint16_t *port)
{
    const struct vn_conn *conn = request->connection;
    if (conn == NULL) {
        *port = 0;
        return 0;
    }
    return vn_socket_peer(conn->source.fd, text, capacity, port);
}
