// SPDX-License-Identifier: MIT
/* ring.h - THE SEAM: the operating system as completed work. You ask; later you learn what was
 * done.
 *
 * Descriptors and bytes, never what they mean. A readiness system (epoll, kqueue) performs the
 * operation itself when it can, so nothing above knows the difference. Three sentences of contract:
 *
 * 1. A ring belongs to the thread that opened it; only vn_ring_wake may be called from another.
 * 2. Bytes in an event are lent until vn_ring_give. What is passed to vn_ring_send (the message,
 *    its vectors and their bytes) is the ring's until SENT, unless the call said that it is done.
 * 3. After vn_ring_end no further call with that source except to give its buffers back. What the
 *    last wait returned may still name it; the next ones say exactly one ENDED and nothing after
 *    it. ENDED is the moment to free. Identity is slot index and generation, never a descriptor
 *    number, never a packed pointer.
 *
 * Results: >= 0 done, -errno the system's refusal. */
#ifndef VN_RING_RING_H
#define VN_RING_RING_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "../base/base.h"
#include "../base/slab.h"

enum vn_event_type {
    /* count: a connected descriptor, yours; or -errno, after which accepting has stopped */
    VN_ACCEPTED,
    /* count: bytes, lent in `bytes` until give(buffer); 0: end of input; or -errno: both stop
     * receiving */
    VN_RECEIVED,
    VN_SENT, /* count: bytes taken, which may be fewer than asked; or -errno */
    VN_READ, /* count: bytes read, 0: the file ends; or -errno, of which -EAGAIN: ask again */
    VN_READY, /* count: the poll(2) events that a watched descriptor has; watching has stopped */
    VN_QUIET, /* receiving has stopped: nothing is under way any more */
    VN_ENDED, /* the source is the owner's to free */
    VN_WOKEN, /* vn_ring_wake was called since the last one; no source */
};

struct vn_kind;

/* What the ring keeps of a descriptor. The first member of a slot in the slab that the ring was
 * opened with. */
struct vn_source {
    const struct vn_kind *kind; /* the owner's: what this is. The ring only carries it */
    struct vn_source *next; /* ring: its queue of sources with work to do */
    const struct msghdr *message; /* ring: the send that is under way */
    int32_t fd;
    uint32_t index;
    uint32_t generation;
    uint8_t wants; /* ring: bits of what was asked */
    uint8_t has; /* ring: bits of what the system said or was told */
    uint8_t outstanding; /* ring: operations whose completion is still to come */
    uint32_t queued_at; /* the owner's: a turn's number. The ring only carries it */
    union {
        uint32_t accept_budget; /* ring: connections that may still be accepted */
        uint32_t watch_mask; /* ring: poll(2) events that are watched for */
        uint32_t input_count; /* ring: bytes that wait, as far as the system said */
    };
};

/* A read of a regular file. The first three are the owner's, and stay until it is done. */
struct vn_read {
    uint8_t *bytes;
    uint32_t count;
    uint64_t at; /* of the file */

    /* The ring's. */
    struct vn_read *next;
    struct vn_source *source;
    struct vn_reader *reader;
    int64_t result;
    int32_t fd;
};

struct vn_event {
    struct vn_source *source;
    uint8_t *bytes; /* may be written to until give */
    int32_t count;
    uint16_t buffer;
    uint8_t type;
};

struct vn_ring;

struct vn_ring_ops {
    const char *name; /* "io_uring", "epoll", "kqueue", ... */
    void (*close)(struct vn_ring *ring);
    void (*begin)(struct vn_ring *ring, struct vn_source *source);
    void (*accept)(struct vn_ring *ring, struct vn_source *source, uint32_t budget);
    void (*receive)(struct vn_ring *ring, struct vn_source *source);
    void (*pause)(struct vn_ring *ring, struct vn_source *source);
    void (*quiesce)(struct vn_ring *ring, struct vn_source *source);
    bool (*has_input)(struct vn_ring *ring, const struct vn_source *source);
    int64_t (*send)(struct vn_ring *ring, struct vn_source *source, const struct msghdr *message);
    /* NULL: it takes nothing at once */
    int64_t (*try_send)(struct vn_ring *ring, struct vn_source *source, const struct iovec *piece);
    int64_t (*read)(struct vn_ring *ring, struct vn_source *source, struct vn_read *read);
    void (*watch)(struct vn_ring *ring, struct vn_source *source, uint32_t mask);
    void (*end)(struct vn_ring *ring, struct vn_source *source);
    void (*give)(struct vn_ring *ring, uint16_t buffer);
    void (*wake)(struct vn_ring *ring);
    int32_t (*wait)(struct vn_ring *ring, struct vn_event *events, int32_t capacity,
                    int64_t timeout);
    bool (*has_more)(const struct vn_ring *ring);
};

struct vn_ring {
    const struct vn_ring_ops *ops;
    struct vn_slab *slab; /* where the sources live */
};

enum vn_ring_backend { VN_RING_AUTO, VN_RING_URING, VN_RING_EPOLL, VN_RING_KQUEUE };

/* Open the ring of a backend on the calling thread. AUTO probes io_uring and takes epoll when it is
 * refused; `refusal` is then -errno of io_uring, else 0. On systems that have neither it is kqueue.
 * `slab` holds the sources and outlives the ring. Returns 0 or -errno. */
int32_t vn_ring_open(struct vn_ring **ring, enum vn_ring_backend backend, struct vn_slab *slab,
                     int32_t *refusal);

typedef int32_t vn_ring_opener(struct vn_ring **ring, struct vn_slab *slab);

/* What vn_ring_open calls for a backend, which is not AUTO, and its name. */
vn_ring_opener *vn_ring_opener_of(enum vn_ring_backend backend);
const char *vn_ring_name(enum vn_ring_backend backend);

/* The systems that have it, as people say it. */
const char *vn_ring_systems(enum vn_ring_backend backend);

/* One file a backend; -ENOTSUP where the platform has none. */
int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab);
int32_t vn_epoll_open(struct vn_ring **ring, struct vn_slab *slab);
int32_t vn_kqueue_open(struct vn_ring **ring, struct vn_slab *slab);

/* Close the ring. Every source has ended before. */
static inline void vn_ring_close(struct vn_ring *ring)
{
    ring->ops->close(ring);
}

/* Take up a source whose kind, fd, index and generation are set. The ring closes the descriptor at
 * its end. */
static inline void vn_ring_begin(struct vn_ring *ring, struct vn_source *source)
{
    assert(source->outstanding == 0);
    ring->ops->begin(ring, source);
}

/* Accept from a listening source: ACCEPTED for each connection, at most `budget` of them until
 * accept is called again, which replaces the budget; what was under way under a larger one may
 * still come. Ends by itself with ACCEPTED -errno (EMFILE, ENFILE, ENOBUFS, ENOMEM). Accepted
 * descriptors are close-on-exec. */
static inline void vn_ring_accept(struct vn_ring *ring, struct vn_source *source, uint32_t budget)
{
    ring->ops->accept(ring, source, budget);
}

/* Go on delivering RECEIVED until pause, end, end of input or an error. Asking again while it goes
 * on changes nothing. */
static inline void vn_ring_receive(struct vn_ring *ring, struct vn_source *source)
{
    ring->ops->receive(ring, source);
}

/* Stop receiving. RECEIVED that were under way may still come: a bounded number of buffers, in
 * order. */
static inline void vn_ring_pause(struct vn_ring *ring, struct vn_source *source)
{
    ring->ops->pause(ring, source);
}

/* Stop receiving, and say QUIET when no RECEIVED can come any more: those that were under way come
 * before it. From then on vn_ring_has_input tells whether any came. Asking to receive again
 * withdraws what was not said yet. */
static inline void vn_ring_quiesce(struct vn_ring *ring, struct vn_source *source)
{
    ring->ops->quiesce(ring, source);
}

/* Whether input waits in the socket; what is under way to its owner is not seen. */
static inline bool vn_ring_has_input(struct vn_ring *ring, const struct vn_source *source)
{
    return ring->ops->has_input(ring, source);
}

/* Send bytes, in order, one call at a time for a source. Returns bytes taken at once, which may be
 * fewer than asked and for which no SENT follows; 0 when SENT will follow; or -errno, and no SENT
 * follows. Never raises SIGPIPE. */
static inline int64_t vn_ring_send(struct vn_ring *ring, struct vn_source *source,
                                   const struct msghdr *message)
{
    assert(source->message == NULL && message->msg_iovlen > 0);
    return ring->ops->send(ring, source, message);
}

/* Send what can be sent at once, while no send is under way. Returns bytes taken, 0 where it has to
 * be a send, or -errno. Nothing follows, and the piece may go. */
static inline int64_t vn_ring_try_send(struct vn_ring *ring, struct vn_source *source,
                                       const struct iovec *piece)
{
    assert(source->message == NULL);
    return ring->ops->try_send == NULL ? 0 : ring->ops->try_send(ring, source, piece);
}

/* Read from a source that is a regular file, one call at a time, and nothing else is asked of it.
 * It never waits for a disk. Returns bytes read at once, which may be fewer than asked, 0 where the
 * file ends; -EINPROGRESS when READ will follow; or another -errno, and no READ follows. */
static inline int64_t vn_ring_read(struct vn_ring *ring, struct vn_source *source,
                                   struct vn_read *read)
{
    assert(read->count > 0);
    return ring->ops->read(ring, source, read);
}

/* One READY when the descriptor has any of the poll(2) events in `mask`. A call while one is
 * watched replaces the mask. A watched source is read and written by its owner: neither receive nor
 * send is asked of it. */
static inline void vn_ring_watch(struct vn_ring *ring, struct vn_source *source, uint32_t mask)
{
    ring->ops->watch(ring, source, mask);
}

/* Give up everything under way, but wait for a read, close the descriptor, then ENDED. A listening
 * source first delivers as ACCEPTED what its accept queue holds, beyond any budget. */
static inline void vn_ring_end(struct vn_ring *ring, struct vn_source *source)
{
    ring->ops->end(ring, source);
}

/* Return the buffer of a RECEIVED whose count was above 0. */
static inline void vn_ring_give(struct vn_ring *ring, uint16_t buffer)
{
    ring->ops->give(ring, buffer);
}

/* Have wait return WOKEN soon. Any thread. Calls that come before it returns are one. */
static inline void vn_ring_wake(struct vn_ring *ring)
{
    ring->ops->wake(ring);
}

/* Hand over everything asked and wait for up to `timeout` nanoseconds (0: do not block;
 * below 0: without end) until there is an event. Returns the number of events, 0 at the timeout, or
 * -errno when the ring itself is broken. */
static inline int32_t vn_ring_wait(struct vn_ring *ring, struct vn_event *events, int32_t capacity,
                                   int64_t timeout)
{
    return ring->ops->wait(ring, events, capacity, timeout);
}

/* Whether the last wait may have left events to the next one. */
static inline bool vn_ring_has_more(const struct vn_ring *ring)
{
    return ring->ops->has_more(ring);
}

#endif
