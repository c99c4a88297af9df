// SPDX-License-Identifier: MIT
/* backend.h - what the backends share: queues of sources, and what they need of the platform. */
#ifndef VN_RING_BACKEND_H
#define VN_RING_BACKEND_H

#include <errno.h>

#include "../system/accept.h"
#include "../system/clock.h"
#include "../system/socket.h"
#include "../system/wakeup.h"
#include "ring.h"

/* Sources with work to do, first come first served. A source is on one queue at most; the
 * code that queues it sees to that. */
struct vn_source_queue {
    struct vn_source *first;
    struct vn_source *last;
};

static inline void vn_queue_push(struct vn_source_queue *queue, struct vn_source *source)
{
    source->next = NULL;
    if (queue->first == NULL)
        queue->first = source;
    else
        queue->last->next = source;
    queue->last = source;
}

static inline struct vn_source *vn_queue_pop(struct vn_source_queue *queue)
{
    struct vn_source *source = queue->first;
    if (source != NULL)
        queue->first = source->next;
    return source;
}

static inline bool vn_source_has_input(struct vn_ring *ring, const struct vn_source *source)
{
    (void) ring;
    return vn_socket_has_input(source->fd);
}

#endif
