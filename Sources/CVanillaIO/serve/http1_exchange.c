// SPDX-License-Identifier: MIT
#include "http1_exchange.h"

#include "dispatch.h"
#include "http1_output.h"
#include "response.h"

/* ---- The handler ---- */

static void consumed(struct vn_connection *connection, enum vn_consumed result)
{
    if (result == VN_CONSUMER_FAILED)
        vn_http1_fail(connection, 500);
    else if (result == VN_CONSUMED_AND_PAUSES) {
        connection->pauses_input = true;
        connection->since = connection->worker->loop.now;
    }
}

void vn_http1_handle(struct vn_connection *connection, const vn_request *request)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    bool is_complete = http1->body.is_complete;
    http1->reading = is_complete ? VN_READING_NOTHING : VN_READING_BODY;
    connection->since = connection->worker->loop.now;
    http1->body_at = connection->since;
    consumed(connection, vn_dispatch_request(&http1->exchange, request, is_complete));
    vn_http1_update(connection);
}

/* Bytes of a body that nobody wants. */
static void discard(struct vn_connection *connection, size_t count)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    connection->discarded += (uint32_t) count;
    if (connection->discarded <= connection->worker->config->limits.discard)
        return;
    http1->exchange.closes = true;
    connection->lingers = true;
    http1->body.is_complete = true;
    http1->reading = VN_READING_NOTHING;
    vn_http1_update(connection);
}

void vn_http1_deliver(struct vn_connection *connection, vn_span piece)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_exchange *exchange = &http1->exchange;
    if (exchange->body_mode == VN_BODY_WHOLE) {
        if (!vn_exchange_gather(exchange, piece))
            vn_http1_refuse(connection, 503, NULL);
    } else if (vn_exchange_has_consumer(exchange) && exchange->answer != VN_ANSWER_DONE)
        consumed(connection, vn_dispatch_piece(exchange, piece, http1->body.is_complete));
    else
        discard(connection, piece.count);
}

void vn_http1_deliver_whole(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (vn_likely(!vn_exchange_has_consumer(&http1->exchange)) ||
        http1->reading != VN_READING_NOTHING)
        return;
    consumed(connection, vn_dispatch_whole(&http1->exchange));
    if (!connection->is_closing)
        vn_http1_update(connection);
}

void vn_http1_restart_clocks(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (http1->reading == VN_READING_NOTHING)
        return;
    connection->since = connection->worker->loop.now;
    http1->body_at = connection->since;
    if (http1->reading == VN_READING_BODY)
        http1->body_base = http1->body.received;
}

void vn_http1_unpause(struct vn_connection *connection)
{
    connection->pauses_input = false;
    vn_http1_restart_clocks(connection);
}

void vn_http1_invite_body(struct vn_connection *connection)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    if (http1->reading == VN_READING_BODY && http1->awaits_continue &&
        vn_exchange_has_consumer(&http1->exchange) && vn_exchange_is_unanswered(&http1->exchange))
        vn_http1_continue(connection);
}

/* ---- What follows ---- */

void vn_http1_update(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (http1->exchange.answer != VN_ANSWER_DONE || connection->is_closing)
        return;
    if (http1->reading == VN_READING_NOTHING)
        vn_http1_next(connection);
    else if (http1->reading == VN_READING_BODY && http1->exchange.closes) {
        connection->lingers = true;
        vn_http1_next(connection);
    } else if (connection->pauses_input)
        vn_http1_unpause(connection); /* the rest of the body is drained */
}

/* Nothing of an exchange is left in its connection. */
static inline void clear_marks(struct vn_connection *connection)
{
    connection->has_more = false;
    connection->goes_on_shortly = false;
    connection->holds_output = false;
    connection->pauses_input = false;
}

/* What an exchange had that is less common than others. Whether the next request is another
 * protocol's. */
vn_cold static bool leave_to_next_protocol(struct vn_connection *connection)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    if (connection->output != NULL && connection->output->holds)
        vn_http1_let_go(exchange);
    const struct vn_protocol *next = exchange->pending->next_protocol;
    void *context = exchange->pending->next_context;
    if (next == NULL)
        return false;
    vn_exchange_end(exchange);
    clear_marks(connection);
    vn_connection_change_protocol(connection, next, context);
    return true;
}

void vn_http1_next(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    if (vn_unlikely(http1->exchange.pending != NULL) && leave_to_next_protocol(connection))
        return;
    vn_exchange_end(&http1->exchange);
    http1->awaits_continue = false;
    http1->has_begun = false;
    clear_marks(connection);
    if (vn_unlikely(http1->exchange.closes)) {
        /* A client that did not ask for the close may be sending its next request. */
        vn_connection_close(connection, !http1->asks_close);
        return;
    }
    connection->discarded = 0;
    connection->looks = 0;
    connection->since = connection->worker->loop.now;
    http1->reading = VN_READING_HEAD;
    http1->head = NULL;
}

/* ---- Failures ---- */

/* Of a request whose head is refused, what is kept begins with the head. */
static void note_head_time(const struct vn_connection *connection)
{
    const struct vn_http1 *http1 = vn_http1_in(connection);
    struct vn_record *record = vn_exchange_record(&http1->exchange);
    if (record != NULL && http1->has_begun)
        record->began -= (connection->worker->loop.now - connection->since) * 1000000;
}

vn_cold void vn_http1_refuse(struct vn_connection *connection, uint16_t status,
                             const vn_request *request)
{
    struct vn_exchange *exchange = &vn_http1_of(connection)->exchange;
    connection->lingers = true;
    exchange->closes = true;
    exchange->answer = VN_ANSWER_NONE;
    bool is_head_begun = vn_http1_of(connection)->reading == VN_READING_HEAD;
    vn_exchange_observe(exchange, request, !is_head_begun);
    if (is_head_begun)
        note_head_time(connection);
    struct vn_response response = vn_response_of(exchange);
    if (request != NULL)
        response.request = request;
    vn_response_refuse(&response, status);
    vn_http1_next(connection);
}

/* An answer that was begun stays without its end, so that the client does not take it for whole;
 * where that end is the close itself, the connection is cut. */
vn_cold void vn_http1_abandon(struct vn_connection *connection)
{
    struct vn_http1 *http1 = vn_http1_of(connection);
    struct vn_exchange *exchange = &http1->exchange;
    bool ends_by_close =
        exchange->answer == VN_ANSWER_STREAM && !http1->is_chunked &&
        (exchange->pending->left == UINT64_MAX || exchange->pending->coded != NULL);
    exchange->closes = true;
    connection->is_cut = connection->is_cut || ends_by_close;
    vn_http1_next(connection);
}

vn_cold void vn_http1_fail(struct vn_connection *connection, uint16_t status)
{
    if (vn_exchange_is_unanswered(&vn_http1_of(connection)->exchange))
        vn_http1_refuse(connection, status, NULL);
    else {
        connection->lingers = true;
        vn_exchange_note_cut(&vn_http1_of(connection)->exchange);
        vn_http1_abandon(connection);
    }
}
