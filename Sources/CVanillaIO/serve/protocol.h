// SPDX-License-Identifier: MIT
/* protocol.h - what an exchange asks of the connection that carries it, and a connection of the
 * protocol that it speaks. Neither knows the other. */
#ifndef VN_SERVE_PROTOCOL_H
#define VN_SERVE_PROTOCOL_H

#include "../http/chunk.h"
#include "../http/head.h"
#include "../include/vn_response.h"

struct vn_connection;
struct vn_exchange;
struct vn_record;

/* What a deadline is about. */
enum vn_timeout_kind {
    VN_TIMEOUT_HEAD,
    VN_TIMEOUT_BODY,
    VN_TIMEOUT_IDLE,
    VN_TIMEOUT_WRITE,
    VN_TIMEOUT_HANDLER,
    VN_TIMEOUT_LINGER,
    VN_TIMEOUT_SILENCE, /* nothing has come on a new connection */
    VN_TIMEOUT_KINDS,
    /* These are nobody's fault: a stream of events shows that it lives, or ends with the
     * server; and a client that ended its output is taken to be gone. */
    VN_TIMEOUT_HEARTBEAT,
    VN_TIMEOUT_SHUTDOWN,
    VN_TIMEOUT_GONE,
    VN_TIMEOUT_LAME_DUCK, /* the server stops, and the client of an idle connection asked nothing */
    VN_TIMEOUT_WINDOW, /* the client of one of several exchanges takes nothing: write_stall */
};

/* What follows a head. */
struct vn_content {
    vn_span type; /* the value of Content-Type; empty: no such field */
    int64_t length; /* bytes; -1: not known */
    bool is_allowed; /* by the status: false for one that has no content */
    vn_span bytes; /* of the content, sent with the head: all of it or nothing */
};

struct vn_protocol {

    /* ---- What a connection asks. On the worker's thread ---- */

    /* It speaks this from now on; where it spoke something else before, `state.ahead` is what that
     * has handed over: vn_connection_change_protocol. */
    void (*begin)(struct vn_connection *connection);
    /* It ends: release what the exchanges hold. */
    void (*end)(struct vn_connection *connection);
    /* Use what can be used of these bytes, which may be written to; returns how many. What is left
     * waits for more bytes, or for something else where connection->is_blocked was set. */
    size_t (*received)(struct vn_connection *connection, uint8_t *bytes, size_t count);
    /* Whether bytes that wait can be used now. */
    bool (*can_receive)(const struct vn_connection *connection);
    /* Receiving is resumed after a pause: times given to the client start anew. */
    void (*input_resumed)(struct vn_connection *connection);
    /* No more input will come after what waits. */
    void (*input_ended)(struct vn_connection *connection);
    /* And what had come is used. May be called again, but need not be: what an exchange that is
     * open then leads to is the protocol's to remember. */
    void (*input_over)(struct vn_connection *connection);
    /* Nothing is unsent any more, and no input waits. */
    void (*output_sent)(struct vn_connection *connection);
    /* connection->has_more, and nothing is unsent: write more. Returns false when the connection
     * has to be cut. */
    bool (*produce)(struct vn_connection *connection);
    /* It is its turn: see what follows from the state of its exchanges. */
    void (*go_on)(struct vn_connection *connection);
    /* The same by a shorter path, for connections that set goes_on_shortly: returns the deadline
     * that follows, or 0 where there is more to do. NULL: there is no such path. */
    uint64_t (*go_on_shortly)(struct vn_connection *connection);
    /* The moment at which `expired` is called, in the loop's milliseconds, and about what; 0:
     * never. */
    uint64_t (*deadline)(const struct vn_connection *connection, enum vn_timeout_kind *kind);
    /* For kinds but IDLE, SILENCE, LINGER, WRITE and LAME_DUCK, at which the connection just
     * ends. */
    void (*expired)(struct vn_connection *connection, enum vn_timeout_kind kind);
    /* Whether it is between two exchanges, with nothing begun. */
    bool (*is_idle)(const struct vn_connection *connection);
    /* It was idle for long enough, and ends: say so, where there is something to say. NULL: there
     * is not. */
    void (*retire)(struct vn_connection *connection);
    /* The server stops: set an end to exchanges that have none. */
    void (*drain)(struct vn_connection *connection);
    /* The exchange of that number while it goes on, or NULL. */
    struct vn_exchange *(*find)(struct vn_connection *connection, uint32_t number);

    /* ---- What an exchange asks. On the worker's thread ---- */

    vn_handle (*handle)(const struct vn_exchange *exchange);
    /* End the head, which lies in reserved room of the worker's writer, and send it, with what is
     * known of the content. There is room for VN_HEAD_ROOM, the type and the bytes. Returns 0 or
     * -ENOMEM. */
    int32_t (*head)(struct vn_exchange *exchange, struct vn_head *head,
                    const struct vn_content *content);
    /* End the head of a 101 and send it. When the exchange is over, its connection speaks `next`,
     * whose `begin` gets `context` in state.ahead. Returns 0; -ENOMEM, and nothing becomes of
     * `context`. NULL: it cannot change. */
    int32_t (*upgrade)(struct vn_exchange *exchange, struct vn_head *head,
                       const struct vn_protocol *next, void *context);
    /* Send bytes that are a whole message on the wire, made by a handler. Returns 0 or -ENOMEM.
     * NULL: there is no such thing. */
    int32_t (*raw)(struct vn_exchange *exchange, vn_span bytes);
    /* More content, which is not empty: a copy of it, or by reference until `release`, which is
     * called on failure as well. It is the last where exchange->answer is VN_ANSWER_DONE. Returns 0
     * or -ENOMEM. */
    int32_t (*write)(struct vn_exchange *exchange, vn_span bytes);
    int32_t (*write_shared)(struct vn_exchange *exchange, vn_span bytes, vn_release *release,
                            void *context);
    /* The same for content that lies in memory with its frame. `is_only`: nothing else waits, so
     * that it may be sent without a detour. */
    int32_t (*write_chunk)(struct vn_exchange *exchange, const struct vn_chunk *chunk, bool is_only,
                           vn_release *release, void *context);
    /* The content that a producer wrote is complete. Returns 0 or -ENOMEM. */
    int32_t (*finish)(struct vn_exchange *exchange);
    /* It cannot be completed: the client must not take what it got for whole. */
    void (*cut)(struct vn_exchange *exchange);
    /* A producer that waited goes on, in this turn or the next. Returns bytes that are unsent. */
    uint64_t (*resume_output)(struct vn_exchange *exchange);
    /* A consumer that paused goes on. */
    void (*resume_input)(struct vn_exchange *exchange);
    /* Something was done for it outside of its connection's events: see to that in this turn. */
    void (*changed)(struct vn_exchange *exchange);
    /* Its handler begins later in this turn, or has begun. */
    void (*postpone)(struct vn_exchange *exchange, bool is_postponed);
    /* It has ended, `is_answered`: with its answer complete. The hooks are told when that was sent
     * or given up: vn_connection_record_end. */
    void (*record_end)(struct vn_exchange *exchange, struct vn_record *record, bool is_answered);
    /* Bytes that were appended so far to what carries its answer, with those that do not count as
     * bytes of it; the difference to an earlier answer is what was appended since. */
    uint64_t (*appended)(const struct vn_exchange *exchange);
    /* Bytes that wait to be sent, those of other exchanges included. */
    uint64_t (*unsent)(const struct vn_exchange *exchange);
};

#endif
