// SPDX-License-Identifier: MIT
/* vn_response.h - how a handler answers.
 *
 * Inside the handler's call: fields first, then one of the vn_response_send... functions,
 * vn_response_stream or vn_response_defer. Framing (Content-Length, Transfer-Encoding, Connection,
 * Date) is written by the core. When a handler returns without any of them, the client gets 500.
 * Only the worker that made the call may use a vn_response, and only for the length of the call.
 * For a detached exchange (vn_detached.h), which goes on, that is checked: on another thread
 * whatever may return -EALREADY returns -EXDEV, and does nothing. */
#ifndef VN_RESPONSE_H
#define VN_RESPONSE_H

#include "vn_request.h"

typedef struct vn_response vn_response;
typedef struct vn_body_writer vn_body_writer;

/* Called exactly once, on the worker's thread, when bytes or a context lent to the core are no
 * longer needed. */
typedef void vn_release(void *context);

/* ---- The head ---- */

/* Set the status, 200 to 999. 200 is the default. Returns 0; -EINVAL out of range; -EALREADY after
 * a send. */
int32_t vn_response_set_status(vn_response *response, uint16_t status);

/* Add a field line. Returns 0; -EINVAL for a name that is not a token or a value with a byte that
 * RFC 9110, section 5.5, does not allow (CR, LF, NUL, other controls); -EPERM for a field that the
 * core writes itself (Connection, Content-Length, Date, Transfer-Encoding); -EMSGSIZE when the head
 * would pass 64 KiB; -EALREADY after a send. */
int32_t vn_response_add_field(vn_response *response, vn_span name, vn_span value);

/* Add a field line in place of those of that name. Returns as vn_response_add_field does, which
 * leaves them then. */
int32_t vn_response_set_field(vn_response *response, vn_span name, vn_span value);

/* Drop the field lines of that name. Returns 0, also where there are none; -EPERM for a field that
 * the core writes itself; -EALREADY after a send. */
int32_t vn_response_remove_field(vn_response *response, vn_span name);

/* The value of the first field line of that name; NULL without bytes where there is none, and after
 * a send. It is valid until the response is told anything. */
vn_span vn_response_field(const vn_response *response, vn_span name);

/* Forget the status and the fields set so far. Returns 0; -EALREADY after a send. */
int32_t vn_response_reset(vn_response *response);

/* Close the connection after this response, and say so in it unless it was sent before. */
void vn_response_set_close(vn_response *response);

/* ---- The body, at once. Each returns 0, or -EALREADY when an answer was given before. ---- */

/* Send `body` (copied) with Content-Length. An empty `content_type` adds no Content-Type,
 * and neither does any other where a field of that name was added. 204, 205 and 304 never carry a
 * body, nor does the answer to HEAD, which still states the length. */
int32_t vn_response_send(vn_response *response, vn_span content_type, vn_span body);

/* The same without a copy: `body` stays valid until `release` is called. A NULL `release` means
 * that it always stays valid. */
int32_t vn_response_send_shared(vn_response *response, vn_span content_type, vn_span body,
                                vn_release *release, void *context);

/* Send a complete response, head and body, exactly as it is (copied). Fields added before are
 * dropped. The caller is responsible for its framing and for closing: vn_response_set_close does
 * it, a Connection field in the bytes does not. Returns -ENOTSUP, and can still be answered, where
 * the connection's protocol has no such bytes: HTTP/1 alone has. */
int32_t vn_response_send_raw(vn_response *response, vn_span bytes);

/* Answer with an error, and a body that a person can read: the status and its reason, or `detail`,
 * UTF-8, where that is not empty; as text or as problem details in JSON (RFC 9457), as
 * vn_config.error_body says. Without a body where the status has none, and without a detail below
 * 400. Results as vn_response_send. */
int32_t vn_response_send_error(vn_response *response, uint16_t status, vn_span detail);

/* True once one of send..., stream or defer was called. */
bool vn_response_is_answered(const vn_response *response);

/* Whether nobody waits any more for the answer of a handler that goes on: its client is gone, or
 * its time is over. It may say -EALREADY of what it is told then, which is no mistake of the
 * handler's. */
bool vn_response_is_unwanted(const vn_response *response);

/* ---- The body, piece by piece ---- */

enum {
    VN_PRODUCE_MORE, /* call again when the socket has room */
    VN_PRODUCE_WAIT, /* call again after vn_handle_resume */
    VN_PRODUCE_DONE, /* the body is complete */
};

/* Writes the next part of a body. Called on the worker whenever the client has taken most of what
 * was written. A negative result cuts the connection, so that the client sees an incomplete body.
 */
typedef int32_t vn_producer(void *context, vn_body_writer *writer);

/* Answer with a body written by `producer`: `length` bytes, or chunked (to HTTP/1.0: until close)
 * when `length` is -1. `release` is called once, however the exchange ends. For HEAD the producer
 * is not called. */
int32_t vn_response_stream(vn_response *response, vn_span content_type, int64_t length,
                           vn_producer *producer, vn_release *release, void *context);

/* Bytes that can be written now without more than one send's worth waiting in memory. */
size_t vn_body_capacity(const vn_body_writer *writer);

/* Bytes of the declared length that are still to be written; UINT64_MAX where none was declared. */
uint64_t vn_body_left(const vn_body_writer *writer);

/* Append to the body: copied, or by reference until `release`. Returns 0, or -EMSGSIZE past the
 * declared length. */
int32_t vn_body_write(vn_body_writer *writer, vn_span bytes);
int32_t vn_body_write_shared(vn_body_writer *writer, vn_span bytes, vn_release *release,
                             void *context);

/* ---- The request's body, piece by piece (after VN_BODY_STREAMED was chosen) ---- */

enum {
    VN_RECEIVE_MORE, /* go on */
    VN_RECEIVE_PAUSE, /* hold the socket back until vn_handle_resume */
};

/* Gets the next piece, decoded and lent for the call; `is_last` with the last one, which may be
 * empty. It may answer in any call; what comes after the answer is drained, and then the answer
 * leaves (limits.discard). After a negative
 * result the client gets 500, unless it was answered before, and the connection closes. When the
 * connection is lost, only `release` is called. */
typedef int32_t vn_consumer(void *context, vn_response *response, vn_span piece, bool is_last);

int32_t vn_response_receive(vn_response *response, vn_consumer *consumer, vn_release *release,
                            void *context);

/* ---- Later, and from other threads ---- */

/* Names one exchange: safe to keep, copy and use from any thread at any time while the server is
 * not closed; it never reaches another exchange. */
typedef struct vn_handle {
    void *worker;
    uint32_t index;
    uint32_t generation;
    uint32_t exchange;
    uint32_t run;
} vn_handle;

/* The handle of this exchange. */
vn_handle vn_response_handle(const vn_response *response);

/* Promise an answer for later, through vn_handle_run. The handler deadline runs. Returns 0,
 * -EALREADY or -ENOMEM. */
int32_t vn_response_defer(vn_response *response);

/* Runs on the worker with the exchange's response, or with NULL when the exchange is over
 * (answered, timed out, client gone, worker stopped): free the context in either case. */
typedef void vn_remote_call(void *context, vn_response *response);

/* Have `later` called on the exchange's worker. Any thread. Returns 0; -ENOMEM, and `later` is not
 * called. */
int32_t vn_handle_run(vn_handle handle, vn_remote_call *later, void *context);

/* Resume a waiting producer or a paused consumer. Any thread. Returns 0 or -ENOMEM. */
int32_t vn_handle_resume(vn_handle handle);

#endif
