// SPDX-License-Identifier: MIT
#include "scripted_client.h"

#include <stdlib.h>
#include <string.h>

static const struct vn_transport *transport_of(const struct scripted_client *client)
{
    return client->over == OVER_XOR ? &xor_transport : &vn_transport_plain;
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

void scripted_feed_wire(struct vn_worker *worker, struct vn_connection *connection,
                        const uint8_t *wire, size_t count)
{
    vn_loopback_feed(worker->loop.ring, &connection->entry.source, wire, count);
}

void scripted_feed(struct vn_worker *worker, struct scripted_client *client,
                   struct vn_connection *connection, const void *bytes, size_t count)
{
    size_t wire_count;
    uint8_t *wire = scripted_wire(client, bytes, count, false, &wire_count);
    scripted_feed_wire(worker, connection, wire, wire_count);
    free(wire);
}

/* ---- Bytes in ---- */

static void read_more(struct scripted_client *client)
{
    const struct vn_loopback_peer *peer = &client->peer;
    size_t more = peer->output_count - client->read;
    if (client->plain != NULL && more == 0)
        return;
    client->plain = realloc(client->plain, client->plain_count + more + 1);
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
    return !client->receiver.is_broken;
}

void scripted_free(struct scripted_client *client)
{
    free(client->peer.output);
    free(client->plain);
    *client = (struct scripted_client) {.over = client->over};
}
