// SPDX-License-Identifier: MIT
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "../system/descriptors.h"

static void watch_event(struct vn_source *source, const struct vn_event *event)
{
    struct vn_watch *watch = vn_holder(source, struct vn_watch, source);
    if (event->type == VN_ENDED) {
        watch->loop->watch_count--;
        vn_loop_remove(watch->loop, source);
    } else if (event->type == VN_READY && !watch->is_closed)
        watch->ready(watch->context, (uint32_t) event->count);
}

/* It stays for as long as its owner may have use for it. */
static void watch_drain(struct vn_source *source, enum vn_drain step)
{
    struct vn_watch *watch = vn_holder(source, struct vn_watch, source);
    if (step != VN_DRAIN_CLOSE || watch->is_closed)
        return;
    vn_watch_close(watch);
    watch->ready(watch->context, POLLNVAL);
}

static const struct vn_kind watch_kind = {.event = watch_event, .drain = watch_drain};

vn_watch *vn_watch_open(vn_worker *worker, int32_t fd, vn_ready *ready, void *context,
                        int32_t *error)
{
    struct vn_loop *loop = vn_loop_of(worker);
    *error = -EMFILE;
    if (loop->watch_count >= loop->watch_limit)
        return NULL;
    int32_t own = vn_descriptor_duplicate(fd);
    *error = own < 0 ? own : -ENOMEM;
    struct vn_source *source = own < 0 ? NULL : vn_loop_add(loop, &watch_kind, own);
    if (source == NULL) {
        if (own >= 0)
            close(own);
        return NULL;
    }
    struct vn_watch *watch = vn_holder(source, struct vn_watch, source);
    watch->loop = loop;
    watch->ready = ready;
    watch->context = context;
    loop->watch_count++;
    *error = 0;
    return watch;
}

void vn_watch_for(vn_watch *watch, uint32_t events)
{
    vn_ring_watch(watch->loop->ring, &watch->source, events);
}

void vn_watch_close(vn_watch *watch)
{
    assert(!watch->is_closed);
    watch->is_closed = true;
    vn_ring_end(watch->loop->ring, &watch->source);
}
