// SPDX-License-Identifier: MIT
/* http1_state.h - what HTTP/1.x keeps of a connection: the request that is read, and its exchange.
 *
 * Two small state machines, side by side, because an answer may begin before its request has ended:
 * what the next bytes are (`reading`), and how far the answer is (exchange.h). */
#ifndef VN_SERVE_HTTP1_STATE_H
#define VN_SERVE_HTTP1_STATE_H

#include "../http/body.h"
#include "connection.h"
#include "exchange.h"

/* What the next bytes are. */
enum vn_reading {
    VN_READING_HEAD,
    VN_READING_BODY,
    VN_READING_NOTHING, /* the request is complete, its answer is not: bytes wait */
};

/* It lies in vn_connection.state. */
struct vn_http1 {
    uint8_t reading; /* enum vn_reading */
    uint8_t minor; /* of the request's version */
    bool says_close : 1; /* the request does, or the setting */
    bool asks_close : 1; /* the client does, by field or version */
    bool awaits_continue : 1; /* it expects 100-continue and got none */
    bool has_begun : 1; /* the head: more than blank lines has come */
    bool is_chunked : 1; /* the answer */
    uint32_t requests; /* on this connection; names an exchange */
    struct vn_exchange exchange;
    union {
        vn_request *head; /* that is not complete, how far it is scanned; NULL: it has not begun */
        struct vn_body body; /* while that is read, or after */
    };
    uint64_t body_at; /* milliseconds: when the body's last bytes came, or the end of the input */
    uint64_t body_base; /* bytes of the body that had come at vn_connection.since */
};

_Static_assert(sizeof(struct vn_http1) <= sizeof(struct vn_protocol_state), "its room");
_Static_assert(offsetof(struct vn_http1, exchange.pending) ==
                   offsetof(struct vn_protocol_state, ahead),
               "what is fetched ahead");

static inline struct vn_http1 *vn_http1_of(struct vn_connection *connection)
{
    return (struct vn_http1 *) (void *) &connection->state;
}

static inline const struct vn_http1 *vn_http1_in(const struct vn_connection *connection)
{
    return (const struct vn_http1 *) (const void *) &connection->state;
}

static inline struct vn_http1 *vn_http1_with(const struct vn_exchange *exchange)
{
    return vn_holder((uintptr_t) exchange, struct vn_http1, exchange);
}

static inline struct vn_connection *vn_http1_connection(const struct vn_exchange *exchange)
{
    return vn_holder(vn_http1_with(exchange), struct vn_connection, state);
}

#endif
