// SPDX-License-Identifier: MIT
/* worker.h - one thread with a ring, its connections, its clock and its mailbox. Nothing here is
 * shared on the way of a request. */
#ifndef VN_SERVE_WORKER_H
#define VN_SERVE_WORKER_H

#include <pthread.h>

#include "../base/base.h"
#include "../base/list.h"
#include "../base/slab.h"
#include "../base/spare.h"
#include "../include/vn_date.h"
#include "../include/vn_server.h"
#include "../include/vn_worker.h"
#include "../ring/ring.h"
#include "output.h"
#include "task.h"
#include "timeout.h"

enum vn_owner { VN_OWNER_LISTENER = 1, VN_OWNER_CONNECTION, VN_OWNER_WATCH };

enum {
    VN_EVENTS_MAX = 512, /* events taken up in one turn */
    VN_STATUS_LINE_ROOM = 64, /* a status line; that of a 200 and its Date line */
    VN_WATCHES_MOST = 65536, /* descriptors that are watched on one worker */
    VN_WATCHES_OFFLINE = 64, /* the same without a started server */
    VN_TIMER_UNIT = 125000, /* nanoseconds: the unit of the wheel that the user's timers are in */
};

enum vn_timeout_kind {
    VN_TIMEOUT_HEAD,
    VN_TIMEOUT_BODY,
    VN_TIMEOUT_IDLE,
    VN_TIMEOUT_WRITE,
    VN_TIMEOUT_HANDLER,
    VN_TIMEOUT_LINGER,
    VN_TIMEOUT_KINDS,
    /* These are no loss of patience: a stream of events shows that it lives, or says farewell. */
    VN_TIMEOUT_HEARTBEAT,
    VN_TIMEOUT_FAREWELL,
    VN_TIMEOUT_GONE, /* nor is this: a client that ended its output is taken to be gone */
};

/* A call that waits for the worker. */
struct vn_letter {
    struct vn_letter *next;
    vn_later *later;
    void *context;
    vn_handle handle;
};

/* The only part of a worker that other threads touch, besides its statistics. */
struct vn_mailbox {
    pthread_mutex_t lock;
    struct vn_letter *first;
    struct vn_letter **last;
    struct vn_ring *ring; /* to wake; NULL while the worker does not run */
    struct vn_tasks tasks; /* posted from other threads */
    bool takes_tasks;
    uint64_t stop_due; /* milliseconds, monotonic: UINT64_MAX until it is asked to stop */
};

/* Counters with one writer; others read them at any time. On cache lines of their own. */
struct vn_counters {
    _Alignas(128) vn_statistics counted;
};

static inline void vn_count_more(uint64_t *counter, uint64_t by)
{
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

struct vn_listening {
    struct vn_source source;
    struct vn_timeout retry; /* after descriptors ran out */
    uint32_t budget; /* connections that the ring may still accept */
};

struct vn_worker {
    struct vn_counters counters;
    struct vn_ring *ring;
    const vn_config *config;
    void *context; /* of the handlers */
    uint64_t now; /* milliseconds, monotonic; once a turn */
    uint64_t turn; /* its number */
    uint64_t late_at; /* nanoseconds: when this turn has lasted long enough */
    uint64_t turn_began; /* nanoseconds */
    uint64_t sending; /* bytes that it asked the ring to send, about */
    bool is_late; /* it has: shares of it are smaller */
    bool was_busy; /* the turn before had events, and left who was ready to this one */
    uint64_t calm; /* nanoseconds of a turn without events; more with each in a row */
    uint64_t owed; /* nanoseconds of events and tasks, which those get next who go on without */
    struct vn_writer writer;
    struct vn_spares spares;

    int64_t date_second;
    uint8_t date[VN_DATE_SIZE];
    uint8_t prefix[VN_STATUS_LINE_ROOM]; /* status line of a 200 and its Date line */
    uint32_t prefix_count;

    uint32_t exchanges; /* the number of the last one: names an exchange in a handle */
    bool is_draining;
    struct vn_wheel wheel;
    struct vn_link connections;
    struct vn_link ready; /* connections that go on in the next turn without an event */
    struct vn_slab sources;

    struct vn_listening *listening; /* NULL: none */
    uint32_t connection_count;
    uint32_t connection_limit;
    uint64_t refusals_logged; /* when that was, for one line a minute */

    struct vn_tasks soon; /* to be run in this turn */
    struct vn_tasks last; /* the same, at its end */
    struct vn_wheel timers; /* of the user's */
    struct vn_link due; /* those whose moment has come */
    struct vn_link answered; /* connections whose calls did something for them in this turn */
    struct vn_link calls; /* that go on */
    struct vn_link guests;
    bool is_deserted; /* they have left, and those that come find that it is over */
    struct vn_link watches;
    uint32_t watch_count; /* those that are closed and have not ended included */
    uint32_t watch_limit;
    uint64_t patience_for_calls; /* when a stopping worker waits for them no longer; 0: not yet */

    struct vn_desk *desks; /* one for each hub that somebody subscribed to here */
    uint64_t random;
    struct vn_mailbox mailbox;
    vn_request request; /* scratch of the head that is scanned */
    struct vn_event events[VN_EVENTS_MAX];
};

/* Prepare everything but the ring: memory that lives from vn_server_open to vn_server_close. */
int32_t vn_worker_init(struct vn_worker *worker, const vn_config *config);
void vn_worker_deinit(struct vn_worker *worker);

/* Open slab and ring on the calling thread, which runs the worker from here to vn_worker_close.
 * `listener` is a listening descriptor, taken over also on failure, or -1. Returns 0 or -errno. */
int32_t vn_worker_open(struct vn_worker *worker, enum vn_ring_kind kind, int32_t listener,
                       uint32_t connection_limit);

typedef int32_t vn_ring_opener(struct vn_ring **ring, struct vn_slab *slab);

/* The same over another ring and without a listener. */
int32_t vn_worker_open_over(struct vn_worker *worker, vn_ring_opener *open_ring,
                            uint32_t connection_limit, uint32_t watch_limit);
void vn_worker_close(struct vn_worker *worker);

/* What was queued after vn_worker_close is of an owner that has gone. */
void vn_worker_forget_tasks(struct vn_worker *worker);

/* One turn: wait for up to `most` milliseconds (UINT64_MAX: for ever), then do all there is to do.
 * Returns 0, or -errno when the ring is broken. */
int32_t vn_worker_turn(struct vn_worker *worker, uint64_t most);

/* Turn until it was stopped and nothing is left. */
void vn_worker_run(struct vn_worker *worker);

/* Ask it to stop by `due` (monotonic milliseconds). Any thread. */
void vn_worker_stop(struct vn_worker *worker, uint64_t due);

/* See whether the turn has become a late one. */
void vn_worker_look_at_clock(struct vn_worker *worker);

/* As many bytes make a turn late, too: the ring may copy them only when the turn is over. */
static inline void vn_worker_count_sending(struct vn_worker *worker, uint64_t count)
{
    worker->sending += vn_smaller(count, VN_OUTPUT_SEND_MOST);
    if (vn_unlikely(worker->sending >= VN_OUTPUT_SEND_MOST))
        worker->is_late = true;
}

/* The calling thread becomes that of the worker: what vn_worker_current says. Returns what it said
 * before, to be put back. Tasks are taken from here on until vn_worker_close. */
struct vn_worker *vn_worker_enter(struct vn_worker *worker);
void vn_worker_leave(struct vn_worker *worker, struct vn_worker *before);

/* Look which timers have become due. Returns whether there are any. */
bool vn_timers_are_due(struct vn_worker *worker);

/* Run at most so many of those. Returns whether there are more. */
bool vn_timers_run(struct vn_worker *worker, uint32_t most);

/* The worker ends: those that are set are in no wheel any more. */
void vn_timers_forget(struct vn_worker *worker);

/* When that is next: nanoseconds of the monotonic clock; UINT64_MAX: no timer is set. */
uint64_t vn_worker_next_timer(struct vn_worker *worker);

/* Have it look at its mailbox and its desks. Any thread. */
void vn_worker_wake(struct vn_worker *worker);

/* When it has to be done, if it was asked to stop. */
uint64_t vn_worker_stop_due(struct vn_worker *worker);

/* A number below `below`, at random. */
uint64_t vn_worker_draw(struct vn_worker *worker, uint64_t below);

/* A connection came to its end: its place is free. */
void vn_worker_left(struct vn_worker *worker);

/* The monotonic clock, in milliseconds and in nanoseconds. */
uint64_t vn_clock(void);
uint64_t vn_clock_nanoseconds(void);

void vn_log(const vn_config *config, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
