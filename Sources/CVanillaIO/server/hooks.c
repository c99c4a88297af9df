// SPDX-License-Identifier: MIT
#include "hooks.h"

#include <errno.h>

#include "../serve/log.h"

enum {
    /* Milliseconds that the hooks of a stop have, even where the time for that is over: what they
     * close is others' data, and a stop at once cuts clients off, which can ask again. */
    STOP_LEAST = 2000,
    RETURN_GRACE = 1000, /* milliseconds more to return, for those that were cancelled */
};

bool vn_hooks_exist(const vn_config *config)
{
    const vn_handlers *handlers = &config->handlers;
    return handlers->has_hooks != NULL && handlers->has_hooks(handlers->context);
}

static uint64_t later(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

/* When they are cancelled, in the loop's own time, as things stand: a start has all the time that
 * it wants, until it is to stop. Those that undo a failed start have that of a stop by signal. */
static uint64_t cancelled_at(const struct vn_worker *worker, bool is_stop, uint64_t begun)
{
    const struct vn_loop *loop = &worker->loop;
    if (!is_stop)
        return loop->is_draining ? loop->now : UINT64_MAX;
    return later(loop->is_draining ? loop->drain_due : begun + worker->config->drain,
                 begun + STOP_LEAST);
}

/* The hooks were cancelled at `moment`, and have not returned. A start undoes what it has begun in
 * the time of the stop that ends it. */
static int32_t await_return(struct vn_worker *worker, bool is_stop, uint64_t moment)
{
    const vn_handlers *handlers = &worker->config->handlers;
    struct vn_loop *loop = &worker->loop;
    int32_t state;
    while ((state = handlers->hooks_state(worker->context)) == 0) {
        uint64_t due = later(moment + RETURN_GRACE, is_stop ? 0 : loop->drain_due);
        if (loop->now >= due) {
            vn_log(worker->config, VN_LOG_WARNING,
                   "the server goes on before hooks of its %s have returned that were told to",
                   is_stop ? "stop" : "start");
            return -ETIMEDOUT;
        }
        if (vn_loop_turn(loop, due - loop->now) < 0)
            return -EIO;
    }
    return state;
}

/* Returns what vn_handlers.hooks_state says at last, or -errno. */
static int32_t run(struct vn_worker *worker, bool is_stop)
{
    const vn_handlers *handlers = &worker->config->handlers;
    struct vn_loop *loop = &worker->loop;
    uint64_t begun = loop->now;
    int32_t state;
    handlers->begin_hooks(worker->context, is_stop);
    while ((state = handlers->hooks_state(worker->context)) == 0) {
        uint64_t due = cancelled_at(worker, is_stop, begun);
        if (loop->now >= due) {
            handlers->cancel_hooks(worker->context);
            return await_return(worker, is_stop, loop->now);
        }
        if (vn_loop_turn(loop, due == UINT64_MAX ? due : due - loop->now) < 0)
            return -EIO;
    }
    return state;
}

int32_t vn_hooks_start(struct vn_worker *worker)
{
    int32_t state = run(worker, false);
    bool is_stopped = worker->loop.is_draining;
    if (state > 0 && !is_stopped)
        return 0;
    vn_hooks_stop(worker);
    return is_stopped ? -EINTR : -ECANCELED;
}

void vn_hooks_stop(struct vn_worker *worker)
{
    run(worker, true);
}
