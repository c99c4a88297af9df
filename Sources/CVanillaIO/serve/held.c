// SPDX-License-Identifier: MIT
#include "held.h"

#include "body_writer.h"
#include "log.h"

enum { QUIET = 1000 }; /* milliseconds after a line in which there is no other */

/* Whether it is this one's turn to be told; else it is counted. */
static bool may_tell(struct vn_held *held, uint64_t now)
{
    uint64_t due = atomic_load(&held->due);
    if (now >= due && atomic_compare_exchange_strong(&held->due, &due, now + QUIET))
        return true;
    atomic_fetch_add(&held->untold, 1);
    return false;
}

vn_cold void vn_held_note(struct vn_worker *worker, const struct vn_response *response,
                          bool in_share)
{
    uint32_t limit = worker->config->slow_handler;
    uint64_t span = vn_budget_take_held(&worker->loop.budget, in_share) / 1000000;
    if (limit == 0 || span < limit || !may_tell(worker->held, worker->clock() / 1000000))
        return;
    char where[VN_DESCRIPTION_MAX];
    uint64_t untold = atomic_exchange(&worker->held->untold, 0);
    bool is_known = response != NULL && vn_response_describe(response, where, sizeof where) > 0;
    if (untold == 0)
        vn_log(worker->config, VN_LOG_WARNING, "%s held its worker for %llu ms",
               is_known ? where : "a task", (unsigned long long) span);
    else
        vn_log(worker->config, VN_LOG_WARNING,
               "%s held its worker for %llu ms; %llu more did since the last such line",
               is_known ? where : "a task", (unsigned long long) span, (unsigned long long) untold);
}

/* ---- For those who run code that belongs to no call of a handler ---- */

void vn_worker_hold(vn_worker *worker)
{
    vn_held_begin(worker);
}

void vn_worker_note_held(vn_worker *worker)
{
    vn_held_end(worker, NULL);
}

void vn_response_note_held(const vn_response *response)
{
    if (!vn_response_is_elsewhere(response))
        vn_held_end(response->worker, response);
}

void vn_body_note_held(const vn_body_writer *writer)
{
    const struct vn_response response = vn_response_of(writer->exchange);
    vn_held_end(response.worker, &response);
}
