// SPDX-License-Identifier: MIT
/* offline.c - the whole server on the calling thread, with bytes in place of a socket. */
#include <stdlib.h>

#include "../loop/file.h"
#include "../loop/watch.h"
#include "../ring/loopback.h"
#include "../serve/acceptor.h"
#include "../serve/http1.h"
#include "hooks.h"
#include "offline.h"

enum { OFFLINE_NUMBER = UINT32_MAX, OFFLINE_MAX = 30000 /* milliseconds */ };

void vn_offline_begin(vn_server *server)
{
    const vn_handlers *handlers = &server->config.handlers;
    if (server->offline_began)
        return;
    server->offline_began = true;
    server->offline->context = handlers->begin == NULL
                                   ? handlers->context
                                   : handlers->begin(handlers->context, OFFLINE_NUMBER);
}

void vn_offline_end(vn_server *server)
{
    if (server->offline_began && server->config.handlers.end != NULL)
        server->config.handlers.end(server->offline->context);
    server->offline_began = false;
}

/* The connection that is there, or NULL. */
static struct vn_connection *only_connection(struct vn_worker *worker)
{
    struct vn_slab *slab = &worker->loop.sources;
    for (uint32_t i = 0; i < slab->fresh; i++) {
        struct vn_connection *connection =
            vn_slab_is_taken(slab, i) ? vn_connection_of(vn_slab_slot(slab, i)) : NULL;
        if (connection != NULL)
            return connection;
    }
    return NULL;
}

/* Turn until the connection has ended; one that never would, a stream without end, is ended by the
 * clock. */
static void offline_run(struct vn_worker *worker, const struct vn_loopback_peer *peer)
{
    struct vn_loop *loop = &worker->loop;
    uint64_t due = vn_clock() + OFFLINE_MAX;
    while (peer->ended == 0 && vn_loop_turn(loop, OFFLINE_MAX) == 0) {
        struct vn_connection *connection =
            vn_loop_clock(loop) < due ? NULL : only_connection(worker);
        if (connection != NULL)
            vn_connection_end(connection);
    }
}

static void offline_answer(struct vn_worker *worker, vn_span input, struct vn_loopback_peer *peer)
{
    if (vn_loopback_expect(worker->loop.ring, peer, input.bytes, input.count) < 0)
        return;
    vn_connection_open(worker, -1, &vn_transport_plain, &vn_protocol_http1, 0);
    offline_run(worker, peer);
}

static void offline_handle(struct vn_worker *worker, vn_span input, struct vn_loopback_peer *peer)
{
    if (vn_worker_open(worker, vn_loopback_open, vn_acceptor_slot_size(), 1, VN_WATCHES_OFFLINE,
                       VN_FILES_OFFLINE, 0) < 0) {
        vn_loop_end_tasks(&worker->loop);
        return;
    }
    bool has_hooks = vn_hooks_exist(worker->config);
    if (!has_hooks || vn_hooks_start(worker) == 0) {
        offline_answer(worker, input, peer);
        vn_worker_await_handlers(worker);
        if (has_hooks)
            vn_hooks_stop(worker);
    }
    vn_worker_close(worker);
}

uint8_t *vn_server_handle(vn_server *server, vn_span input, size_t *count)
{
    struct vn_loopback_peer peer = {0};
    pthread_mutex_lock(&server->offline_lock);
    struct vn_loop *before = vn_loop_enter(&server->offline->loop);
    vn_offline_begin(server);
    offline_handle(server->offline, input, &peer);
    vn_loop_leave(&server->offline->loop, before);
    pthread_mutex_unlock(&server->offline_lock);

    *count = peer.output_count;
    if (peer.ended == 0) {
        free(peer.output);
        return NULL;
    }
    return peer.output != NULL ? peer.output : malloc(1);
}
