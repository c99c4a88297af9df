// SPDX-License-Identifier: MIT
/* connection.h - one client: input that waits, output that is unsent, and how it all ends. What the
 * bytes mean is known to its protocol. */
#ifndef VN_SERVE_CONNECTION_H
#define VN_SERVE_CONNECTION_H

#include <errno.h>
#include <string.h>

#include "input.h"
#include "protocol.h"
#include "record.h"
#include "transport.h"
#include "worker.h"

enum {
    /* Bytes unsent that still leave in a turn that is over its budget. */
    VN_SEND_OVER_BUDGET_MAX = 16 * 1024,
    /* The work of one turn of a connection, and of one that is over its budget, in pieces of a
     * body; long frames are more. */
    VN_WORK_MAX = 4096,
    VN_WORK_OVER_BUDGET_MAX = 2048,
    /* Bytes that leave in one flight: a client that asked for the close has them before a reset. */
    VN_CLOSE_AT_ONCE_MAX = 8 * 1024,
};

/* Room for what a protocol keeps of a connection. What `ahead` points to is fetched before the
 * connection's turn (kind.h): NULL, or memory that begins with a pointer. */
struct vn_protocol_state {
    uint64_t before[3];
    const void *ahead;
    uint64_t after[6];
};

/* In the order in which an event to thousands needs it: each line of the cache that is not touched
 * is one that need not come from afar. An idle connection is this and nothing else. */
struct vn_connection {
    _Alignas(VN_CACHE_LINE) struct vn_entry entry; /* first: see kind.h */
    struct vn_worker *worker;
    struct vn_output *output; /* NULL: nothing unsent */
    uint64_t sent; /* bytes on the wire */
    /* Milliseconds: when the client last took bytes; and, once it has them all and closes, when it
     * last sent some. */
    uint64_t progress;

    const struct vn_protocol *protocol;
    const struct vn_transport *transport;
    bool is_cut : 1; /* to be ended without another byte */
    bool is_ending : 1; /* vn_ring_end was called */
    bool is_at_end : 1; /* of the input */
    bool is_receiving_paused : 1; /* the ring does not receive */
    bool is_closing : 1; /* the last answer is given: input is thrown away */
    bool is_finished : 1; /* FIN was sent */
    bool is_retiring : 1; /* it was idle for long enough, and ends unless a request has come */
    bool lingers : 1; /* the close has to be a careful one */
    /* The protocol's word: */
    bool is_blocked : 1; /* bytes wait for something else than more bytes */
    bool pauses_input : 1; /* it takes no more for now */
    bool holds_output : 1; /* what is unsent is to leave with what comes in this turn */
    bool has_more : 1; /* more output can be had by `produce` */
    bool goes_on_shortly : 1;
    bool has_in_flight : 1; /* when that was looked at last, not all had arrived at its client */
    bool is_awaited : 1; /* the close waits only for the client to take what it was sent */
    bool has_failed : 1; /* the transport's word: it cannot go on, and the protocol has ended */
    uint8_t listener; /* its place in vn_config */
    uint8_t looks; /* at its unread input, when a deadline had passed; the protocol's to clear */
    /* Bytes thrown away: of a body that nobody wants, or before the close. While that is awaited:
     * bytes in flight when that was looked at last. */
    uint32_t discarded;
    struct vn_protocol_state state;

    struct vn_input *input; /* NULL: nothing waits */
    uint64_t since; /* milliseconds: begin of what the deadline is about */
    uint32_t worked_in; /* the turn that `work` was done in, its low bits */
    uint32_t work; /* done in that turn */
};

_Static_assert(offsetof(struct vn_connection, state.ahead) < VN_WARM_SIZE, "what an event needs");
_Static_assert(sizeof(struct vn_connection) == 4 * VN_CACHE_LINE, "an idle connection's memory");

/* Take over a connected descriptor of a listener. NULL when there is no slot left, and it is
 * closed. */
struct vn_connection *vn_connection_open(struct vn_worker *worker, int32_t fd,
                                         const struct vn_transport *transport,
                                         const struct vn_protocol *protocol, uint8_t listener);

/* End it now. */
void vn_connection_end(struct vn_connection *connection);

/* The source of a connection. NULL for other sources. */
struct vn_connection *vn_connection_of(struct vn_source *source);

/* ---- For transports ---- */

/* Plain bytes came. */
void vn_connection_received(struct vn_connection *connection, uint8_t *bytes, size_t count);
void vn_connection_input_ended(struct vn_connection *connection);

/* Bytes of the message that was to be sent were taken: their count, or -errno. */
void vn_connection_sent(struct vn_connection *connection, int32_t count);

/* The transport cannot go on: the protocol ends, what is unsent is given up without a word about
 * it, and the connection closes when the transport's last word is sent. Not from a call that the
 * protocol made. */
void vn_connection_fail(struct vn_connection *connection);

/* Bytes went out on the wire. */
static inline void vn_connection_count_sent(struct vn_connection *connection, uint64_t count)
{
    struct vn_worker *worker = connection->worker;
    connection->progress = worker->loop.now;
    connection->sent += count;
    vn_count_more(&worker->listeners[connection->listener].counted.bytes_sent, count);
}

/* ---- For protocols ---- */

/* It speaks another protocol from now on: to be called in `received`, by a protocol that keeps
 * nothing any more. What has come and is not used goes to the other one. */
static inline void vn_connection_speak(struct vn_connection *connection,
                                       const struct vn_protocol *protocol)
{
    connection->protocol = protocol;
    protocol->begin(connection);
}

/* Where its output goes, made on demand; NULL when memory ran out. */
struct vn_output *vn_connection_output(struct vn_connection *connection);

/* Append a few bytes to its output. Returns 0 or -ENOMEM. */
static inline int32_t vn_connection_put(struct vn_connection *connection, vn_span bytes)
{
    struct vn_writer *writer = &connection->worker->writer;
    struct vn_output *output = vn_connection_output(connection);
    uint8_t *room = output == NULL ? NULL : vn_writer_reserve(writer, bytes.count);
    if (room == NULL)
        return -ENOMEM;
    memcpy(room, bytes.bytes, bytes.count);
    return vn_output_commit(output, writer, bytes.count);
}

/* Send bytes at once where nothing else is unsent and the ring can. Returns how many were taken, or
 * below 0 when the client is gone. */
static inline int64_t vn_connection_try_send(struct vn_connection *connection, vn_span bytes)
{
    struct vn_loop *loop = &connection->worker->loop;
    const struct vn_transport *transport = connection->transport;
    if (connection->output != NULL || bytes.count > VN_SEND_OVER_BUDGET_MAX)
        return 0;
    const struct iovec piece = {(void *) (uintptr_t) bytes.bytes, bytes.count};
    int64_t sent;
    if (vn_unlikely(transport->try_send != NULL))
        sent = transport->try_send(connection, &piece);
    else if ((sent = vn_ring_try_send(loop->ring, &connection->entry.source, &piece)) > 0)
        vn_connection_count_sent(connection, (uint64_t) sent);
    if (vn_likely(sent > 0))
        vn_budget_count_sending(&loop->budget, (uint64_t) sent);
    return sent;
}

/* It did work for this input: see VN_WORK_MAX. */
void vn_connection_count_work(struct vn_connection *connection, uint32_t work);

/* An exchange has ended, `is_answered`: with its answer complete. Those who are told of that are
 * told when it was sent, or given up. */
void vn_connection_record_end(struct vn_connection *connection, struct vn_record *record,
                              bool is_answered);

/* Nothing more is said: what is unsent is sent, and what else comes is thrown away. `lingers`:
 * carefully, since the client may be sending. */
void vn_connection_close(struct vn_connection *connection, bool lingers);

/* Add the transport's Strict-Transport-Security to a head with VN_HEAD_ROOM, where it has none. */
void vn_connection_add_strict(const struct vn_connection *connection, struct vn_head *head);

/* Speak another protocol from its next turn on: nothing of the one before goes on. `context` is for
 * the new one's `begin`, in state.ahead. What input waits is the new one's. The work of this turn
 * is done, by which the one before sees that no more bytes are its own. */
static inline void vn_connection_change_protocol(struct vn_connection *connection,
                                                 const struct vn_protocol *next, void *context)
{
    connection->protocol = next;
    connection->state = (struct vn_protocol_state) {.ahead = context};
    connection->is_blocked = true;
    vn_connection_count_work(connection, VN_WORK_MAX);
    next->begin(connection);
}

/* ---- The end of a careful close: closing.c ---- */

/* Whether a close leaves little to the system. What is much more it would keep for minutes for a
 * client that reads nothing, beyond the limits of a connection and of limits.unread. */
bool vn_connection_may_close(const struct vn_connection *connection);

/* When to look whether the client still sends, or has taken what it was sent. */
uint64_t vn_connection_linger_deadline(const struct vn_connection *connection);

/* The client sends no more, or for too long. Returns whether the close waits until it has taken
 * what it was sent, for as long as it takes some of it in every write_stall; else `kind` is what
 * has passed. */
bool vn_connection_await(struct vn_connection *connection, enum vn_timeout_kind *kind);

/* ---- From elsewhere ---- */

/* Something was done for it outside of its events: see to that in this turn. */
void vn_connection_resume(struct vn_connection *connection);

/* Go on after something was done for it, at once. */
void vn_connection_go_on(struct vn_connection *connection);

static inline uint64_t vn_connection_unsent(const struct vn_connection *connection)
{
    return connection->output == NULL ? 0 : connection->output->unsent;
}

/* Plain bytes that were appended to its output since it began: less those that were dropped. */
static inline uint64_t vn_connection_appended(const struct vn_connection *connection)
{
    const struct vn_transport *transport = connection->transport;
    const struct vn_output *output = connection->output;
    uint64_t taken = transport->taken == NULL ? connection->sent : transport->taken(connection);
    return output == NULL ? taken : taken + output->unsent + output->held;
}

/* Whether so much is unsent that input waits, with what waits for it to be sent. */
static inline bool vn_connection_is_full(const struct vn_connection *connection)
{
    const struct vn_output *output = connection->output;
    return output != NULL &&
           output->unsent + output->marked > connection->worker->config->limits.output;
}

/* Whether it did its share in this turn, by its work or by the clock. The others on this worker
 * come first then, however much input waits here. */
static inline bool vn_connection_is_over_budget(const struct vn_connection *connection)
{
    struct vn_loop *loop = &connection->worker->loop;
    return connection->worked_in == (uint32_t) loop->turn &&
           (connection->work >= (loop->budget.is_over ? VN_WORK_OVER_BUDGET_MAX : VN_WORK_MAX) ||
            vn_budget_is_share_over(&loop->budget));
}

static inline vn_listener_statistics *vn_connection_counters(struct vn_connection *connection)
{
    return &connection->worker->listeners[connection->listener].counted;
}

#endif
