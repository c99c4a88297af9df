// SPDX-License-Identifier: MIT
/* socket_subscription.c - a WebSocket joins a topic: the data of each event comes as text. For its
 * subscriber there is an exchange that streams, as that of a stream of events; what that asks of
 * its carrier is done here. */
#include <errno.h>
#include <stdlib.h>

#include "../include/vn_websocket.h"
#include "../serve/websocket_state.h"
#include "subscription.h"

struct socket_subscription {
    struct vn_websocket_source source;
    struct vn_exchange exchange;
    struct vn_websocket *socket;
    struct vn_subscriber *subscriber;
};

static struct socket_subscription *subscription_of(const struct vn_exchange *exchange)
{
    return vn_holder((uintptr_t) exchange, struct socket_subscription, exchange);
}

/* ---- What its exchange asks ---- */

static uint64_t resume_output(struct vn_exchange *exchange)
{
    const struct vn_websocket *socket = subscription_of(exchange)->socket;
    struct vn_connection *connection = socket->connection;
    if (socket->has_begun) {
        connection->has_more = true;
        vn_loop_wake(&connection->worker->loop, &connection->entry);
    }
    return vn_connection_unsent(connection);
}

/* Nothing follows a Close frame. */
static int32_t write_chunk(struct vn_exchange *exchange, const struct vn_chunk *chunk, bool is_only,
                           vn_release *release, void *context)
{
    const struct vn_websocket *socket = subscription_of(exchange)->socket;
    struct vn_connection *connection = socket->connection;
    vn_span bytes = vn_chunk_framed(chunk);
    if (socket->phase > VN_WEBSOCKET_OWES || bytes.count == 0) {
        release(context);
        return 0;
    }
    int64_t sent = is_only ? vn_connection_try_send(connection, bytes) : 0;
    if (vn_likely(sent == (int64_t) bytes.count)) {
        release(context);
        return 0;
    }
    struct vn_output *output = sent < 0 ? NULL : vn_connection_output(connection);
    if (output == NULL) {
        release(context);
        return -ENOMEM;
    }
    vn_span rest = {bytes.bytes + sent, bytes.count - (size_t) sent};
    return vn_output_refer(output, rest, release, context);
}

static void cut(struct vn_exchange *exchange)
{
    struct vn_connection *connection = subscription_of(exchange)->socket->connection;
    connection->is_cut = true;
    vn_connection_resume(connection);
}

static const struct vn_protocol carrier = {
    .resume_output = resume_output,
    .write_chunk = write_chunk,
    .cut = cut,
};

/* ---- What its socket asks ---- */

static bool produce(struct vn_websocket_source *source)
{
    struct socket_subscription *subscription = (struct socket_subscription *) (void *) source;
    struct vn_subscriber *subscriber = subscription->subscriber;
    return subscriber->count == 0 || vn_subscriber_produce(subscriber, NULL) >= 0;
}

static void over(struct vn_websocket_source *source)
{
    struct socket_subscription *subscription = (struct socket_subscription *) (void *) source;
    vn_subscription_leave(subscription->subscriber);
    free(subscription);
}

/* ---- Joining ---- */

static struct socket_subscription *make(struct vn_websocket *socket)
{
    struct socket_subscription *subscription = calloc(1, sizeof *subscription);
    if (subscription == NULL)
        return NULL;
    subscription->source.produce = produce;
    subscription->source.over = over;
    subscription->socket = socket;
    subscription->exchange.protocol = &carrier;
    subscription->exchange.worker = socket->worker;
    subscription->exchange.answer = VN_ANSWER_STREAM;
    subscription->subscriber = vn_subscriber_make(&subscription->exchange);
    if (subscription->subscriber != NULL)
        return subscription;
    free(subscription);
    return NULL;
}

int32_t vn_websocket_subscribe(vn_websocket *socket, vn_hub *hub, vn_span topic)
{
    if (socket->connection == NULL || socket->phase > VN_WEBSOCKET_OWES)
        return -EPIPE;
    if (topic.count > VN_ID_MAX)
        return -EMSGSIZE;
    struct socket_subscription *subscription = make(socket);
    if (subscription == NULL)
        return -ENOMEM;
    subscription->subscriber->wants_frames = true;
    int32_t result =
        vn_subscription_join(subscription->subscriber, socket->worker, hub, topic, (vn_span) {0});
    if (result < 0)
        free(subscription);
    else
        vn_list_append(&socket->sources, &subscription->source.link);
    return result;
}
