// SPDX-License-Identifier: MIT
/* scripted_client.h - the other end of a connection over the loopback ring: what it sends and what
 * it gets, in plain bytes, whatever the transport makes of them on the way. */
#ifndef VN_CHECKS_SCRIPTED_CLIENT_H
#define VN_CHECKS_SCRIPTED_CLIENT_H

#include "include/transports.h"
#include "serving.h"
#include "xor_transport.h"

struct vn_tls_client;

/* Zeroed, but for `over`, before it connects. */
struct scripted_client {
    int over; /* OVER_... */
    struct vn_tls_client *tls;
    struct vn_loopback_peer peer; /* bytes on the wire */
    struct xor_sender sender;
    struct xor_receiver receiver;
    uint8_t *plain;
    size_t plain_count;
    size_t plain_capacity;
    size_t read; /* bytes of the peer's output that are in `plain` */
};

/* Connect and send `input`. Over TLS that is after a handshake, during which the ring's script
 * fails nothing. */
struct vn_connection *scripted_connect(struct vn_worker *worker, struct scripted_client *client,
                                       const struct vn_protocol *protocol, const void *input,
                                       size_t count);

/* Send more. */
void scripted_feed(struct vn_worker *worker, struct scripted_client *client,
                   struct vn_connection *connection, const void *bytes, size_t count);

/* The wire's bytes for plain ones that it sends, to be freed; with `says_end`, what the transport
 * may end them with, too. Those of TLS depend on the server's: here they are still plain, and
 * become records when they are sent; where the script's seed is odd, close_notify follows the
 * first. */
uint8_t *scripted_wire(struct scripted_client *client, const void *bytes, size_t count,
                       bool says_end, size_t *wire_count);

/* The same two for bytes on the wire. */
struct vn_connection *scripted_connect_wire(struct vn_worker *worker,
                                            struct scripted_client *client,
                                            const struct vn_protocol *protocol, const uint8_t *wire,
                                            size_t count);
void scripted_feed_wire(struct vn_worker *worker, struct scripted_client *client,
                        struct vn_connection *connection, const uint8_t *wire, size_t count);

/* What it has got: plain bytes, and a NUL behind them. */
const char *scripted_bytes(struct scripted_client *client);
size_t scripted_count(struct scripted_client *client);

/* At how many bytes after a place a check that tries all places tries the next one: a connection
 * over TLS costs a handshake, and the loopback ring cuts its records anyway. */
static inline size_t scripted_stride(int over)
{
    return over == OVER_TLS ? 23 : 1;
}

/* Whether it got nothing that its transport does not know. */
bool scripted_is_sound(struct scripted_client *client);

void scripted_free(struct scripted_client *client);

#endif
