// SPDX-License-Identifier: MIT
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "conn.h"

_Static_assert(sizeof(struct vn_watch) <= sizeof(struct vn_conn), "they live in the same slots");

vn_watch *vn_watch_open(vn_worker *worker, int32_t fd, vn_ready *ready, void *context,
                        int32_t *error)
{
    uint32_t index;
    *error = -EMFILE;
    if (worker->watch_count >= worker->watch_limit)
        return NULL;
    int32_t own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    *error = own < 0 ? -errno : -ENOMEM;
    struct vn_watch *watch = own < 0 ? NULL : vn_slab_take(&worker->sources, &index);
    if (watch == NULL) {
        if (own >= 0)
            close(own);
        return NULL;
    }
    *watch = (struct vn_watch) {
        .source = {.fd = own,
                   .index = index,
                   .generation = worker->sources.generations[index],
                   .owner = VN_OWNER_WATCH},
        .worker = worker,
        .ready = ready,
        .context = context,
    };
    worker->watch_count++;
    vn_list_append(&worker->watches, &watch->link);
    vn_ring_begin(worker->ring, &watch->source);
    *error = 0;
    return watch;
}

void vn_watch_for(vn_watch *watch, uint32_t events)
{
    vn_ring_watch(watch->worker->ring, &watch->source, events);
}

void vn_watch_close(vn_watch *watch)
{
    assert(!watch->is_closed);
    watch->is_closed = true;
    vn_list_remove(&watch->link);
    vn_ring_end(watch->worker->ring, &watch->source);
}

void vn_watches_close(struct vn_worker *worker)
{
    while (!vn_list_is_empty(&worker->watches)) {
        struct vn_watch *watch = vn_holder(worker->watches.next, struct vn_watch, link);
        vn_watch_close(watch);
        watch->ready(watch->context, POLLNVAL);
    }
}

void vn_watch_event(struct vn_watch *watch, const struct vn_event *event)
{
    struct vn_worker *worker = watch->worker;
    if (event->type == VN_ENDED) {
        worker->watch_count--;
        vn_slab_give(&worker->sources, watch->source.index);
    } else if (event->type == VN_READY && !watch->is_closed)
        watch->ready(watch->context, (uint32_t) event->count);
}
