// SPDX-License-Identifier: MIT
/* backend.h - what the Linux backends share: queues of sources, the wakeup from other threads,
 * the clock. */
#ifndef VN_RING_BACKEND_H
#define VN_RING_BACKEND_H

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

/* Sources with work to do, first come first served. A source is on one queue at most; whoever
 * queues it sees to that. */
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

/* Wakes a ring's thread. Writing to the descriptor costs a system call, so only the first of
 * many wakes does. */
struct vn_wakeup {
    int32_t fd;
    atomic_bool is_asked;
};

/* Returns 0 or -errno. */
static inline int32_t vn_wakeup_open(struct vn_wakeup *wakeup)
{
    atomic_init(&wakeup->is_asked, false);
    wakeup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wakeup->fd >= 0 ? 0 : -errno;
}

/* Any thread. The counter need not be read: every write makes a new edge, and 2^64 of them do
 * not come. */
static inline void vn_wakeup_ask(struct vn_wakeup *wakeup)
{
    if (!atomic_exchange_explicit(&wakeup->is_asked, true, memory_order_acq_rel))
        eventfd_write(wakeup->fd, 1);
}

/* Before WOKEN is reported: what was written before a wake that found the flag set is seen by
 * whoever handles WOKEN, and a wake from here on makes an edge of its own. */
static inline void vn_wakeup_answer(struct vn_wakeup *wakeup)
{
    atomic_exchange_explicit(&wakeup->is_asked, false, memory_order_acq_rel);
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

/* Nanoseconds of the monotonic clock. */
static inline int64_t vn_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct timespec vn_duration(int64_t nanoseconds)
{
    return (struct timespec) {.tv_sec = nanoseconds / 1000000000,
                              .tv_nsec = nanoseconds % 1000000000};
}

#endif
