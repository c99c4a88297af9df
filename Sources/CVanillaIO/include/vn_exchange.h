// SPDX-License-Identifier: MIT
/* vn_exchange.h - what is known of an exchange, a request and its answer, when it has ended. */
#ifndef VN_EXCHANGE_H
#define VN_EXCHANGE_H

#include "vn_response.h"

/* How an exchange ended. */
enum {
    /* the system took the whole answer: no server knows more of what arrived */
    VN_ENDED_DELIVERED,
    VN_ENDED_CLIENT_LEFT, /* the client was gone before, or took nothing for too long */
    /* by this server: what a producer or receiver threw, memory that ran out, or a stop whose time
     * was over */
    VN_ENDED_CUT,
};

/* Bytes of a request's head, and fields, that are kept for the end of its exchange. */
enum { VN_KEPT_HEAD_MAX = 2048, VN_KEPT_FIELDS_MAX = 64 };

/* Lent for the call. */
typedef struct vn_ended_exchange {
    /* A copy without the body, of a long head only the beginning: the target is cut off, and
     * fields are missing, that are not within the first VN_KEPT_HEAD_MAX bytes, or beyond the first
     * VN_KEPT_FIELDS_MAX. Of a refused head it has what was read before the refusal. NULL where
     * the request line was not read to the end of its target. */
    const vn_request *request;
    const vn_span *route; /* of vn_response_set_route; NULL: it took none, or nobody said */
    void *error; /* of vn_response_note_error; NULL: none */
    uint64_t
        nanoseconds; /* from the complete head to the end, or from the begin of a refused one */
    uint64_t bytes_received; /* the head, and what has come of the body without its framing */
    uint64_t bytes_sent; /* of the answer, head and framing included, that the system took */
    uint16_t status; /* of the answer; 0: none was begun */
    uint8_t end; /* VN_ENDED_... */
    bool is_refusal; /* the core itself has answered: the status says why */
} vn_ended_exchange;

/* Say which route the request takes, by its pattern, which is there until the server is closed: for
 * the log, and for the end of the exchange. On the worker's thread. */
void vn_response_set_route(vn_response *response, const vn_span *pattern);

/* Say why the exchange fails, or is answered as it is: the first error counts. `release` is called
 * once, when the end of the exchange was told, or at once where nobody wants to know. Any
 * thread. */
void vn_response_note_error(vn_response *response, void *error, vn_release *release);

/* The same from a producer. */
void vn_body_note_error(vn_body_writer *writer, void *error, vn_release *release);

/* As vn_worker_note_held, for something that was done for an exchange since vn_worker_hold. Nothing
 * on another thread than the worker's. */
void vn_response_note_held(const vn_response *response);
void vn_body_note_held(const vn_body_writer *writer);

/* What a response or a body is for, as log lines have it: "GET /users/7 (route /users/:id)" as far
 * as it is known, without the query. Writes a C string of at most `capacity` bytes with its NUL,
 * and returns its length: 0 where nothing is known any more. */
size_t vn_response_describe(const vn_response *response, char *text, size_t capacity);
size_t vn_body_describe(const vn_body_writer *writer, char *text, size_t capacity);

#endif
