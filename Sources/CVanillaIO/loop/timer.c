// SPDX-License-Identifier: MIT
#include "timer.h"

#include "../system/clock.h"

enum { UNIT = 125000 }; /* nanoseconds: the unit of this wheel */

/* nanoseconds: further away than anybody waits, and far from an overflow */
#define NEVER (UINT64_MAX / 4)

_Static_assert(VN_WHEEL_TICK *UNIT == 1000000, "timers are exact to the millisecond");
_Static_assert(sizeof(struct vn_timeout) == sizeof(((vn_timer *) 0)->private), "its memory");

static struct vn_timeout *timeout_of(vn_timer *timer)
{
    return (struct vn_timeout *) (void *) timer->private;
}

/* Out of the wheel, or of the list of those that are due. */
static void take_out(struct vn_timeout *timeout)
{
    if (timeout->link.next != NULL)
        vn_list_remove(&timeout->link);
    timeout->visited = 0;
    timeout->due = 0;
}

void vn_timers_open(struct vn_timers *timers)
{
    vn_wheel_init(&timers->wheel, vn_clock_nanoseconds() / UNIT);
    vn_list_init(&timers->due);
}

void vn_timers_set(struct vn_timers *timers, vn_timer *timer, uint64_t delay)
{
    struct vn_timeout *timeout = timeout_of(timer);
    uint64_t now = vn_clock_nanoseconds();
    uint64_t due = now + (delay < NEVER ? delay : NEVER);
    if (timeout->visited == 0)
        take_out(timeout);
    vn_wheel_catch_up(&timers->wheel, now / UNIT);
    vn_wheel_set(&timers->wheel, timeout, (due + UNIT - 1) / UNIT);
}

void vn_timer_clear(vn_timer *timer)
{
    take_out(timeout_of(timer));
}

uint64_t vn_timers_next(struct vn_timers *timers)
{
    if (vn_wheel_is_empty(&timers->wheel))
        return UINT64_MAX;
    uint64_t next = vn_wheel_next(&timers->wheel);
    return next == UINT64_MAX ? UINT64_MAX : next * UNIT;
}

bool vn_timers_are_due(struct vn_timers *timers)
{
    if (!vn_wheel_is_empty(&timers->wheel))
        vn_wheel_advance(&timers->wheel, vn_clock_nanoseconds() / UNIT, &timers->due);
    return !vn_list_is_empty(&timers->due);
}

bool vn_timers_run(struct vn_timers *timers, uint32_t max)
{
    struct vn_link *due = &timers->due;
    for (uint32_t i = 0; i < max && !vn_list_is_empty(due); i++) {
        struct vn_timeout *timeout = vn_holder(due->next, struct vn_timeout, link);
        vn_timer *timer = (vn_timer *) (void *) timeout;
        vn_list_remove(&timeout->link);
        timer->run(timer->context);
    }
    return !vn_list_is_empty(due);
}

static void empty(struct vn_link *list)
{
    while (!vn_list_is_empty(list))
        take_out(vn_holder(list->next, struct vn_timeout, link));
}

void vn_timers_close(struct vn_timers *timers)
{
    for (int level = 0; level < VN_WHEEL_LEVELS; level++)
        for (int slot = 0; slot < VN_WHEEL_SLOTS; slot++)
            empty(&timers->wheel.slots[level][slot]);
    empty(&timers->due);
}
