// SPDX-License-Identifier: MIT
/* vn_worker.h - a worker as a place to work: tasks, timers and descriptors on its own thread,
 * beside its connections.
 *
 * Unless said otherwise, a function is called on the worker's thread. The memory of tasks, timers
 * and stop hooks is the caller's; only vn_watch_open allocates. */
#ifndef VN_WORKER_H
#define VN_WORKER_H

#include "vn_response.h"

typedef struct vn_worker vn_worker;

/* The worker whose thread this is, from before vn_handlers.begin to after vn_handlers.end; NULL on
 * other threads. */
vn_worker *vn_worker_current(void);

/* What vn_handlers.begin returned for it. */
void *vn_worker_context(const vn_worker *worker);

/* The worker of a response. */
vn_worker *vn_response_worker(const vn_response *response);

/* ---- Tasks ---- */

/* A call that is to be made once. Zeroed except `run` and `context`. It may be freed, or queued
 * again, from the moment it runs. */
typedef struct vn_task {
    struct vn_task *next; /* the core's own */
    bool is_queued; /* it waits: queueing it again changes nothing */
    void (*run)(void *context);
    void *context;
} vn_task;

/* Run it in this turn of the worker's loop, after its events, in the order of these calls. */
void vn_worker_soon(vn_worker *worker, vn_task *task);

/* Run it at the end of this turn, after what else is to be done in it: the place for what collects
 * the requests of a turn. */
void vn_worker_last(vn_worker *worker, vn_task *task);

/* Run it soon. Any thread, but one task from one thread at a time. Returns 0; or -ECANCELED where
 * the worker has come to its end, and it will not be run. */
int32_t vn_worker_post(vn_worker *worker, vn_task *task);

/* Whether vn_worker_post takes anything now. Any thread. */
bool vn_worker_takes_tasks(vn_worker *worker);

/* ---- Timers ---- */

/* One moment at which a call is made. Zeroed except `run` and `context`. */
typedef struct vn_timer {
    void *private[4]; /* the core's own */
    void (*run)(void *context);
    void *context;
} vn_timer;

/* Call it once, `nanoseconds` from now or up to a millisecond later, and later still where the
 * worker is busy. Setting it again moves it. */
void vn_timer_set(vn_worker *worker, vn_timer *timer, uint64_t nanoseconds);

/* It is not set any more. To be called before its memory is freed. */
void vn_timer_clear(vn_timer *timer);

/* ---- How long something holds the worker ---- */

/* Something begins that is no call of a handler: a job of a task, for example. A few
 * instructions. */
void vn_worker_hold(vn_worker *worker);

/* It is over: where it has held the worker for longer than vn_config.slow_handler, the log says
 * so, without the name of a route; vn_response_note_held says that, too. The next one begins. */
void vn_worker_note_held(vn_worker *worker);

/* ---- Descriptors ---- */

typedef struct vn_watch vn_watch;

/* `events` are those of poll(2) that were found. POLLNVAL: the worker ends, and the watch is
 * gone. */
typedef void vn_ready(void *context, uint32_t events);

/* Watch a descriptor, of which a duplicate is taken: the original stays the caller's. Returns NULL
 * with -EMFILE, -ENOMEM ... in `error`. */
vn_watch *vn_watch_open(vn_worker *worker, int32_t fd, vn_ready *ready, void *context,
                        int32_t *error);

/* Call `ready` once, when the descriptor has any of these events of poll(2), or an error. A call
 * while one is awaited replaces the events. */
void vn_watch_for(vn_watch *watch, uint32_t events);

/* No further call. The watch is gone. */
void vn_watch_close(vn_watch *watch);

/* ---- The end ---- */

/* A call that is made before the worker ends. Zeroed except `run` and `context`. */
typedef struct vn_stop_hook {
    void *private[2]; /* the core's own */
    void (*run)(void *context);
    void *context;
} vn_stop_hook;

/* Have `run` called once, when the worker stops and its last connection and detached exchange have
 * ended: the moment to close watches and clear timers. The hook is removed before the call. Where
 * that moment has passed, `run` is called here. */
void vn_worker_on_stop(vn_worker *worker, vn_stop_hook *hook);

/* Remove a hook; harmless where it was never added or has run. */
void vn_stop_hook_remove(vn_stop_hook *hook);

#endif
