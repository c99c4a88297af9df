// SPDX-License-Identifier: MIT
/* websocket_send.c - messages and Close frames of the user, from the worker's thread and from
 * others. */
#include "websocket_send.h"

#include <stdlib.h>

static bool may_send(const struct vn_websocket *socket)
{
    return socket->connection != NULL && socket->phase <= VN_WEBSOCKET_OWES &&
           !socket->connection->is_closing;
}

static void count_sent(struct vn_websocket *socket, size_t bytes)
{
    vn_statistics *counted = &socket->worker->counted;
    vn_count_more(&counted->websocket_messages_sent, 1);
    vn_count_more(&counted->websocket_bytes_sent, bytes);
}

/* ---- What other threads posted ---- */

static void send_posted(struct vn_websocket *socket, const struct vn_posted *posted)
{
    vn_span payload = {posted->bytes, posted->count};
    if (!may_send(socket))
        return;
    if (posted->kind == VN_FRAME_CLOSE) {
        vn_span reason = {posted->bytes + 2, posted->count - 2};
        vn_websocket_close(socket, (uint16_t) (posted->bytes[0] << 8 | posted->bytes[1]), reason);
    } else if (vn_websocket_put_message(socket, posted->kind, payload) == 0)
        count_sent(socket, payload.count);
    else
        socket->connection->is_cut = true;
}

void vn_websocket_send_posted(struct vn_websocket *socket)
{
    struct vn_posted *posted = vn_websocket_take_posted(socket);
    while (posted != NULL) {
        struct vn_posted *next = posted->next;
        send_posted(socket, posted);
        vn_websocket_free_posted(socket, posted);
        posted = next;
    }
}

void vn_websocket_collect(void *context)
{
    struct vn_websocket *socket = context;
    /* An exchange, since it sees what was done before the one that found it announced. */
    (void) __atomic_exchange_n(&socket->is_announced, false, __ATOMIC_SEQ_CST);
    vn_websocket_send_posted(socket);
    if (__atomic_exchange_n(&socket->poster_waits, false, __ATOMIC_RELAXED)) {
        if (may_send(socket))
            vn_websocket_await_room(socket);
        else if (socket->connection != NULL)
            socket->calls->writable(socket->context); /* and finds it closed */
    }
    vn_websocket_release(socket);
}

/* Have the worker look at what was posted. */
static int32_t announce(struct vn_websocket *socket)
{
    if (__atomic_exchange_n(&socket->is_announced, true, __ATOMIC_SEQ_CST))
        return 0;
    vn_websocket_retain(socket);
    if (vn_mailbox_post(&socket->worker->loop.mailbox, &socket->collect) == 0)
        return 0;
    vn_websocket_release(socket); /* the worker has ended, and what was posted goes with it */
    return -EPIPE;
}

/* A list whose last comes first needs no lock: it is taken as a whole. */
static int32_t post(struct vn_websocket *socket, struct vn_posted *posted)
{
    __atomic_fetch_add(&socket->posted_bytes, posted->count, __ATOMIC_RELAXED);
    struct vn_posted *before = __atomic_load_n(&socket->posted, __ATOMIC_RELAXED);
    do
        posted->next = before;
    while (!__atomic_compare_exchange_n(&socket->posted, &before, posted, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED));
    return announce(socket);
}

static struct vn_posted *make_posted(uint8_t kind, size_t room)
{
    struct vn_posted *posted = malloc(sizeof *posted + room);
    if (posted != NULL)
        *posted = (struct vn_posted) {.kind = kind, .count = room};
    return posted;
}

int32_t vn_websocket_post(vn_websocket *socket, uint8_t kind, vn_span bytes)
{
    if (__atomic_load_n(&socket->is_over, __ATOMIC_RELAXED))
        return -EPIPE;
    if (vn_websocket_unsent(socket) > socket->options.unsent) {
        __atomic_store_n(&socket->poster_waits, true, __ATOMIC_RELAXED);
        return announce(socket) < 0 ? -EPIPE : -EAGAIN;
    }
    struct vn_posted *posted = make_posted(kind, bytes.count);
    if (posted == NULL)
        return -ENOMEM;
    if (bytes.count > 0)
        memcpy(posted->bytes, bytes.bytes, bytes.count);
    return post(socket, posted);
}

int32_t vn_websocket_post_close(vn_websocket *socket, uint16_t code, vn_span reason)
{
    if (!vn_frame_is_close_code(code))
        return -EINVAL;
    struct vn_posted *posted = make_posted(VN_FRAME_CLOSE, VN_FRAME_CONTROL_MAX);
    if (posted == NULL)
        return -ENOMEM;
    posted->count = vn_frame_write_close(posted->bytes, code, reason);
    post(socket, posted);
    __atomic_store_n(&socket->is_over, true, __ATOMIC_RELAXED);
    return 0;
}

uint64_t vn_websocket_unsent(const vn_websocket *socket)
{
    return __atomic_load_n(&socket->unsent, __ATOMIC_RELAXED) +
           __atomic_load_n(&socket->posted_bytes, __ATOMIC_RELAXED);
}

/* ---- On the worker's thread ---- */

/* After what this thread may have posted before it came here. Returns whether one may be sent. */
static bool begin_sending(struct vn_websocket *socket)
{
    if (vn_unlikely(__atomic_load_n(&socket->posted, __ATOMIC_RELAXED) != NULL))
        vn_websocket_send_posted(socket);
    return may_send(socket);
}

/* Whether a frame may be sent. Returns 0, -EPIPE or -EAGAIN. */
static int32_t prepare(struct vn_websocket *socket)
{
    if (!begin_sending(socket))
        return -EPIPE;
    if (vn_unlikely(vn_connection_unsent(socket->connection) > socket->options.unsent)) {
        vn_websocket_await_room(socket);
        return -EAGAIN;
    }
    return 0;
}

int32_t vn_websocket_send(vn_websocket *socket, uint8_t kind, vn_span bytes)
{
    int32_t result = prepare(socket);
    if (vn_likely(result == 0))
        result = vn_websocket_put_message(socket, kind, bytes);
    if (vn_likely(result == 0))
        count_sent(socket, bytes.count);
    return result;
}

int32_t vn_websocket_ping(vn_websocket *socket, vn_span bytes)
{
    if (bytes.count > VN_FRAME_CONTROL_MAX)
        return -EMSGSIZE;
    int32_t result = prepare(socket);
    return result < 0 ? result : vn_websocket_put(socket, VN_FRAME_PING, bytes);
}

/* Where the client has said its last, this is the answer to it. */
int32_t vn_websocket_close(vn_websocket *socket, uint16_t code, vn_span reason)
{
    if (!vn_frame_is_close_code(code))
        return -EINVAL;
    if (!begin_sending(socket))
        return 0;
    bool is_answer = socket->phase == VN_WEBSOCKET_OWES;
    if (is_answer && socket->is_breach)
        vn_websocket_put_close(socket, socket->code, (vn_span) {0});
    else if (!is_answer || socket->code != VN_CLOSE_ABNORMAL)
        vn_websocket_put_close(socket, code, reason);
    socket->phase = is_answer ? VN_WEBSOCKET_OVER : VN_WEBSOCKET_CLOSES;
    __atomic_store_n(&socket->is_over, true, __ATOMIC_RELAXED);
    socket->closing_at = socket->worker->loop.now;
    socket->connection->pauses_input = false; /* the client's Close frame is waited for */
    if (is_answer)
        vn_connection_close(socket->connection, true);
    if (!socket->is_reading)
        vn_connection_resume(socket->connection);
    return 0;
}
