// SPDX-License-Identifier: MIT
/* timer.c - timers of the user's, finer than deadlines are. */
#include "timeout.h"
#include "worker.h"

/* nanoseconds: further away than anybody waits, and far from an overflow */
#define NEVER (UINT64_MAX / 4)

_Static_assert(VN_WHEEL_TICK *VN_TIMER_UNIT == 1000000, "timers are exact to the millisecond");
_Static_assert(sizeof(struct vn_timeout) == sizeof(((vn_timer *) 0)->private), "its memory");

static struct vn_timeout *timeout_of(vn_timer *timer)
{
    return (struct vn_timeout *) (void *) timer->private;
}

/* Out of the wheel, or of the list of those whose turn it is. */
static void take_out(struct vn_timeout *timeout)
{
    if (timeout->link.next != NULL)
        vn_list_remove(&timeout->link);
    timeout->visited = 0;
    timeout->due = 0;
}

void vn_timer_set(vn_worker *worker, vn_timer *timer, uint64_t nanoseconds)
{
    struct vn_timeout *timeout = timeout_of(timer);
    uint64_t now = vn_clock_nanoseconds();
    uint64_t due = now + (nanoseconds < NEVER ? nanoseconds : NEVER);
    if (timeout->visited == 0)
        take_out(timeout);
    vn_wheel_catch_up(&worker->timers, now / VN_TIMER_UNIT);
    vn_wheel_set(&worker->timers, timeout, (due + VN_TIMER_UNIT - 1) / VN_TIMER_UNIT);
}

void vn_timer_clear(vn_timer *timer)
{
    take_out(timeout_of(timer));
}

uint64_t vn_worker_next_timer(struct vn_worker *worker)
{
    if (vn_wheel_is_empty(&worker->timers))
        return UINT64_MAX;
    uint64_t next = vn_wheel_next(&worker->timers);
    return next == UINT64_MAX ? UINT64_MAX : next * VN_TIMER_UNIT;
}

bool vn_timers_are_due(struct vn_worker *worker)
{
    if (!vn_wheel_is_empty(&worker->timers))
        vn_wheel_advance(&worker->timers, vn_clock_nanoseconds() / VN_TIMER_UNIT, &worker->due);
    return !vn_list_is_empty(&worker->due);
}

bool vn_timers_run(struct vn_worker *worker, uint32_t most)
{
    struct vn_link *due = &worker->due;
    for (uint32_t i = 0; i < most && !vn_list_is_empty(due); i++) {
        struct vn_timeout *timeout = vn_holder(due->next, struct vn_timeout, link);
        vn_timer *timer = (vn_timer *) (void *) timeout;
        vn_list_remove(&timeout->link);
        timer->run(timer->context);
    }
    return !vn_list_is_empty(due);
}

static void forget(struct vn_link *list)
{
    while (!vn_list_is_empty(list))
        take_out(vn_holder(list->next, struct vn_timeout, link));
}

void vn_timers_forget(struct vn_worker *worker)
{
    for (int level = 0; level < VN_WHEEL_LEVELS; level++)
        for (int slot = 0; slot < VN_WHEEL_SLOTS; slot++)
            forget(&worker->timers.slots[level][slot]);
    forget(&worker->due);
}
