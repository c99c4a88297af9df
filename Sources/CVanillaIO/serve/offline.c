// SPDX-License-Identifier: MIT
/* offline.c - the whole server on the calling thread, with bytes in place of a socket. */
#include <errno.h>
#include <stdlib.h>

#include "../ring/memory.h"
#include "conn.h"
#include "server.h"

enum { OFFLINE_NUMBER = UINT32_MAX, OFFLINE_MOST = 30000 };

static void offline_begin(vn_server *server)
{
    const vn_handlers *handlers = &server->config.handlers;
    if (server->offline_began)
        return;
    server->offline_began = true;
    server->offline->context = handlers->begin == NULL
                                   ? handlers->context
                                   : handlers->begin(handlers->context, OFFLINE_NUMBER);
}

/* Turn until the connection has ended; one that never would, a stream without end, is ended by the
 * clock. */
static void offline_run(struct vn_worker *worker, const struct vn_memory_peer *peer)
{
    uint64_t due = vn_clock() + OFFLINE_MOST;
    while (peer->ended == 0 && vn_worker_turn(worker, OFFLINE_MOST) == 0)
        if (worker->now >= due && !vn_list_is_empty(&worker->connections))
            vn_conn_end(vn_holder(worker->connections.next, struct vn_conn, link));
}

uint8_t *vn_server_handle(vn_server *server, vn_span input, size_t *count)
{
    struct vn_memory_peer peer = {0};
    pthread_mutex_lock(&server->offline_lock);
    struct vn_worker *worker = server->offline;
    struct vn_worker *before = vn_worker_enter(worker);
    offline_begin(server);
    if (vn_worker_open_over(worker, vn_memory_open, 1, VN_WATCHES_OFFLINE) == 0) {
        if (vn_memory_expect(worker->ring, &peer, input.bytes, input.count) == 0) {
            vn_conn_open(worker, -1);
            offline_run(worker, &peer);
        }
        vn_worker_close(worker);
    }
    vn_worker_leave(worker, before);
    pthread_mutex_unlock(&server->offline_lock);

    *count = peer.output_count;
    if (peer.ended == 0) {
        free(peer.output);
        return NULL;
    }
    return peer.output != NULL ? peer.output : malloc(1);
}
