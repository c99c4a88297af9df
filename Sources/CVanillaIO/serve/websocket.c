// SPDX-License-Identifier: MIT
#include "websocket.h"

#include <stdlib.h>

#include "websocket_input.h"
#include "websocket_send.h"

/* ---- Begin and end ---- */

static void websocket_drain(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    struct vn_loop *loop = &socket->worker->loop;
    uint64_t half = loop->drain_due > loop->now ? (loop->drain_due - loop->now) / 2 : 0;
    uint64_t spread = vn_smaller(half, socket->options.shutdown_spread);
    if (socket->shutdown_at == 0)
        socket->shutdown_at = loop->now + vn_loop_draw(loop, 1 + spread);
}

static void websocket_begin(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    socket->heard = connection->worker->loop.now;
    socket->has_begun = true;
    /* What was sent with the answer may wait for the rest, and so may what subscribed. */
    connection->has_more = true;
    if (connection->worker->loop.is_draining)
        websocket_drain(connection);
}

static void websocket_end(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    socket->phase = VN_WEBSOCKET_OVER;
    __atomic_store_n(&socket->is_over, true, __ATOMIC_RELAXED);
    vn_websocket_end_sources(socket); /* before the user is told, who may add others to a topic */
    if (!socket->has_ended) {
        socket->has_ended = true;
        socket->calls->ended(socket->context, VN_CLOSE_ABNORMAL, (vn_span) {0});
    }
    __atomic_store_n(&socket->unsent, 0, __ATOMIC_RELAXED);
    vn_websocket_end_codec(socket);
    free(socket->incoming.bytes);
    socket->incoming = (struct vn_incoming) {0};
    socket->connection = NULL;
    connection->state.ahead = NULL;
    vn_count_more(&socket->worker->counted.websockets_open, (uint64_t) -1);
    socket->calls->closed(socket->context);
    vn_websocket_release(socket);
}

/* ---- Input ---- */

static bool websocket_can_receive(const struct vn_connection *connection)
{
    return !vn_websocket_is_full(vn_websocket_of(connection));
}

/* What it could not send meanwhile is not held against it. */
static void websocket_input_resumed(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    socket->heard = socket->worker->loop.now;
}

static void websocket_input_ended(struct vn_connection *connection)
{
    (void) connection; /* what had come is used first */
}

static void websocket_input_over(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    if (socket->phase != VN_WEBSOCKET_OWES)
        vn_websocket_end_input(socket, VN_CLOSE_ABNORMAL, (vn_span) {0});
}

void vn_websocket_resume(vn_websocket *socket)
{
    struct vn_connection *connection = socket->connection;
    if (connection == NULL || !connection->pauses_input)
        return;
    connection->pauses_input = false;
    if (!socket->is_reading)
        vn_connection_resume(connection);
}

void *vn_websocket_worker(const vn_websocket *socket)
{
    return socket->worker;
}

/* ---- Output ---- */

static void websocket_output_sent(struct vn_connection *connection)
{
    (void) connection;
}

static bool websocket_produce(struct vn_connection *connection)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    connection->has_more = false;
    vn_websocket_note_sent(socket);
    for (struct vn_link *link = socket->sources.next; link != &socket->sources; link = link->next)
        if (!vn_holder(link, struct vn_websocket_source, link)
                 ->produce(vn_holder(link, struct vn_websocket_source, link)))
            return false;
    return true;
}

static void websocket_go_on(struct vn_connection *connection)
{
    (void) connection;
}

/* ---- Deadlines ---- */

/* One that is not listened to is not asked, either. */
static uint64_t ping_deadline(const struct vn_connection *connection)
{
    const struct vn_websocket *socket = vn_websocket_of(connection);
    const vn_websocket_options *options = &socket->options;
    if (connection->pauses_input || connection->is_at_end || vn_websocket_is_full(socket))
        return 0;
    return socket->is_pinged ? socket->heard + options->ping_timeout
                             : vn_after(socket->heard, options->ping_interval);
}

static uint64_t websocket_deadline(const struct vn_connection *connection,
                                   enum vn_timeout_kind *kind)
{
    const struct vn_websocket *socket = vn_websocket_of(connection);
    *kind = VN_TIMEOUT_GONE;
    if (socket->phase != VN_WEBSOCKET_OPEN)
        return socket->closing_at + socket->options.close_timeout;
    uint64_t ping = ping_deadline(connection);
    uint64_t first = vn_sooner(ping, socket->shutdown_at);
    *kind = first == ping ? VN_TIMEOUT_HEARTBEAT : VN_TIMEOUT_SHUTDOWN;
    return first;
}

/* A client that has answered no ping is not there to be told anything. */
static void ping(struct vn_websocket *socket)
{
    struct vn_connection *connection = socket->connection;
    bool is_silent = socket->is_pinged;
    socket->is_pinged = true;
    socket->heard = socket->worker->loop.now;
    if (is_silent || vn_websocket_put(socket, VN_FRAME_PING, (vn_span) {0}) < 0)
        connection->is_cut = true;
}

static void websocket_expired(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    if (kind == VN_TIMEOUT_HEARTBEAT)
        ping(socket);
    else if (kind == VN_TIMEOUT_SHUTDOWN)
        vn_websocket_close(socket, VN_CLOSE_GOING_AWAY, (vn_span) {0});
    else if (socket->phase == VN_WEBSOCKET_OWES)
        vn_websocket_finish(socket);
    else /* no answer to this side's Close frame */
        vn_websocket_end_input(socket, VN_CLOSE_ABNORMAL, (vn_span) {0});
}

/* An open socket is an exchange that goes on. */
static bool websocket_is_idle(const struct vn_connection *connection)
{
    (void) connection;
    return false;
}

/* ---- Exchanges ---- */

/* It has none. */
static struct vn_exchange *websocket_find(struct vn_connection *connection, uint32_t number)
{
    (void) connection, (void) number;
    return NULL;
}

const struct vn_protocol vn_protocol_websocket = {
    .begin = websocket_begin,
    .end = websocket_end,
    .received = vn_websocket_received,
    .can_receive = websocket_can_receive,
    .input_resumed = websocket_input_resumed,
    .input_ended = websocket_input_ended,
    .input_over = websocket_input_over,
    .output_sent = websocket_output_sent,
    .produce = websocket_produce,
    .go_on = websocket_go_on,
    .deadline = websocket_deadline,
    .expired = websocket_expired,
    .is_idle = websocket_is_idle,
    .drain = websocket_drain,
    .find = websocket_find,
};
