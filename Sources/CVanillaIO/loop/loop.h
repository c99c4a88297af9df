// SPDX-License-Identifier: MIT
/* loop.h - one thread's loop: it waits for events, gives each to its source, has sources go on that
 * need no event, runs tasks and timers, and ends. It knows no connection and no HTTP. */
#ifndef VN_LOOP_LOOP_H
#define VN_LOOP_LOOP_H

#include "../base/slab.h"
#include "../include/vn_worker.h"
#include "budget.h"
#include "kind.h"
#include "mailbox.h"
#include "task.h"
#include "timer.h"

enum { VN_EVENTS_MAX = 512 }; /* events taken up in one turn */

struct vn_loop {
    struct vn_ring *ring;
    uint64_t now; /* milliseconds of the loop's own time, monotonic; once a turn */
    uint64_t lost; /* milliseconds that this is behind the clock: vn_loop_clock */
    int64_t second; /* since 1970, by the wall clock; once a turn */
    uint64_t turn; /* its number */
    struct vn_budget budget;
    struct vn_slab sources; /* all that the ring knows */
    struct vn_link ready; /* entries that go on in the next turn without an event */
    struct vn_link resumed; /* those for which a task of this turn did something */
    struct vn_wheel wheel; /* of their deadlines */
    struct vn_tasks soon; /* to be run in this turn */
    struct vn_tasks last; /* the same, at its end */
    struct vn_timers timers;
    struct vn_link stop_hooks;
    uint32_t run; /* counts the times that it was opened */
    bool is_draining;
    uint64_t stop_due; /* milliseconds: what the mailbox said with the tasks taken last */
    uint64_t drain_begun; /* milliseconds of the loop's own time, once it is draining */
    uint64_t drain_due; /* the same: when the time for that is over */
    bool is_closed; /* the stop hooks have run; what is added now runs at once */
    bool is_late; /* this turn began long after it was to */
    uint8_t put_off_count; /* turns in a row that put deadlines off */
    uint32_t watch_count; /* descriptors that are watched, those included that have not ended */
    uint32_t watch_limit;
    uint32_t file_count; /* files that are read, those included that have not ended */
    uint32_t file_limit;
    uint64_t random;
    struct vn_mailbox mailbox;
    struct vn_event events[VN_EVENTS_MAX];
};

/* What vn_clock() says, once a turn. The loop's own time stands still while the loop is late: time
 * in which it did not look at anybody is nobody's delay, and no deadline passes in it. */
static inline uint64_t vn_loop_clock(const struct vn_loop *loop)
{
    return loop->now + loop->lost;
}

/* A worker begins with its loop (serve/worker.h), so that a worker is all that users name. */
static inline struct vn_loop *vn_loop_of(const vn_worker *worker)
{
    return (struct vn_loop *) (uintptr_t) worker;
}

/* Memory that lives longer than one run. Zeroed before. Returns 0 or -errno. */
int32_t vn_loop_init(struct vn_loop *loop);
void vn_loop_deinit(struct vn_loop *loop);

/* The calling thread becomes the loop's: what vn_worker_current says. Returns what it said before,
 * to be put back. Tasks are taken from here on until vn_loop_close. */
struct vn_loop *vn_loop_enter(struct vn_loop *loop);
void vn_loop_leave(struct vn_loop *loop, struct vn_loop *before);

/* Open slab and ring on the calling thread, which runs the loop from here to vn_loop_close.
 * `slot_size` is that of the largest source, `slots` their number. Returns 0 or -errno. */
int32_t vn_loop_open(struct vn_loop *loop, vn_ring_opener *open_ring, size_t slot_size,
                     uint32_t slots);

/* Run the stop hooks, and see every source end. */
void vn_loop_end_sources(struct vn_loop *loop);

/* Run what was posted, and refuse what comes. All that a loop needs that could not be opened. */
void vn_loop_end_tasks(struct vn_loop *loop);

/* The same, and close the ring. No source is left. */
void vn_loop_close(struct vn_loop *loop);

/* Forget what was queued after vn_loop_close: its owners have gone. */
void vn_loop_forget_tasks(struct vn_loop *loop);

/* One turn: wait for up to `max` milliseconds (UINT64_MAX: without end), then do all there is to
 * do. Returns 0, or -errno when the ring is broken. */
int32_t vn_loop_turn(struct vn_loop *loop, uint64_t max);

/* Turn until it was stopped and nothing but watches is left. Returns as vn_loop_turn. */
int32_t vn_loop_run(struct vn_loop *loop);

/* A zeroed slot with a source in it that the ring has taken up, or NULL when all are taken. The
 * descriptor is the ring's then. */
struct vn_source *vn_loop_add(struct vn_loop *loop, const struct vn_kind *kind, int32_t fd);

/* The same without a descriptor, so that the ring knows nothing of it, and only `drain` is called.
 */
struct vn_source *vn_loop_add_idle(struct vn_loop *loop, const struct vn_kind *kind);

/* Give back the slot of a source that has ended. */
void vn_loop_remove(struct vn_loop *loop, struct vn_source *source);

/* Have it go on in this turn or the next. */
static inline void vn_loop_wake(struct vn_loop *loop, struct vn_entry *entry)
{
    if (!vn_list_is_empty(&entry->ready))
        return;
    entry->source.queued_at = (uint32_t) loop->turn;
    vn_list_append(&loop->ready, &entry->ready);
}

/* Have it go on as soon as the task that runs now has ended, or the turn's events. */
static inline void vn_loop_resume(struct vn_loop *loop, struct vn_entry *entry)
{
    vn_list_remove(&entry->ready);
    vn_list_append(&loop->resumed, &entry->ready);
}

/* A number below `below`, at random. */
uint64_t vn_loop_draw(struct vn_loop *loop, uint64_t below);

#endif
