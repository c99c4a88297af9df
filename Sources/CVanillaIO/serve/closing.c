// SPDX-License-Identifier: MIT
/* closing.c - how long a connection whose last answer has left stays for its client. */
#include "../system/socket.h"
#include "connection.h"

enum { AWAITED_LOOK = 500 }; /* milliseconds between two looks at what the client has taken */

static uint64_t in_flight(const struct vn_connection *connection)
{
    int32_t fd = connection->entry.source.fd;
    uint64_t count = vn_socket_in_flight(fd);
    return count > 0 && vn_socket_has_failed(fd) ? 0 : count;
}

bool vn_connection_may_close(const struct vn_connection *connection)
{
    const struct vn_worker *worker = connection->worker;
    /* The process ends, and the system has to see to the rest in the end. */
    return connection->sent <= VN_CLOSE_AT_ONCE_MAX || worker->loop.is_draining ||
           worker->config->deadlines.write_stall == 0 || in_flight(connection) == 0;
}

/* A lingering close lasts while the client goes on to send, and not slower than a body may come. */
uint64_t vn_connection_linger_deadline(const struct vn_connection *connection)
{
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    if (connection->is_awaited || connection->is_at_end)
        return vn_sooner(vn_after(connection->progress, deadlines->write_stall),
                         connection->since + AWAITED_LOOK);
    uint64_t due = vn_sooner(vn_after(connection->progress, deadlines->linger),
                             vn_after(connection->since, deadlines->linger_total));
    if (deadlines->body_rate == 0)
        return due;
    uint64_t earned = connection->discarded * UINT64_C(1000) / deadlines->body_rate;
    return vn_sooner(due, connection->since + deadlines->linger + earned);
}

bool vn_connection_await(struct vn_connection *connection, enum vn_timeout_kind *kind)
{
    uint64_t now = connection->worker->loop.now;
    if (vn_connection_may_close(connection)) /* where nothing more can come it just ends */
        return connection->is_at_end && connection->is_finished;
    uint32_t left = (uint32_t) vn_smaller(in_flight(connection), UINT32_MAX);
    if (!connection->is_awaited || left < connection->discarded)
        connection->progress = now;
    connection->is_awaited = true;
    connection->discarded = left;
    connection->since = now;
    if (now - connection->progress < connection->worker->config->deadlines.write_stall)
        return true;
    *kind = VN_TIMEOUT_WRITE;
    return false;
}
