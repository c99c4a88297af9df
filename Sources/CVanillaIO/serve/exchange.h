// SPDX-License-Identifier: MIT
/* exchange.h - one request and its answer, whatever carries them. */
#ifndef VN_SERVE_EXCHANGE_H
#define VN_SERVE_EXCHANGE_H

#include "../include/vn_hub.h"
#include "protocol.h"
#include "record.h"
#include "worker.h"

enum vn_answer {
    VN_ANSWER_NONE,
    VN_ANSWER_LATER, /* promised */
    VN_ANSWER_STREAM, /* its head is written, its body not yet */
    VN_ANSWER_DONE,
};

/* What log lines call a request that is gone: "GET /users/7", the beginning of it. */
struct vn_label {
    uint16_t count;
    uint8_t text[];
};

/* What an exchange needs when it outlives one call: a body that is still coming, an answer that is
 * still going. */
struct vn_pending {
    /* First, in the order in which an event to thousands needs it (kind.h): they are in no
     * cache. */
    void *producer_context;
    vn_producer *producer;
    uint64_t left; /* bytes to come of the declared length; UINT64_MAX: there is none */
    uint64_t
        shutdown_at; /* milliseconds: when the stream of events ends with the server; 0: not yet */
    vn_event_stream events; /* how it lives */
    vn_release *producer_release;

    size_t close_at; /* bytes of a held head before its "Connection: close"; 0: there is none */
    struct vn_record *record; /* for the hook that is told of its end; NULL: nobody is */
    const struct vn_protocol *next_protocol; /* of its connection; NULL: it stays what it is */
    void *next_context;
    const vn_span *route; /* that its request takes; NULL: not known */
    struct vn_label *label; /* NULL: not known, or it is kept otherwise */
    void *coded; /* its content passes a coding (coded.c); NULL: it does not */
    void (*coded_over)(struct vn_exchange *exchange); /* told when the exchange is over */
    void *detached; /* what its handler goes on with (detached.h); NULL: nothing */
    void (*detached_over)(void *detached); /* told when the exchange is over */
    /* a copy with its head after it: for a whole body, and for the conditions of a late answer */
    vn_request *request;
    uint8_t *body;
    size_t body_count;
    size_t body_capacity;

    bool has_delivered; /* the consumer got the last piece */
    vn_consumer *consumer;
    vn_release *consumer_release;
    void *consumer_context;
};

struct vn_exchange {
    const struct vn_protocol *protocol;
    struct vn_worker *worker;
    struct vn_pending *pending; /* NULL: it needs no more than this */
    uint8_t answer; /* enum vn_answer */
    uint8_t body_mode; /* VN_BODY_... */
    bool is_head : 1; /* the method is HEAD: no content is sent */
    bool closes : 1; /* its connection, after the answer */
    bool waits : 1; /* its producer, to be called again */
    bool is_event_stream : 1; /* the answer is one */
    bool is_refused : 1; /* by the core: what is answered is complete at once */
    bool body_is_coming : 1; /* when its handler was called, the request's body had not come */
};

/* Its memory, made on demand; NULL when there is none left. */
struct vn_pending *vn_exchange_pending(struct vn_exchange *exchange);

/* It begins. `request` is filled in. */
void vn_exchange_begin(struct vn_exchange *exchange, const vn_request *request);

/* Keep what the hooks are told of it, where there are any and it was not done before. As
 * vn_record_make. */
void vn_exchange_observe(struct vn_exchange *exchange, const vn_request *request, bool is_whole);

/* What is kept for the hooks; NULL: nothing. */
static inline struct vn_record *vn_exchange_record(const struct vn_exchange *exchange)
{
    return exchange->pending == NULL ? NULL : exchange->pending->record;
}

/* Its answer has this status. */
static inline void vn_exchange_note_status(const struct vn_exchange *exchange, uint16_t status)
{
    struct vn_record *record = vn_exchange_record(exchange);
    if (vn_unlikely(record != NULL))
        record->told.status = status;
}

/* This server cannot complete its answer. */
static inline void vn_exchange_note_cut(const struct vn_exchange *exchange)
{
    struct vn_record *record = vn_exchange_record(exchange);
    if (vn_unlikely(record != NULL))
        record->is_cut = true;
}

/* Release its memory, and what that holds. `is_answered`: its answer is complete. */
void vn_exchange_release(struct vn_exchange *exchange, bool is_answered);

/* THE end of every exchange, however it came: what it held is released. It can begin again. */
static inline void vn_exchange_end(struct vn_exchange *exchange)
{
    bool is_answered = exchange->answer == VN_ANSWER_DONE;
    exchange->answer = VN_ANSWER_DONE;
    if (vn_unlikely(exchange->pending != NULL))
        vn_exchange_release(exchange, is_answered);
}

/* How the body of a request is to be delivered: VN_BODY_... */
uint8_t vn_exchange_choose_body(struct vn_exchange *exchange, const vn_request *request);

/* Keep a request whose whole body is still coming: a copy of it, with its head after it. Returns
 * false when memory ran out. */
bool vn_exchange_keep_request(struct vn_exchange *exchange, const vn_request *request);

/* An answer will come after the handler's call: keep the request if it will be asked for its
 * conditions. Returns false when memory ran out. */
bool vn_exchange_keep_conditions(struct vn_exchange *exchange, const vn_request *request);

/* Its handler will have returned: keep what log lines call it, as far as there is memory. */
void vn_exchange_keep_label(struct vn_exchange *exchange, const vn_request *request,
                            const vn_span *route);

/* Append to a whole body. Returns false when memory ran out. */
bool vn_exchange_gather(struct vn_exchange *exchange, vn_span piece);

/* Bytes of a request as far as it is filled in. */
size_t vn_request_size(const vn_request *request);

/* Bytes of its head, when that is complete: what a copy of the request needs besides. The lines,
 * and an empty one. A protocol whose heads are not text of HTTP/1 sets `at` so that this is
 * true. */
static inline size_t vn_request_head_size(const vn_request *request)
{
    return request->at + 2u;
}

static inline bool vn_exchange_has_consumer(const struct vn_exchange *exchange)
{
    return exchange->pending != NULL && exchange->pending->consumer != NULL;
}

/* Its body is wanted, in this turn, where nothing of it was received for a while. */
static inline void vn_exchange_resume_body(struct vn_exchange *exchange)
{
    exchange->protocol->resume_input(exchange);
    exchange->protocol->changed(exchange);
}

/* Whether its answer was not begun. */
static inline bool vn_exchange_is_unanswered(const struct vn_exchange *exchange)
{
    return exchange->answer == VN_ANSWER_NONE || exchange->answer == VN_ANSWER_LATER;
}

/* "OPTIONS *" asks about the server and not about a resource (RFC 9110, section 9.3.7): no handler
 * knows more than that it is there. */
bool vn_request_is_for_server(const vn_request *request);

#endif
