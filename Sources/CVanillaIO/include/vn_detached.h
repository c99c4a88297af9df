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

/* Detach the exchange from the call of its handler, inside of which this is called. The request is
 * copied; it and the response live until vn_detached_end, and the handler deadline runs. Room for
 * `extra` bytes comes with it, zeroed and aligned to 16. Returns NULL with -EALREADY or -ENOMEM in
 * `error`. */
vn_detached *vn_response_detach(vn_response *response, const vn_request *request, size_t extra,
                                int32_t *error);

/* Its handler begins later in this turn, with vn_detached_begin. Until then what has come of a
 * streamed body waits for it, and answers to earlier requests leave with its own. */
void vn_detached_postpone(vn_detached *detached);

/* Its handler begins: have `cancelled` called when the answer is no longer wanted. Returns false
 * when that is so already, and `cancelled` will not be called. */
bool vn_detached_begin(vn_detached *detached, vn_cancelled *cancelled, void *context);

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

/* Its handler has returned: without an answer the client gets 500. The detached exchange is gone.
 * On the worker's thread, or on any after the worker has ended. */
void vn_detached_end(vn_detached *detached);

#endif
