// SPDX-License-Identifier: MIT
#include "websocket_input.h"

#include <errno.h>
#include <stdlib.h>

#include "held.h"
#include "websocket_send.h"

enum {
    WORK_OF_FRAME = 16, /* pieces of a body that a frame is as much work as */
    BYTES_OF_WORK = 256, /* bytes of messages that are a piece more */
    GATHERED_MIN = 4 * 1024, /* bytes of the first allocation for a message in parts */
    SECOND = 1000,
};

/* ---- The end ---- */

void vn_websocket_finish(vn_websocket *socket)
{
    struct vn_connection *connection = socket->connection;
    if (connection == NULL || socket->phase != VN_WEBSOCKET_OWES)
        return;
    vn_websocket_send_posted(socket); /* before the Close frame */
    if (socket->phase != VN_WEBSOCKET_OWES)
        return; /* one of them was a close */
    socket->phase = VN_WEBSOCKET_OVER;
    __atomic_store_n(&socket->is_over, true, __ATOMIC_RELAXED);
    if (socket->code != VN_CLOSE_ABNORMAL)
        vn_websocket_put_close(socket, socket->code, (vn_span) {0});
    vn_connection_close(connection, true);
    if (!socket->is_reading)
        vn_connection_resume(connection);
}

/* The first one's code counts. */
void vn_websocket_end_input(struct vn_websocket *socket, uint16_t code, vn_span reason)
{
    bool has_closed = socket->phase >= VN_WEBSOCKET_CLOSES;
    if (!has_closed) {
        socket->phase = VN_WEBSOCKET_OWES;
        socket->code = code;
        socket->closing_at = socket->worker->loop.now;
        socket->connection->pauses_input = false;
    }
    bool has_ended = socket->has_ended, owes = false;
    socket->has_ended = true;
    if (!has_ended)
        owes = socket->calls->ended(socket->context, code, reason);
    if (has_closed && socket->phase != VN_WEBSOCKET_OVER) {
        socket->phase = VN_WEBSOCKET_OVER;
        vn_connection_close(socket->connection, true);
    } else if (!has_closed && !owes)
        vn_websocket_finish(socket);
}

static void fail(struct vn_websocket *socket, int32_t code)
{
    if (socket->phase < VN_WEBSOCKET_OWES)
        socket->is_breach = true;
    vn_websocket_end_input(socket, (uint16_t) code, (vn_span) {0});
}

/* ---- Messages ---- */

static void deliver(struct vn_websocket *socket, uint8_t kind, vn_span message)
{
    struct vn_connection *connection = socket->connection;
    vn_statistics *counted = &socket->worker->counted;
    vn_count_more(&counted->websocket_messages_received, 1);
    vn_count_more(&counted->websocket_bytes_received, message.count);
    int32_t result = socket->calls->message(socket->context, kind, message);
    if (vn_unlikely(vn_budget_look(&socket->worker->loop.budget)))
        vn_held_note(socket->worker, NULL, true);
    if (vn_unlikely(result < 0) && socket->phase == VN_WEBSOCKET_OPEN)
        fail(socket, VN_CLOSE_INTERNAL_ERROR);
    else if (result == VN_RECEIVE_PAUSE && socket->phase == VN_WEBSOCKET_OPEN)
        connection->pauses_input = true;
}

/* It grows with what has come, never with what was promised. */
static bool gather(struct vn_incoming *incoming, const uint8_t *bytes, size_t count)
{
    size_t need = incoming->count + count;
    if (need > incoming->capacity) {
        size_t capacity = incoming->capacity == 0 ? GATHERED_MIN : incoming->capacity * 2;
        while (capacity < need)
            capacity *= 2;
        uint8_t *grown = realloc(incoming->bytes, capacity);
        if (grown == NULL)
            return false;
        incoming->bytes = grown;
        incoming->capacity = capacity;
    }
    if (count > 0)
        memcpy(incoming->bytes + incoming->count, bytes, count);
    incoming->count = need;
    return true;
}

static void forget_gathered(struct vn_websocket *socket)
{
    struct vn_incoming *incoming = &socket->incoming;
    if (incoming->bytes != NULL) {
        free(incoming->bytes);
        vn_trim_later(&socket->worker->trim);
    }
    incoming->bytes = NULL;
    incoming->count = 0;
    incoming->capacity = 0;
}

/* The last frame of a message in parts is complete. */
static void complete(struct vn_websocket *socket)
{
    struct vn_incoming *incoming = &socket->incoming;
    incoming->rules.is_in_message = false;
    if (socket->phase == VN_WEBSOCKET_OPEN && !vn_utf8_is_complete(&incoming->check))
        fail(socket, VN_CLOSE_INVALID_DATA);
    else if (socket->phase == VN_WEBSOCKET_OPEN)
        deliver(socket, incoming->kind, (vn_span) {incoming->bytes, incoming->count});
    forget_gathered(socket);
}

/* A part of a message that was compressed. Returns 0, or the code to close with below it. */
static int32_t take_expanded(void *context, vn_span plain)
{
    struct vn_websocket *socket = context;
    struct vn_incoming *incoming = &socket->incoming;
    if (plain.count > socket->options.message - incoming->count)
        return -VN_CLOSE_TOO_BIG;
    vn_connection_count_work(socket->connection, (uint32_t) (plain.count / BYTES_OF_WORK));
    if (incoming->kind == VN_FRAME_TEXT && vn_utf8_check(&incoming->check, plain) < plain.count)
        return -VN_CLOSE_INVALID_DATA;
    return gather(incoming, plain.bytes, plain.count) ? 0 : -VN_CLOSE_INTERNAL_ERROR;
}

/* Returns 0, or the code to close with. */
static int32_t expand(struct vn_websocket *socket, vn_span piece)
{
    const struct vn_incoming *incoming = &socket->incoming;
    bool is_last = incoming->left == 0 && incoming->is_final;
    int32_t result =
        socket->codec->expand(socket->codec_state, piece, is_last, take_expanded, socket);
    if (result == -EBADMSG)
        return VN_CLOSE_INVALID_DATA;
    return result == -ENOMEM ? VN_CLOSE_INTERNAL_ERROR : -result;
}

/* Returns 0, or the code to close with. */
static int32_t add_piece(struct vn_websocket *socket, vn_span piece)
{
    struct vn_incoming *incoming = &socket->incoming;
    if (incoming->is_compressed)
        return expand(socket, piece);
    if (incoming->kind == VN_FRAME_TEXT && vn_utf8_check(&incoming->check, piece) < piece.count)
        return VN_CLOSE_INVALID_DATA;
    return gather(incoming, piece.bytes, piece.count) ? 0 : VN_CLOSE_INTERNAL_ERROR;
}

/* More of a frame's payload. Returns bytes used. */
static size_t use_payload(struct vn_websocket *socket, uint8_t *bytes, size_t count)
{
    struct vn_incoming *incoming = &socket->incoming;
    count = vn_smaller(count, incoming->left);
    incoming->left -= count;
    if (socket->phase == VN_WEBSOCKET_OPEN) {
        incoming->mask = vn_frame_unmask(bytes, count, incoming->mask);
        int32_t code = add_piece(socket, (vn_span) {bytes, count});
        if (vn_unlikely(code != 0))
            fail(socket, code);
    }
    if (incoming->left > 0)
        return count;
    incoming->is_in_frame = false;
    if (incoming->is_final)
        complete(socket);
    return count;
}

/* A message that has come as a whole is lent where it lies. */
static void use_whole(struct vn_websocket *socket, const struct vn_frame_head *head, uint8_t *bytes)
{
    struct vn_utf8_check check = {0};
    vn_span message = {bytes, head->length};
    vn_frame_unmask(bytes, message.count, head->mask);
    if (head->kind == VN_FRAME_TEXT &&
        (vn_utf8_check(&check, message) < message.count || !vn_utf8_is_complete(&check)))
        fail(socket, VN_CLOSE_INVALID_DATA);
    else
        deliver(socket, head->kind, message);
}

/* Returns 0, or the code to close with. */
static int32_t check_limits(struct vn_websocket *socket, const struct vn_frame_head *head)
{
    const vn_websocket_options *options = &socket->options;
    const struct vn_incoming *incoming = &socket->incoming;
    if (head->length > options->frame || incoming->frames >= options->frames)
        return VN_CLOSE_TOO_BIG;
    if (incoming->is_compressed)
        return 0; /* what it expands to is counted as it comes */
    if (head->length > options->message || incoming->count > options->message - head->length)
        return VN_CLOSE_TOO_BIG;
    return 0;
}

/* A frame of a message begins. Returns bytes used of what follows its head. */
static size_t use_data(struct vn_websocket *socket, const struct vn_frame_head *head,
                       uint8_t *bytes, size_t count)
{
    struct vn_incoming *incoming = &socket->incoming;
    bool is_open = socket->phase == VN_WEBSOCKET_OPEN;
    if (!incoming->rules.is_in_message) {
        incoming->kind = head->kind;
        incoming->is_compressed = head->is_compressed;
        incoming->frames = 0;
        incoming->check = (struct vn_utf8_check) {0};
    }
    int32_t code = is_open ? check_limits(socket, head) : 0;
    if (code != 0) {
        fail(socket, code);
        return count;
    }
    if (vn_likely(is_open && head->is_final && !incoming->rules.is_in_message &&
                  !head->is_compressed && count >= head->length)) {
        use_whole(socket, head, bytes);
        return head->length;
    }
    incoming->rules.is_in_message = true;
    incoming->is_in_frame = true;
    incoming->is_final = head->is_final;
    incoming->mask = head->mask;
    incoming->left = head->length;
    incoming->frames++;
    return use_payload(socket, bytes, count);
}

/* ---- Control frames ---- */

static void use_close(struct vn_websocket *socket, vn_span payload)
{
    vn_span reason;
    int32_t code = vn_frame_read_close(payload, &reason);
    if (code < 0)
        fail(socket, -code);
    else
        vn_websocket_end_input(socket, (uint16_t) code, reason);
}

/* Whether the client sends more of them in a second than it may. */
static bool are_too_many(struct vn_websocket *socket)
{
    uint64_t now = socket->worker->loop.now;
    if (now - socket->second >= SECOND) {
        socket->second = now;
        socket->controls = 0;
    }
    return ++socket->controls > socket->options.control_frames;
}

static void use_control(struct vn_websocket *socket, const struct vn_frame_head *head,
                        uint8_t *bytes)
{
    vn_span payload = {bytes, head->length};
    vn_frame_unmask(bytes, payload.count, head->mask);
    if (head->kind == VN_FRAME_CLOSE)
        use_close(socket, payload);
    else if (socket->phase != VN_WEBSOCKET_OPEN)
        return;
    else if (are_too_many(socket))
        fail(socket, VN_CLOSE_POLICY);
    else if (head->kind == VN_FRAME_PING && vn_websocket_put(socket, VN_FRAME_PONG, payload) < 0)
        socket->connection->is_cut = true;
}

/* ---- Bytes in ---- */

/* Returns bytes used; 0 when more are needed. */
static size_t use_frame(struct vn_websocket *socket, uint8_t *bytes, size_t count)
{
    struct vn_frame_head head;
    int32_t size = vn_frame_read_head(&head, &socket->incoming.rules, bytes, count);
    if (size == 0)
        return 0;
    if (vn_unlikely(size < 0)) {
        fail(socket, -size);
        return count;
    }
    size_t rest = count - (size_t) size;
    if (vn_likely(!vn_frame_is_control(head.kind)))
        return (size_t) size + use_data(socket, &head, bytes + size, rest);
    if (rest < head.length)
        return 0; /* it is short, and waits */
    use_control(socket, &head, bytes + size);
    return (size_t) size + head.length;
}

/* Whether the client has said its last, and what else comes is thrown away. */
static bool is_deaf(const struct vn_websocket *socket)
{
    return socket->phase == VN_WEBSOCKET_OWES || socket->phase == VN_WEBSOCKET_OVER;
}

size_t vn_websocket_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    struct vn_websocket *socket = vn_websocket_of(connection);
    size_t at = 0;
    socket->heard = socket->worker->loop.now;
    socket->is_pinged = false;
    socket->is_reading = true;
    while (at < count && !connection->is_cut && !connection->is_closing) {
        if (vn_unlikely(is_deaf(socket))) {
            at = count;
            break;
        }
        if (vn_unlikely(connection->pauses_input || vn_connection_is_full(connection) ||
                        vn_websocket_is_full(socket) || vn_connection_is_over_budget(connection))) {
            connection->is_blocked = true;
            break;
        }
        size_t used = socket->incoming.is_in_frame ? use_payload(socket, bytes + at, count - at)
                                                   : use_frame(socket, bytes + at, count - at);
        if (used == 0)
            break;
        vn_connection_count_work(connection, WORK_OF_FRAME + (uint32_t) (used / BYTES_OF_WORK));
        at += used;
    }
    socket->is_reading = false;
    return at;
}
