// SPDX-License-Identifier: MIT
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "../system/standard_error.h"
#include "log.h"

enum {
    DETACHED_GRACE = 1000, /* milliseconds that handlers get to return when the worker stops */
    /* An equal part of the places is taken whole where it is large: a ring accepts a flood of
     * connections with fewer calls then, and no worker has so many more than another. */
    PART_LARGE = 8192,
    PART_SHARE = 16, /* else one in so many of it, so that few lie idle */
};

/* ---- Begin ---- */

int32_t vn_worker_init(struct vn_worker *worker, const vn_config *config)
{
    *worker = (struct vn_worker) {
        .config = config,
        .observes = config->handlers.exchange_ended != NULL || config->handlers.refuse != NULL,
        .clock = vn_clock_nanoseconds,
    };
    for (uint32_t i = 0; i < config->listener_count; i++)
        worker->redirects |= config->listeners[i].redirect_port != 0;
    worker->held = &worker->own_held;
    worker->said = &worker->own_said;
    vn_list_init(&worker->detached);
    return vn_loop_init(&worker->loop);
}

void vn_worker_deinit(struct vn_worker *worker)
{
    free(worker->http2_room);
    worker->http2_room = NULL;
    vn_loop_deinit(&worker->loop);
}

int32_t vn_worker_open(struct vn_worker *worker, vn_ring_opener *open_ring, size_t slot_size,
                       uint32_t connection_limit, uint32_t watch_limit, uint32_t file_limit,
                       uint32_t beyond)
{
    worker->connection_limit = connection_limit;
    worker->places_granted = worker->places == NULL ? connection_limit : 1;
    worker->connection_count = 0;
    worker->has_awaited = false;
    worker->acceptor_count = 0;
    vn_list_init(&worker->acceptors);
    vn_list_init(&worker->waiting_acceptors);
    worker->date_second = -1;
    vn_trim_begin(&worker->trim, worker->config->keeps_memory ? NULL : &worker->loop);
    worker->unread = (struct vn_unread) {.is_planned = true};
    worker->loop.watch_limit = watch_limit;
    worker->loop.file_limit = file_limit;
    return vn_loop_open(&worker->loop, open_ring, slot_size,
                        connection_limit + watch_limit + file_limit + beyond);
}

vn_cold void vn_worker_write_date(struct vn_worker *worker)
{
    worker->date_second = worker->loop.second;
    vn_date_write(worker->date, worker->date_second);
    worker->prefix_count = (uint32_t) vn_head_write_prefix(worker->prefix, worker->date);
    vn_unread_expect(&worker->unread, &worker->loop);
}

void *vn_worker_context(const vn_worker *worker)
{
    return worker->context;
}

/* ---- Running ---- */

void vn_worker_take_places(struct vn_worker *worker)
{
    struct vn_places *places = worker->places;
    if (places == NULL)
        return;
    uint32_t left = atomic_load(&places->left), taken;
    do {
        uint32_t part = left / places->workers;
        part = part > PART_LARGE ? part : part / PART_SHARE + worker->acceptor_count;
        taken = (uint32_t) vn_smaller(vn_smaller(part, left),
                                      worker->connection_limit - worker->places_granted);
    } while (taken > 0 && !atomic_compare_exchange_weak(&places->left, &left, left - taken));
    worker->places_granted += taken;
}

/* It goes to whoever needs it. One stays, so that no worker is without that accepts. */
static void worker_return_place(struct vn_worker *worker)
{
    if (worker->places == NULL || worker->places_granted <= worker->connection_count ||
        (worker->places_granted == 1 && worker->acceptor_count > 0))
        return;
    worker->places_granted--;
    atomic_fetch_add(&worker->places->left, 1);
}

void vn_worker_lose_connection(struct vn_worker *worker)
{
    worker->connection_count--;
    if (vn_list_is_empty(&worker->waiting_acceptors))
        worker_return_place(worker);
    vn_trim_later(&worker->trim);
    while (!vn_list_is_empty(&worker->waiting_acceptors)) {
        struct vn_link *link = worker->waiting_acceptors.next;
        vn_loop_resume(&worker->loop, vn_holder(link, struct vn_entry, ready));
    }
}

void vn_worker_run(struct vn_worker *worker)
{
    int32_t result = vn_loop_run(&worker->loop);
    if (result == 0)
        return;
    vn_log(worker->config, VN_LOG_ERROR, "a worker's ring broke: %s", strerror(-result));
    vn_standard_error_flush();
    /* Only a bug of ours, or of the system's, comes here: no connection could be ended cleanly. */
    abort();
}

/* ---- The end ---- */

void vn_worker_await_handlers(struct vn_worker *worker)
{
    if (worker->has_awaited)
        return;
    worker->has_awaited = true;
    uint64_t due = worker->loop.now + DETACHED_GRACE;
    while (!vn_list_is_empty(&worker->detached) && worker->loop.now < due)
        if (vn_loop_turn(&worker->loop, due - worker->loop.now) < 0)
            break;
    if (!vn_list_is_empty(&worker->detached))
        vn_log(worker->config, VN_LOG_WARNING,
               "a worker stops before handlers have returned that were told to");
}

void vn_worker_close(struct vn_worker *worker)
{
    vn_worker_await_handlers(worker);
    vn_loop_end_sources(&worker->loop);
    /* Those that are left are on their own before other threads may run what goes on: they end
     * without a look at the worker then. */
    while (!vn_list_is_empty(&worker->detached))
        vn_list_remove(worker->detached.next);
    vn_loop_close(&worker->loop);
    assert(worker->hub_shards == NULL); /* they go with their last subscribers */
    vn_writer_close(&worker->writer);
    vn_freelist_close(&worker->freelist);
    vn_file_chunks_close(&worker->file_chunks);
}

const uint16_t vn_refused_statuses[12] = {400, 408, 413, 414, 431, 500, 501, 503, 505};
