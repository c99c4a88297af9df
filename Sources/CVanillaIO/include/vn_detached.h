// SPDX-License-Identifier: MIT
/* vn_detached.h - a detached exchange: its handler goes on after its call has returned, with its
 * request and its response.
 *
 * For an answer that takes time and is given on the worker's own thread. For an answer that comes
 * from another thread see vn_response_defer. */
#ifndef VN_DETACHED_H
#define VN_DETACHED_H

#include "vn_worker.h"

typedef struct vn_detached vn_detached;

/* Called at most once, and not after vn_detached_end: the answer is no longer wanted, because the
 * client is gone, the handler deadline has passed, or the server stops. What the response is told
 * from then on is refused with -EALREADY, unless the client has only ended its output. */
typedef void vn_cancelled(void *context);

/* What a handler is told, on the worker's thread, and not after vn_detached_end. `context` is that
 * of vn_detached_begin. */
typedef struct vn_detached_calls {
    vn_cancelled *cancelled;
    /* A piece of the request's body, after vn_detached_receive: decoded and lent for the call,
     * which returns VN_RECEIVE_MORE or VN_RECEIVE_PAUSE. The last may be empty. */
    int32_t (*received)(void *context, vn_span piece, bool is_last);
    /* The client has taken what was written: after vn_detached_write has returned 1, and at other
     * times. */
    void (*writable)(void *context);
} vn_detached_calls;

/* Detach the exchange from the call of its handler, inside of which this is called. The request is
 * copied; it and the response live until vn_detached_end, and the handler deadline runs. Room for
 * `extra` bytes comes with it, zeroed and aligned to 16. Returns NULL with -EALREADY or -ENOMEM in
 * `error`. */
vn_detached *vn_response_detach(vn_response *response, const vn_request *request, size_t extra,
                                int32_t *error);

/* Its handler begins later in this turn, with vn_detached_begin. Until then what has come of a
 * streamed body waits for it, and answers to earlier requests leave with its own. */
void vn_detached_postpone(vn_detached *detached);

/* Its handler begins. `calls` stays valid until vn_detached_end. Returns false when the answer is
 * no longer wanted already, and nothing will be called. */
bool vn_detached_begin(vn_detached *detached, const vn_detached_calls *calls, void *context);

/* That of a request, or of a response; NULL where its handler has not been detached. */
vn_detached *vn_request_detached(const vn_request *request);
vn_detached *vn_response_detached(vn_response *response);

/* That of vn_detached_begin. */
void *vn_detached_context(const vn_detached *detached);

/* The room of vn_response_detach. */
void *vn_detached_extra(vn_detached *detached);

const vn_request *vn_detached_request(const vn_detached *detached);

/* On another thread than the worker's whatever it is told is refused with -EXDEV, and its handle is
 * of no exchange. */
vn_response *vn_detached_response(vn_detached *detached);

/* Other exchanges write before this one goes on: what was written of a head since
 * vn_response_detach is kept, and what will be written goes to memory of its own. To be called
 * before the first function that writes through vn_detached_response, and has not sent, returns.
 * Returns false when memory ran out, and the connection is cut. */
bool vn_detached_keep_head(vn_detached *detached);

/* Hold back what a detached response is answered with from now on: its status and its fields can be
 * changed until vn_detached_end sends it. A streamed or a raw answer is not held. */
void vn_response_withhold(vn_response *response);

/* Forget the answer that is held, with its fields and its status, so that another can be given.
 * Returns whether there was one. */
bool vn_response_drop_withheld(vn_response *response);

/* ---- The request's body. On another thread than the worker's each returns -EXDEV ---- */

/* Have the pieces of a body that was to be streamed delivered by `received`; until this is called
 * they are not taken off the socket. Returns 0; 1 when the body had come whole, and is that of the
 * request; -EBUSY when it is delivered already, here or to a consumer; -ENOTSUP where it is
 * ignored; -EALREADY when the request was answered, and -ECANCELED when the exchange is over
 * otherwise. */
int32_t vn_detached_receive(vn_detached *detached);

/* Whether more of it can come. Returns 0, -EALREADY or -ECANCELED. */
int32_t vn_detached_can_receive(const vn_detached *detached);

/* After VN_RECEIVE_PAUSE: the next piece is wanted. Nothing where no more can come. */
void vn_detached_resume(vn_detached *detached);

/* From `received`: append a piece to memory that lives until vn_detached_end. Returns 0; -EMSGSIZE
 * where it would be more than `max` bytes; -ENOMEM. */
int32_t vn_detached_gather(vn_detached *detached, vn_span piece, uint64_t max);

/* What was gathered is the request's whole body from now on. */
void vn_detached_gathered(vn_detached *detached);

/* ---- The answer's body. On another thread than the worker's each returns -EXDEV ---- */

/* Answer with a head whose body follows by vn_detached_write: `length` bytes, or chunked (to
 * HTTP/1.0: until close) when `length` is -1. Returns 0; -EINVAL for a content type that is no
 * field value; -EALREADY; -ECANCELED when the exchange is over; -ENOMEM. */
int32_t vn_detached_begin_body(vn_detached *detached, vn_span content_type, int64_t length);

/* Whether it was begun, and not ended. */
bool vn_detached_has_body(const vn_detached *detached);

/* Whether it was begun as an answer without content, as that to HEAD is: the head was all of it. */
bool vn_detached_writes_for_nobody(const vn_detached *detached);

/* Append to the body: copied, or by reference until `release`. Returns 0; 1 when it was appended
 * and so much waits that the writer should, until `writable`; -EMSGSIZE past the declared length;
 * -EALREADY when the body was ended or not begun; -ECANCELED when nobody wants it, because the
 * exchange is over or the answer has no content, as that to HEAD; -ENOMEM, and the connection is
 * cut. */
int32_t vn_detached_write(vn_detached *detached, vn_span bytes);
int32_t vn_detached_write_shared(vn_detached *detached, vn_span bytes, vn_release *release,
                                 void *context);

/* The body is complete. Returns 0, also where it was before; -EMSGSIZE when less was written than
 * was declared, and -ENOMEM: the connection is cut then; -EALREADY; -ECANCELED. */
int32_t vn_detached_finish_body(vn_detached *detached);

/* The body cannot be completed: the connection is cut, so that the client sees that. */
void vn_detached_cut_body(vn_detached *detached);

/* ---- The end ---- */

/* Its handler has returned. The body of an answer that it has begun is complete. Without an answer
 * the client gets 500, unless a consumer of the body (vn_response_receive) is to come to its end,
 * or the answer was promised (vn_response_defer). The detached exchange is gone. On the worker's
 * thread, or on any after the worker has ended. */
void vn_detached_end(vn_detached *detached);

#endif
