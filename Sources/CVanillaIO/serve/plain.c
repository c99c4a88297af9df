// SPDX-License-Identifier: MIT
/* plain.c - the transport that changes nothing. */
#include "../system/socket.h"
#include "connection.h"

static struct vn_ring *ring_of(const struct vn_connection *connection)
{
    return connection->worker->loop.ring;
}

static int32_t plain_begin(struct vn_connection *connection)
{
    (void) connection;
    return 0;
}

static void plain_end(struct vn_connection *connection)
{
    (void) connection;
}

static int64_t plain_send(struct vn_connection *connection, const struct msghdr *message)
{
    int64_t sent = vn_ring_send(ring_of(connection), &connection->entry.source, message);
    if (sent > 0)
        vn_connection_count_sent(connection, (uint64_t) sent);
    return sent;
}

static int64_t plain_try_send(struct vn_connection *connection, const struct iovec *piece)
{
    int64_t sent = vn_ring_try_send(ring_of(connection), &connection->entry.source, piece);
    if (vn_likely(sent > 0))
        vn_connection_count_sent(connection, (uint64_t) sent);
    return sent;
}

static void plain_sent(struct vn_connection *connection, int32_t count)
{
    if (vn_likely(count >= 0))
        vn_connection_count_sent(connection, (uint64_t) count);
    vn_connection_sent(connection, count);
}

static void plain_finish(struct vn_connection *connection)
{
    vn_socket_finish(connection->entry.source.fd);
}

const struct vn_transport vn_transport_plain = {
    .name = "plain",
    .begin = plain_begin,
    .end = plain_end,
    .received = vn_connection_received,
    .input_ended = vn_connection_input_ended,
    .send = plain_send,
    .try_send = plain_try_send,
    .sent = plain_sent,
    .finish = plain_finish,
};
