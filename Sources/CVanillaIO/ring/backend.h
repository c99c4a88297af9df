// SPDX-License-Identifier: MIT
/* backend.h - what the Linux backends share: queues of sources, and what accept(2) says. */
#ifndef VN_RING_BACKEND_H
#define VN_RING_BACKEND_H

#include <errno.h>

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

/* Whether accept(2) failed for one connection only (or none), so that the next call may succeed
 * at once. */
static inline bool vn_accept_is_transient(int32_t error)
{
    switch (-error) {
    case EAGAIN:
    case EINTR:
    case ECANCELED:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* A connection from the accept queue of a listening socket at its end, or below 0 when there is
 * none. */
static inline int32_t vn_accept_rest(int32_t fd)
{
    int32_t accepted;
    do {
        accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    } while (accepted < 0 && errno != EAGAIN && vn_accept_is_transient(-errno));
    return accepted;
}

#endif
