// SPDX-License-Identifier: MIT
/* held.h - says in the log which handler has held its worker for long.
 *
 * Nothing is measured before a handler. A request begins only while the share of its connection is
 * not over (loop/budget.h), so the share is younger than VN_SHARE_SPAN_MAX then, and what it has
 * lasted when the handler returns is the handler's time but for so much. The one look at a counter
 * of the processor that this needs is the one by which the share is measured anyway. */
#ifndef VN_SERVE_HELD_H
#define VN_SERVE_HELD_H

#include "response.h"

/* Log what was looked at last, if it has held the worker for too long. `response` says what it was
 * for; NULL: it is no exchange's. `in_share`: it was part of a connection's share. */
void vn_held_note(struct vn_worker *worker, const struct vn_response *response, bool in_share);

/* A handler has returned that was called in its connection's share. */
static inline void vn_held_check(struct vn_worker *worker, const struct vn_response *response)
{
    if (vn_unlikely(vn_budget_look(&worker->loop.budget)))
        vn_held_note(worker, response, true);
}

/* Something begins that is no part of a share, */
static inline void vn_held_begin(struct vn_worker *worker)
{
    vn_budget_mark(&worker->loop.budget);
}

/* and has ended. */
static inline void vn_held_end(struct vn_worker *worker, const struct vn_response *response)
{
    if (vn_unlikely(vn_budget_look_at_mark(&worker->loop.budget)))
        vn_held_note(worker, response, false);
}

#endif
