// SPDX-License-Identifier: MIT
/* unread_watch.h - what clients have not taken of their output is bounded for the process.
 *
 * One connection holds little, but many whose clients read nothing hold all that the system gives
 * to TCP, which then is short for everybody. So while output leaves each worker asks the system now
 * and then how much of it has not arrived, and what waits in its own memory is added. Where the sum
 * of all workers is beyond the limit each ends its part of what is too much, those first whose
 * clients have taken nothing for longest. A client that took bytes between two looks is not
 * ended. */
#ifndef VN_SERVE_UNREAD_WATCH_H
#define VN_SERVE_UNREAD_WATCH_H

#include "worker.h"

/* Look after a worker that was opened, one of `workers` that share the limit. */
void vn_unread_watch_begin(struct vn_worker *worker, uint32_t workers);

/* It was closed. */
void vn_unread_watch_end(struct vn_worker *worker);

#endif
