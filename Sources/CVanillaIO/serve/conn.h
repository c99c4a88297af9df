// SPDX-License-Identifier: MIT
/* conn.h - one connection: what is read next, what is owed, and when patience ends. */
#ifndef VN_SERVE_CONN_H
#define VN_SERVE_CONN_H

#include "../http/body.h"
#include "../http/scan.h"
#include "../include/vn_hub.h"
#include "worker.h"

/* What the next bytes are. */
enum vn_reading {
    VN_READING_HEAD,
    VN_READING_BODY,
    VN_READING_NOTHING, /* the request is complete, its answer is not: bytes wait */
    VN_READING_WASTE,   /* the last answer is given: bytes are thrown away */
};

enum vn_answer {
    VN_ANSWER_NONE,
    VN_ANSWER_LATER,
    VN_ANSWER_STREAM,
    VN_ANSWER_DONE,
};

/* Bytes that could not be used yet, and how far the head in them is scanned. */
struct vn_input {
    vn_request *request; /* NULL: scanning has not begun */
    uint32_t at;
    uint32_t count;
    uint32_t capacity;
    uint8_t bytes[];
};

/* What an exchange needs when it outlives one call: a body that is still coming, an answer that is
 * still going. */
struct vn_exchange {
    /* First, since an event needs them for thousands that are in no cache. */
    vn_producer *producer;
    void *producer_context;
    uint64_t stream_left; /* of the declared length */
    uint64_t farewell; /* milliseconds: when it ends because the server stops; 0: not yet */
    vn_event_stream events; /* how it lives */
    bool is_event_stream;
    bool stream_is_chunked;
    vn_release *producer_release;

    struct vn_call *call; /* that its handler goes on with; NULL: none */
    /* a copy with its head behind it: for a whole body, and for the conditions of a late answer */
    vn_request *request;
    uint8_t *body;
    size_t body_count;
    size_t body_capacity;

    vn_consumer *consumer;
    vn_release *consumer_release;
    void *consumer_context;
};

/* In the order in which an event to thousands needs it: each line of the cache that is not touched is
 * one that need not come from afar. */
struct vn_conn {
    _Alignas(VN_CACHE_LINE) struct vn_source source; /* first: see ring.h */
    struct vn_link ready;
    struct vn_exchange *exchange;

    struct vn_timeout timeout;
    struct vn_worker *worker;
    struct vn_output *output; /* NULL: nothing unsent */
    uint64_t sent; /* bytes, on this connection */
    uint64_t progress; /* when the client last took bytes */

    uint64_t turn; /* of the worker, in which it was put on the ready list */
    uint8_t reading; /* enum vn_reading */
    uint8_t answer; /* enum vn_answer */
    uint8_t body_mode; /* VN_BODY_... */
    uint8_t minor;
    bool is_head_method : 1;
    bool says_close : 1; /* the request does, or the setting */
    bool asks_close : 1; /* the client does, by field or version */
    bool awaits_continue : 1; /* expects 100-continue and got none */
    bool closes : 1; /* after the answer */
    bool lingers : 1; /* the close has to be a careful one */
    bool is_finished : 1; /* FIN was sent */
    bool is_paused : 1; /* by the consumer */
    bool is_held : 1; /* the ring does not receive */
    bool is_at_end : 1; /* of the input */
    bool is_ending : 1; /* vn_ring_end was called */
    bool is_cut : 1; /* to be ended without another byte */
    bool is_blocked : 1; /* bytes wait for something else than more bytes */
    bool stream_waits : 1; /* for its producer to be called again */
    bool is_scratched : 1; /* the worker's scratch request holds the begin of this one's head */
    uint32_t requests;
    uint32_t number; /* of the exchange */
    uint32_t worked_in; /* the worker's turn that `work` was done in, its low bits */
    uint32_t work; /* done in that turn */
    struct vn_input *input; /* NULL: nothing waits */
    uint64_t since; /* milliseconds: begin of what the deadline is about */
    struct vn_link link;

    struct vn_body body;
    uint64_t body_at; /* when the body's last bytes came, or the end of the input */
    uint64_t body_base; /* bytes of the body that had come at `since` */
    uint32_t discarded; /* bytes drained: of an ignored body, of a lingering close */
};

/* Bytes of it that an event needs. */
enum { VN_CONN_WARM = offsetof(struct vn_conn, requests) };

/* Send bytes at once where nothing else is owed and the ring can. Returns how many were taken, or below 0
 * when the client is gone. */
int64_t vn_conn_offer(struct vn_conn *conn, vn_span bytes);

struct vn_response {
    struct vn_conn *conn;
    struct vn_worker *worker;
    const vn_request *request; /* NULL: gone, and it had no conditions */
    uint8_t *start; /* of the head, in reserved room; NULL: not begun */
    uint8_t *at;
    uint8_t *end;
    uint8_t *own; /* where the head is written, once others write meanwhile; NULL: not yet */
    uint16_t status;
    bool closes;
    bool is_detached; /* it belongs to a call */
    bool has_own; /* the head is written to `own` */
    bool is_answered; /* by this response */
};

struct vn_stream {
    struct vn_conn *conn;
    bool failed; /* memory ran out */
};

/* Take over a connected descriptor; closed when there is no slot left. */
void vn_conn_open(struct vn_worker *worker, int32_t fd);

void vn_conn_event(struct vn_conn *conn, const struct vn_event *event);

/* Its deadline was reached. */
void vn_conn_expire(struct vn_conn *conn);

/* Have it go on in this turn or the next. */
void vn_conn_wake(struct vn_conn *conn);

/* Its turn on the worker's ready list. */
void vn_conn_continue(struct vn_conn *conn);

/* The server drains: end it if it is idle. */
void vn_conn_drain(struct vn_conn *conn);

/* The server stops: set when its stream of events ends. They end one by one, so that their clients
 * do not all come back at the same moment. */
void vn_conn_plan_farewell(struct vn_conn *conn);

/* End it now. */
void vn_conn_end(struct vn_conn *conn);

/* Open a letter on the worker's thread. */
void vn_conn_deliver(struct vn_worker *worker, struct vn_letter *letter);

/* ---- reply.c: what the answers look like. All of them set conn->answer. ---- */

/* Answer with `status` and no content; without memory for that, the connection is cut. */
void vn_reply_empty(struct vn_response *response, uint16_t status);
/* The same with Connection: close, for a request that is refused. */
void vn_reply_refuse(struct vn_conn *conn, uint16_t status);
void vn_reply_continue(struct vn_conn *conn);

/* What was written of a head leaves the room that all answers share. False when memory ran out. */
bool vn_reply_keep_head(struct vn_response *response);

/* Whether its exchange is over. */
bool vn_response_is_parted(const struct vn_response *response);

/* Whether no answer was given yet. */
static inline bool vn_response_is_open(const struct vn_response *response)
{
    uint8_t answer = response->conn->answer;
    return answer == VN_ANSWER_NONE || (response->is_detached && answer == VN_ANSWER_LATER);
}

/* Call the producer while it may write. Returns false when the stream failed and the connection
 * must be cut. */
bool vn_reply_produce(struct vn_conn *conn, vn_producer *producer, void *context);

/* Write a comment, or the last words, of a stream of events. False when memory ran out. */
bool vn_reply_heartbeat(struct vn_conn *conn);
bool vn_reply_farewell(struct vn_conn *conn);
bool vn_reply_end_events(struct vn_conn *conn);

/* Run by conn.c and reply.c: the exchange's memory, made on demand; NULL when there is none to be
 * had. */
struct vn_exchange *vn_conn_exchange(struct vn_conn *conn);
struct vn_output *vn_conn_output(struct vn_conn *conn);

/* An answer will come after the handler's call: keep the request if that will ask for its
 * conditions. Returns false when memory ran out. */
bool vn_conn_keep_conditions(struct vn_conn *conn, const vn_request *request);

/* Bytes of a request as far as it is filled in. */
size_t vn_request_size(const vn_request *request);

/* Answer 500, and say why in the log: the handler has ended and gave no answer. */
void vn_conn_answer_nothing(struct vn_response *response);

/* Something was done for it outside of its events: see to that in this turn. */
void vn_conn_answered(struct vn_conn *conn);

/* Whether the connection closes after the answer that is now given. */
bool vn_conn_will_close(const struct vn_conn *conn);

static inline uint64_t vn_conn_unsent(const struct vn_conn *conn)
{
    return conn->output == NULL ? 0 : conn->output->unsent;
}

#endif
