// SPDX-License-Identifier: MIT
/* offline_client.c - clients of the same process, which live side by side: vn_offline.h. */
#include <errno.h>
#include <stdlib.h>

#include "../include/vn_offline.h"
#include "../loop/file.h"
#include "../loop/watch.h"
#include "../ring/loopback.h"
#include "../serve/acceptor.h"
#include "../serve/http1.h"
#include "hooks.h"
#include "offline.h"
#include "state.h"

enum { CLIENTS_MAX = 256 };

struct vn_offline_connection {
    struct vn_loopback_peer peer; /* first: connection_of */
    vn_offline_client client;
    vn_server *server;
    bool is_finished; /* the client was told */
};

static vn_offline_connection *connection_of(struct vn_loopback_peer *peer)
{
    return (vn_offline_connection *) peer;
}

/* ---- What the server does ---- */

static void peer_take(struct vn_loopback_peer *peer, const uint8_t *bytes, size_t count)
{
    vn_offline_connection *connection = connection_of(peer);
    const vn_offline_client *client = &connection->client;
    if (bytes != NULL) {
        client->receive(client->context, (vn_span) {bytes, count});
        return;
    }
    client->end(client->context);
    free(connection);
}

/* Bytes pass as they are; their end has no socket to be told to. */
static int32_t transport_finish(struct vn_connection *connection)
{
    struct vn_ring *ring = connection->worker->loop.ring;
    vn_offline_connection *peer =
        connection_of(vn_loopback_peer_of(ring, &connection->entry.source));
    if (!peer->is_finished) {
        peer->is_finished = true;
        peer->client.finish(peer->client.context);
    }
    return 1;
}

static const struct vn_transport transport_offline = {.finish = transport_finish};

/* ---- Serving ---- */

static int32_t serve(vn_server *server, void (*begun)(void *context), void *context)
{
    struct vn_worker *worker = server->offline;
    int32_t opened = vn_worker_open(worker, vn_loopback_open, vn_acceptor_slot_size(), CLIENTS_MAX,
                                    VN_WATCHES_OFFLINE, VN_FILES_OFFLINE, 0);
    if (opened < 0) {
        vn_loop_end_tasks(&worker->loop);
        return opened;
    }
    bool has_hooks = vn_hooks_exist(worker->config);
    int32_t started = has_hooks ? vn_hooks_start(worker) : 0;
    if (started == 0) {
        begun(context);
        vn_worker_run(worker);
        vn_worker_await_handlers(worker);
        if (has_hooks)
            vn_hooks_stop(worker);
    }
    vn_worker_close(worker);
    return started;
}

int32_t vn_offline_run(vn_server *server, void (*begun)(void *context), void *context)
{
    pthread_mutex_lock(&server->offline_lock);
    struct vn_loop *loop = &server->offline->loop;
    struct vn_loop *before = vn_loop_enter(loop);
    vn_offline_begin(server);
    int32_t result = serve(server, begun, context);
    vn_offline_end(server);
    vn_loop_forget_tasks(loop);
    vn_loop_leave(loop, before);
    pthread_mutex_unlock(&server->offline_lock);
    return result;
}

void vn_offline_stop(vn_server *server, uint32_t within)
{
    vn_mailbox_stop(&server->offline->loop.mailbox, within == 0 ? 0 : vn_clock() + within);
}

/* ---- What a client does ---- */

vn_offline_connection *vn_offline_connect(vn_server *server, const vn_offline_client *client)
{
    struct vn_worker *worker = server->offline;
    vn_offline_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->client = *client;
    connection->server = server;
    connection->peer.take = peer_take;
    connection->peer.room = client->room;
    if (worker->loop.is_draining || worker->connection_count >= worker->connection_limit ||
        vn_loopback_expect(worker->loop.ring, &connection->peer, NULL, 0) < 0 ||
        vn_connection_open(worker, -1, &transport_offline, &vn_protocol_http1, 0) == NULL) {
        vn_loopback_expect(worker->loop.ring, NULL, NULL, 0); /* of whatever begins next */
        free(connection);
        return NULL;
    }
    return connection;
}

int32_t vn_offline_send(vn_offline_connection *connection, vn_span bytes)
{
    struct vn_loopback_peer *peer = &connection->peer;
    if (peer->source == NULL || peer->is_at_end || bytes.count == 0)
        return 0;
    return vn_loopback_feed(connection->server->offline->loop.ring, peer->source, bytes.bytes,
                            bytes.count);
}

void vn_offline_finish(vn_offline_connection *connection)
{
    connection->peer.is_at_end = true;
}

void vn_offline_reset(vn_offline_connection *connection)
{
    connection->peer.is_at_end = true;
    connection->peer.error = -ECONNRESET;
}

void vn_offline_take(vn_offline_connection *connection, size_t count)
{
    connection->peer.room += count;
}
