// SPDX-License-Identifier: MIT
/* transport.h - how the bytes of a connection pass over its socket: as they are (plain.c), or
 * changed on the way.
 *
 * It stands between the ring and the connection and speaks the ring's language on both sides: bytes
 * that are lent, sends of which it learns later what was taken. Where plain bytes are not wire
 * bytes, what it tells the connection is plain, except for vn_connection_count_sent.
 *
 * A transport may have output of its own, before plain bytes and between them: it gives that to the
 * ring when it likes, and has the connection's messages wait meanwhile. When it cannot go on it
 * calls vn_connection_fail, and has a last word in `finish`. */
#ifndef VN_SERVE_TRANSPORT_H
#define VN_SERVE_TRANSPORT_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "../include/vn_request.h"

struct vn_connection;
struct vn_worker;

/* What is NULL is done as if there were no transport. */
enum { VN_STRICT_MAX = 64 };

struct vn_transport {
    bool is_secure; /* nobody on the way can read or change the bytes: vn_request_is_secure */
    /* The value of Strict-Transport-Security (RFC 6797) in each answer that does not have one: at
     * most VN_STRICT_MAX bytes. NULL: there is none. */
    const char *strict;
    /* A listener with this table is open on a worker, on whose thread this is. */
    void (*opened)(const struct vn_transport *transport, struct vn_worker *worker);
    /* What it was made of may have changed: a SIGHUP came. Any thread. */
    void (*reload)(const struct vn_transport *transport);
    /* The connection begins or ends. A transport with state of its own puts a copy of this table
     * with that state after it in the connection's place, and frees it at the end, when nothing of
     * it is with the ring any more. `begin` returns 0, or -ENOMEM, and the connection ends. */
    int32_t (*begin)(struct vn_connection *connection);
    void (*end)(struct vn_connection *connection);
    /* Bytes came, lent for the call, which may be written to: calls vn_connection_received with
     * those for the protocol, as often as it has any. */
    void (*received)(struct vn_connection *connection, uint8_t *bytes, size_t count);
    /* No more will come: calls vn_connection_input_ended, unless it did so before, at an end of its
     * own that came with the bytes. */
    void (*input_ended)(struct vn_connection *connection);
    /* As vn_ring_send: the bytes of the message that were taken at once; 0 when they are told of
     * later, by vn_connection_sent; or -errno. One at a time; the message stays until then. */
    int64_t (*send)(struct vn_connection *connection, const struct msghdr *message);
    /* As vn_ring_try_send: what can be sent at once, or 0. */
    int64_t (*try_send)(struct vn_connection *connection, const struct iovec *piece);
    /* The ring took bytes of what it was given to send, or failed with -errno: calls
     * vn_connection_sent when it is through with a message of the connection's. */
    void (*sent)(struct vn_connection *connection, int32_t count);
    /* The last plain byte is sent: send what ends them, once, and what is left of its own. Returns
     * above 0 when all of that was taken, 0 when `sent` is to be waited for, after which it is
     * asked again, or -errno. Input still comes. */
    int32_t (*finish)(struct vn_connection *connection);
    /* Plain bytes that the connection knows as taken, since it began. NULL: those that went out. */
    uint64_t (*taken)(const struct vn_connection *connection);
};

/* Bytes as they are: it does nothing of its own. */
extern const struct vn_transport vn_transport_plain;

#endif
