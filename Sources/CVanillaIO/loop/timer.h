// SPDX-License-Identifier: MIT
/* timer.h - timers of the user's, on a wheel of their own: finer than deadlines are. */
#ifndef VN_LOOP_TIMER_H
#define VN_LOOP_TIMER_H

#include "../include/vn_worker.h"
#include "wheel.h"

/* All timers of a loop. */
struct vn_timers {
    struct vn_wheel wheel;
    struct vn_link due; /* those whose moment has come */
};

void vn_timers_open(struct vn_timers *timers);

/* Those that are set are in no wheel any more. */
void vn_timers_close(struct vn_timers *timers);

/* `delay` is nanoseconds from now. */
void vn_timers_set(struct vn_timers *timers, vn_timer *timer, uint64_t delay);

/* Look which timers have become due. Returns whether there are any. */
bool vn_timers_are_due(struct vn_timers *timers);

/* Run at most `max` of those. Returns whether there are more. */
bool vn_timers_run(struct vn_timers *timers, uint32_t max);

/* When the next is due: nanoseconds of the monotonic clock; UINT64_MAX: no timer is set. */
uint64_t vn_timers_next(struct vn_timers *timers);

#endif
