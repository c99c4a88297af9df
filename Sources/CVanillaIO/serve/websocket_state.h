// SPDX-License-Identifier: MIT
/* websocket_state.h - what a WebSocket keeps: the message that comes, what waits to leave, and how
 * far it is with closing. */
#ifndef VN_SERVE_WEBSOCKET_STATE_H
#define VN_SERVE_WEBSOCKET_STATE_H

#include "../http/websocket_frame.h"
#include "../include/vn_websocket.h"
#include "connection.h"

enum vn_websocket_phase {
    VN_WEBSOCKET_OPEN,
    VN_WEBSOCKET_OWES, /* the client has said its last, and the user something left to send */
    VN_WEBSOCKET_CLOSES, /* a Close frame was sent, and the client's has not come */
    VN_WEBSOCKET_OVER,
};

/* A message from another thread; with VN_FRAME_CLOSE a Close frame. */
struct vn_posted {
    struct vn_posted *next; /* before it was posted */
    size_t count;
    uint8_t kind;
    uint8_t bytes[]; /* its payload */
};

/* What writes to a socket beside its user, such as a topic of a hub: its memory, and its calls on
 * the worker's thread. */
struct vn_websocket_source {
    struct vn_link link; /* of the socket */
    bool (*produce)(struct vn_websocket_source *source); /* false: the connection is to be cut */
    void (*over)(struct vn_websocket_source *source); /* the last call */
};

/* The message that is read. */
struct vn_incoming {
    struct vn_frame_rules rules;
    struct vn_utf8_check check;
    bool is_in_frame; /* its head was read, its payload is not complete */
    bool is_final; /* that frame */
    uint8_t kind; /* of the message */
    bool is_compressed; /* the message */
    uint32_t mask;
    uint64_t left; /* bytes of the frame */
    uint32_t frames;
    uint8_t *bytes; /* what was gathered; NULL: nothing */
    size_t count;
    size_t capacity;
};

struct vn_websocket {
    void *context; /* first: kind.h */
    struct vn_connection *connection; /* NULL: it is over */
    const vn_websocket_calls *calls;
    struct vn_worker *worker;
    vn_websocket_options options;
    uint8_t phase; /* enum vn_websocket_phase */
    bool has_begun; /* the connection speaks it; before, there is what leaves with the answer */
    bool has_ended; /* calls->ended was told */
    bool is_reading; /* in a call for bytes that came: what is written is seen to after it */
    bool wants_room; /* calls->writable is to be called */
    bool is_breach; /* `code` says what the client did, and the user's own does not count */
    bool is_pinged; /* by this server, and nothing has come since */
    uint16_t code; /* to close with */
    struct vn_incoming incoming;
    const vn_message_codec *codec; /* NULL: nothing was agreed on */
    void *codec_state;
    struct vn_link sources;
    uint64_t heard; /* milliseconds: when something came last, or the ping was sent */
    uint64_t closing_at; /* begin of VN_WEBSOCKET_OWES or _CLOSES */
    uint64_t shutdown_at; /* 0: not yet */
    uint64_t second; /* in which `controls` are counted */
    uint32_t controls;
    uint32_t references; /* atomic */
    uint64_t unsent; /* atomic: bytes in the connection's output, when that was looked at last */
    uint64_t posted_bytes; /* atomic */
    struct vn_posted *posted; /* atomic: the last one */
    bool is_announced; /* atomic: `collect` was posted, and has not begun */
    bool poster_waits; /* atomic: for room */
    bool is_over; /* atomic: nothing more is taken from other threads */
    vn_task collect; /* on the worker, when something was posted */
};

static inline struct vn_websocket *vn_websocket_of(const struct vn_connection *connection)
{
    return (struct vn_websocket *) (uintptr_t) connection->state.ahead;
}

/* Whether so much waits for the client that it is not read before it has taken some of that: what
 * it sends would be answered, too. */
static inline bool vn_websocket_is_full(const struct vn_websocket *socket)
{
    return socket->phase == VN_WEBSOCKET_OPEN &&
           vn_connection_unsent(socket->connection) > socket->options.unsent;
}

#endif
