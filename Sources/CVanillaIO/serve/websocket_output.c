// SPDX-License-Identifier: MIT
#include "websocket_output.h"

#include <errno.h>
#include <stdlib.h>

enum { ROOM_LOW = 16 * 1024 }; /* bytes unsent above which it is asked when they have left */

/* ---- Frames ---- */

/* Who writes outside of the connection's events has it look after its output. */
static void note_written(struct vn_websocket *socket)
{
    struct vn_connection *connection = socket->connection;
    uint64_t unsent = vn_connection_unsent(connection);
    __atomic_store_n(&socket->unsent, unsent, __ATOMIC_RELAXED);
    if (vn_unlikely(unsent > vn_smaller(ROOM_LOW, socket->options.unsent / 2))) {
        connection->has_more = socket->has_begun;
        vn_unread_expect(&socket->worker->unread, &socket->worker->loop);
    }
    if (!socket->is_reading)
        vn_connection_resume(connection);
}

int32_t vn_websocket_put(struct vn_websocket *socket, uint8_t kind, vn_span bytes)
{
    struct vn_connection *connection = socket->connection;
    struct vn_writer *writer = &connection->worker->writer;
    struct vn_output *output = vn_connection_output(connection);
    uint8_t *room =
        output == NULL ? NULL : vn_writer_reserve(writer, VN_FRAME_HEAD_MAX + bytes.count);
    if (vn_unlikely(room == NULL))
        return -ENOMEM;
    uint8_t *at = vn_frame_write_head(room, kind, false, bytes.count);
    if (bytes.count > 0)
        memcpy(at, bytes.bytes, bytes.count);
    int32_t result = vn_output_commit(output, writer, (size_t) (at - room) + bytes.count);
    note_written(socket);
    return result;
}

/* The head is written when the size is known, which moves what is compressed by some bytes. */
static int32_t put_compressed(struct vn_websocket *socket, uint8_t kind, vn_span bytes)
{
    struct vn_connection *connection = socket->connection;
    struct vn_writer *writer = &connection->worker->writer;
    struct vn_output *output = vn_connection_output(connection);
    size_t most = socket->codec->room(socket->codec_state, bytes.count);
    size_t need = VN_FRAME_HEAD_MAX + (most > bytes.count ? most : bytes.count);
    uint8_t *room = output == NULL ? NULL : vn_writer_reserve(writer, need);
    if (vn_unlikely(room == NULL))
        return -ENOMEM;
    uint8_t *compressed = room + VN_FRAME_HEAD_MAX;
    int64_t size = socket->codec->compress(socket->codec_state, bytes, compressed, most);
    if (vn_unlikely(size < 0))
        return (int32_t) size;
    size_t count = size > 0 ? (size_t) size : bytes.count;
    uint8_t *at = vn_frame_write_head(room, kind, size > 0, count);
    memmove(at, size > 0 ? compressed : bytes.bytes, count);
    int32_t result = vn_output_commit(output, writer, (size_t) (at - room) + count);
    note_written(socket);
    return result;
}

int32_t vn_websocket_put_message(struct vn_websocket *socket, uint8_t kind, vn_span bytes)
{
    if (vn_likely(socket->codec == NULL || bytes.count == 0))
        return vn_websocket_put(socket, kind, bytes);
    return put_compressed(socket, kind, bytes);
}

void vn_websocket_end_codec(struct vn_websocket *socket)
{
    if (socket->codec != NULL)
        socket->codec->end(socket->codec_state);
    socket->codec = NULL;
    socket->codec_state = NULL;
}

void vn_websocket_end_sources(struct vn_websocket *socket)
{
    while (!vn_list_is_empty(&socket->sources)) {
        struct vn_websocket_source *source =
            vn_holder(socket->sources.next, struct vn_websocket_source, link);
        vn_list_remove(&source->link);
        source->over(source);
    }
}

void vn_websocket_put_close(struct vn_websocket *socket, uint16_t code, vn_span reason)
{
    uint8_t payload[VN_FRAME_CONTROL_MAX];
    size_t count = vn_frame_write_close(payload, code, reason);
    if (vn_websocket_put(socket, VN_FRAME_CLOSE, (vn_span) {payload, count}) < 0)
        socket->connection->is_cut = true;
    vn_websocket_end_sources(socket);
}

/* Whoever waits for room learns of it. */
void vn_websocket_note_sent(struct vn_websocket *socket)
{
    bool wants_room = socket->wants_room;
    socket->wants_room = false;
    __atomic_store_n(&socket->unsent, 0, __ATOMIC_RELAXED);
    if (wants_room)
        socket->calls->writable(socket->context);
}

void vn_websocket_await_room(struct vn_websocket *socket)
{
    socket->wants_room = true;
    socket->connection->has_more = socket->has_begun;
    if (!socket->is_reading)
        vn_connection_resume(socket->connection);
}

/* ---- What was posted ---- */

struct vn_posted *vn_websocket_take_posted(struct vn_websocket *socket)
{
    struct vn_posted *last = __atomic_exchange_n(&socket->posted, NULL, __ATOMIC_ACQ_REL);
    struct vn_posted *first = NULL;
    while (last != NULL) {
        struct vn_posted *before = last->next;
        last->next = first;
        first = last;
        last = before;
    }
    return first;
}

void vn_websocket_free_posted(struct vn_websocket *socket, struct vn_posted *posted)
{
    __atomic_fetch_sub(&socket->posted_bytes, posted->count, __ATOMIC_RELAXED);
    free(posted);
}

/* ---- References ---- */

void vn_websocket_retain(vn_websocket *socket)
{
    __atomic_fetch_add(&socket->references, 1, __ATOMIC_RELAXED);
}

void vn_websocket_release(vn_websocket *socket)
{
    if (__atomic_sub_fetch(&socket->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (struct vn_posted *posted = vn_websocket_take_posted(socket), *next; posted != NULL;
         posted = next) {
        next = posted->next;
        free(posted);
    }
    vn_websocket_end_codec(socket);
    free(socket->incoming.bytes);
    free(socket);
}
