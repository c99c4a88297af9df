// SPDX-License-Identifier: MIT
#include "scripted_client.h"

#include <stdlib.h>
#include <string.h>

#include "tls_listener.h"

static const struct vn_transport *transport_of(const struct scripted_client *client)
{
    switch (client->over) {
    case OVER_XOR:
        return &xor_transport;
    case OVER_TLS:
        return vn_tls_transport(tls_listener());
    default:
        return &vn_transport_plain;
    }
}

/* ---- TLS ---- */

/* Send what the client's TLS has to say. */
static void tls_say(struct vn_worker *worker, struct scripted_client *client,
                    struct vn_connection *connection)
{
    uint8_t wire[4096];
    size_t count;
    while ((count = vn_tls_client_take(client->tls, wire, sizeof wire)) > 0)
        vn_loopback_feed(worker->loop.ring, &connection->entry.source, wire, count);
}

/* Give it what came. */
static void tls_hear(struct scripted_client *client)
{
    const struct vn_loopback_peer *peer = &client->peer;
    if (peer->output_count > client->read)
        vn_tls_client_feed(client->tls, peer->output + client->read,
                           peer->output_count - client->read);
    client->read = peer->output_count;
}

static struct vn_connection *tls_connect(struct vn_worker *worker, struct scripted_client *client,
                                         const struct vn_protocol *protocol)
{
    enum { TURNS_MAX = 100000 };
    struct vn_loopback_script *script = vn_loopback_script(worker->loop.ring), kept = *script;
    script->stays_open = true;
    script->is_stalled = false;
    script->receive_error = 0;
    script->send_error = 0;
    script->send_fails_after = 0;
    client->tls = vn_tls_client_open(&(vn_tls_client_options) {0});
    vn_loopback_expect(worker->loop.ring, &client->peer, NULL, 0);
    struct vn_connection *connection =
        vn_connection_open(worker, -1, transport_of(client), protocol, 0);
    for (int i = 0; i < TURNS_MAX && !vn_tls_client_is_open(client->tls) &&
                    !vn_tls_client_has_failed(client->tls);
         i++) {
        tls_say(worker, client, connection);
        vn_loop_turn(&worker->loop, 0);
        tls_hear(client);
    }
    tls_say(worker, client, connection);
    for (int i = 0; i < TURNS_MAX && !tls_listener_is_open(connection); i++)
        vn_loop_turn(&worker->loop, 0);
    tls_hear(client);
    *script = kept;
    return connection;
}

static void tls_feed(struct vn_worker *worker, struct scripted_client *client,
                     struct vn_connection *connection, const void *bytes, size_t count)
{
    vn_tls_client_write(client->tls, bytes, count);
    tls_say(worker, client, connection);
}

/* ---- Bytes out ---- */

uint8_t *scripted_wire(struct scripted_client *client, const void *bytes, size_t count,
                       bool says_end, size_t *wire_count)
{
    uint8_t *wire;
    if (client->over == OVER_XOR) {
        wire = xor_write(&client->sender, bytes, count, wire_count);
        if (says_end)
            (wire = realloc(wire, *wire_count + 1))[(*wire_count)++] = XOR_END;
        return wire;
    }
    wire = malloc(count + 1);
    memcpy(wire, bytes, count);
    *wire_count = count;
    return wire;
}

struct vn_connection *scripted_connect_wire(struct vn_worker *worker,
                                            struct scripted_client *client,
                                            const struct vn_protocol *protocol, const uint8_t *wire,
                                            size_t count)
{
    if (client->over == OVER_TLS) {
        struct vn_connection *connection = tls_connect(worker, client, protocol);
        vn_tls_client_write(client->tls, wire, count);
        if (vn_loopback_script(worker->loop.ring)->seed % 2 == 1)
            vn_tls_client_finish(client->tls);
        tls_say(worker, client, connection);
        return connection;
    }
    vn_loopback_expect(worker->loop.ring, &client->peer, wire, count);
    return vn_connection_open(worker, -1, transport_of(client), protocol, 0);
}

struct vn_connection *scripted_connect(struct vn_worker *worker, struct scripted_client *client,
                                       const struct vn_protocol *protocol, const void *input,
                                       size_t count)
{
    size_t wire_count;
    uint8_t *wire = scripted_wire(client, input, count, false, &wire_count);
    struct vn_connection *connection =
        scripted_connect_wire(worker, client, protocol, wire, wire_count);
    free(wire);
    return connection;
}

void scripted_feed_wire(struct vn_worker *worker, struct scripted_client *client,
                        struct vn_connection *connection, const uint8_t *wire, size_t count)
{
    if (client->over == OVER_TLS)
        tls_feed(worker, client, connection, wire, count);
    else
        vn_loopback_feed(worker->loop.ring, &connection->entry.source, wire, count);
}

void scripted_feed(struct vn_worker *worker, struct scripted_client *client,
                   struct vn_connection *connection, const void *bytes, size_t count)
{
    size_t wire_count;
    uint8_t *wire = scripted_wire(client, bytes, count, false, &wire_count);
    scripted_feed_wire(worker, client, connection, wire, wire_count);
    free(wire);
}

/* ---- Bytes in ---- */

/* Room for `count` plain bytes more and a NUL. It doubles: megabytes come in small records, too. */
static void reserve_plain(struct scripted_client *client, size_t count)
{
    size_t need = client->plain_count + count + 1;
    if (need <= client->plain_capacity)
        return;
    client->plain_capacity = 2 * need;
    client->plain = realloc(client->plain, client->plain_capacity);
    client->plain[client->plain_count] = '\0';
}

/* What was read stays where it is unless there is more. */
static void read_more_of_tls(struct scripted_client *client)
{
    uint8_t some[16384];
    size_t count = 0;
    if (client->tls != NULL)
        tls_hear(client);
    reserve_plain(client, 0);
    while (client->tls != NULL &&
           (count = vn_tls_client_read(client->tls, some, sizeof some)) > 0) {
        reserve_plain(client, count);
        memcpy(client->plain + client->plain_count, some, count);
        client->plain_count += count;
        client->plain[client->plain_count] = '\0';
    }
}

static void read_more(struct scripted_client *client)
{
    if (client->over == OVER_TLS) {
        read_more_of_tls(client);
        return;
    }
    const struct vn_loopback_peer *peer = &client->peer;
    size_t more = peer->output_count - client->read;
    if (client->plain != NULL && more == 0)
        return;
    reserve_plain(client, more);
    uint8_t *end = client->plain + client->plain_count;
    const uint8_t *wire = more == 0 ? end : peer->output + client->read;
    if (client->over == OVER_XOR)
        client->plain_count += xor_read(&client->receiver, wire, more, end);
    else {
        memcpy(end, wire, more);
        client->plain_count += more;
    }
    client->plain[client->plain_count] = '\0';
    client->read = peer->output_count;
}

const char *scripted_bytes(struct scripted_client *client)
{
    read_more(client);
    return (const char *) client->plain;
}

size_t scripted_count(struct scripted_client *client)
{
    read_more(client);
    return client->plain_count;
}

bool scripted_is_sound(struct scripted_client *client)
{
    read_more(client);
    return !client->receiver.is_broken &&
           (client->tls == NULL || !vn_tls_client_has_failed(client->tls));
}

void scripted_free(struct scripted_client *client)
{
    if (client->tls != NULL)
        vn_tls_client_close(client->tls);
    free(client->peer.output);
    free(client->plain);
    *client = (struct scripted_client) {.over = client->over};
}
