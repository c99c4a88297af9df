// SPDX-License-Identifier: MIT
/* worker.h - what one thread that serves has besides its loop: its configuration, its counters, its
 * memory for answers, and the time as a head has it. Nothing here is shared on the way of a
 * request. */
#ifndef VN_SERVE_WORKER_H
#define VN_SERVE_WORKER_H

#include <stdatomic.h>

#include "../base/freelist.h"
#include "../http/head.h"
#include "../include/vn_server.h"
#include "../loop/file_chunk.h"
#include "../loop/loop.h"
#include "../loop/trim.h"
#include "../loop/unread.h"

/* Counters have one writer; others read them at any time. */
static inline void vn_count_more(uint64_t *counter, uint64_t by)
{
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

/* On a line of the cache of its own. */
struct vn_listener_counters {
    _Alignas(VN_CACHE_LINE) vn_listener_statistics counted;
};

/* Places for connections that the workers of a server share, as far as no worker has taken them. */
struct vn_places {
    _Atomic uint32_t left;
    uint32_t workers;
};

/* What the workers of a server know of handlers that held one of them for long: held.h. */
struct vn_held {
    _Atomic uint64_t due; /* milliseconds of the workers' clock: when there may be a line again */
    _Atomic uint64_t untold; /* since the last line */
};

/* What the workers of a server say once. */
struct vn_said {
    _Atomic uint32_t client_hellos; /* a bit for each listener that one came to */
};

struct vn_worker {
    struct vn_loop loop; /* first: vn_loop_of */
    const vn_config *config;
    void *context; /* of the handlers */
    bool redirects; /* some listener does, and does nothing else */
    bool observes; /* a hook is told of the end of exchanges, or of refusals */
    uint64_t (*clock)(void); /* nanoseconds, for what hooks are told */
    struct vn_held *held; /* its own, or that of its server */
    struct vn_held own_held;
    struct vn_said *said; /* the same */
    struct vn_said own_said;
    struct vn_writer writer;
    struct vn_freelist freelist; /* of what lives as long as an exchange */

    int64_t date_second;
    uint8_t date[VN_DATE_SIZE];
    uint8_t prefix[VN_STATUS_LINE_ROOM]; /* status line of a 200 and its Date line */
    uint32_t prefix_count;

    uint32_t connection_count;
    uint32_t connection_limit; /* slots */
    uint32_t places_granted; /* the connections that it may have: as many as slots, or fewer */
    struct vn_handover
        *handover; /* how connections are dealt out; NULL: it has its own acceptors */
    struct vn_places *places; /* where more come from, beyond the first; NULL: nowhere */
    uint32_t acceptor_count; /* opened in this run */
    struct vn_link acceptors;
    struct vn_link waiting_acceptors; /* entries that go on when a connection has ended */
    struct vn_link detached; /* exchanges that go on after their handler's call */
    bool has_awaited; /* those of the end */
    struct vn_trim trim; /* of memory that a load took */
    struct vn_unread unread; /* output that clients have not taken */
    struct vn_file_chunks file_chunks;
    void *hub_shards; /* of events/: one for each hub that has subscribers here */
    uint8_t *http2_room; /* for the head that HTTP/2 decodes; NULL: none was yet */

    /* Its totals of what listeners count stay 0. */
    _Alignas(2 * VN_CACHE_LINE) vn_statistics counted;
    struct vn_listener_counters listeners[VN_LISTENERS_MAX];
    vn_request request; /* scratch of the head that is scanned */
};

_Static_assert(offsetof(struct vn_worker, loop) == 0, "vn_loop_of");

/* Memory that lives from vn_server_open to vn_server_close. Returns 0 or -errno. */
int32_t vn_worker_init(struct vn_worker *worker, const vn_config *config);
void vn_worker_deinit(struct vn_worker *worker);

/* Open the loop on the calling thread, with slots of `slot_size` bytes: one for each connection up
 * to the limit, for each watch and for each file, and `beyond` more. Returns 0 or -errno. */
int32_t vn_worker_open(struct vn_worker *worker, vn_ring_opener *open_ring, size_t slot_size,
                       uint32_t connection_limit, uint32_t watch_limit, uint32_t file_limit,
                       uint32_t beyond);

/* The loop has run. Handlers that have not returned, whose clients are gone, get some time for
 * it. */
void vn_worker_await_handlers(struct vn_worker *worker);

/* The same, where it was not done, and then everything ends. */
void vn_worker_close(struct vn_worker *worker);

/* Turn until it was stopped and nothing but watches is left. */
void vn_worker_run(struct vn_worker *worker);

/* The server stops: how long clients may still ask on idle connections, in milliseconds. */
static inline uint64_t vn_worker_lame_duck(const struct vn_worker *worker)
{
    const struct vn_loop *loop = &worker->loop;
    uint64_t span = loop->drain_due > loop->drain_begun ? loop->drain_due - loop->drain_begun : 0;
    return vn_smaller(worker->config->lame_duck, span / 2);
}

/* Take more places of those that the server has. One worker may use them all in the end, since
 * others have few ready. */
void vn_worker_take_places(struct vn_worker *worker);

/* A place for a connection is free: acceptors that wait for one go on. */
void vn_worker_lose_connection(struct vn_worker *worker);

/* Write the date of this second, and how a 200's head begins with it. */
void vn_worker_write_date(struct vn_worker *worker);

/* The date as it is now. */
static inline void vn_worker_update_date(struct vn_worker *worker)
{
    if (vn_unlikely(worker->loop.second != worker->date_second))
        vn_worker_write_date(worker);
}

static inline void vn_worker_count_response(struct vn_worker *worker, uint16_t status)
{
    vn_statistics *counted = &worker->counted;
    if (vn_likely(status >= 200 && status < 300))
        vn_count_more(&counted->responses_successful, 1);
    else if (status < 200)
        vn_count_more(&counted->responses_informational, 1);
    else if (status < 400)
        vn_count_more(&counted->responses_redirection, 1);
    else if (status < 500)
        vn_count_more(&counted->responses_client_error, 1);
    else if (status < 600)
        vn_count_more(&counted->responses_server_error, 1);
    else
        vn_count_more(&counted->responses_other, 1);
}

#endif
