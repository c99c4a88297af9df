// SPDX-License-Identifier: MIT
/* vn_call.h - a handler that goes on after its call has returned, with its request and its response.
 *
 * For an answer that takes time and is given on the worker's own thread. For one that comes from
 * another thread see vn_response_defer. */
#ifndef VN_CALL_H
#define VN_CALL_H

#include "vn_worker.h"

typedef struct vn_call vn_call;

/* Called at most once, and not after vn_call_end: nobody waits for the answer any more, because the
 * client is gone, the handler deadline has passed, or the server stops. What the response is told
 * from then on is refused with -EALREADY, unless the client has only ended its output. */
typedef void vn_lost(void *context);

/* Go on after this call, inside of which it is made. The request is copied and lives, as does the
 * response, until vn_call_end; the handler deadline runs. With it comes room for `extra` bytes, zeroed
 * and aligned to 16. Returns NULL with -EALREADY or -ENOMEM in `error`. */
vn_call *vn_call_begin(vn_response *response, const vn_request *request, size_t extra,
                       int32_t *error);

/* Its handler begins later in this turn, with vn_call_attend. Until then what has come of a streamed
 * body waits for it, and answers to earlier requests go with its own. */
void vn_call_put_off(vn_call *call);

/* Have `lost` called when that is the time for it. Returns false where it has come already, and `lost`
 * will not be called. */
bool vn_call_attend(vn_call *call, vn_lost *lost, void *context);

/* That room. */
void *vn_call_extra(vn_call *call);

const vn_request *vn_call_request(const vn_call *call);

/* Used on the worker's thread only. */
vn_response *vn_call_response(vn_call *call);

/* Others write before this call goes on: what was written of a head since vn_call_begin is kept, and
 * what will be goes to memory of its own. To be called before the function that writes through
 * vn_call_response for the first time returns without having sent. Returns false when memory ran out,
 * and the connection is cut. */
bool vn_call_keep(vn_call *call);

/* Done: without an answer the client gets 500. The call is gone. On the worker's thread, or on any
 * after the worker has ended. */
void vn_call_end(vn_call *call);

#endif
