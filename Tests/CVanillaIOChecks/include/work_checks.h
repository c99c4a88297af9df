// SPDX-License-Identifier: MIT
/* work_checks.h - tasks, timers, descriptors and calls on a worker. Each check returns NULL, or
 * what is wrong. `backend` is a VN_RING_...; AUTO stands for the ring without a kernel. `over` is a
 * transport. */
#ifndef WORK_CHECKS_H
#define WORK_CHECKS_H

#include <stdint.h>

#include "transports.h"

const char *vn_check_tasks(void);
const char *vn_check_posted_tasks(int backend);
const char *vn_check_timers(int backend);
const char *vn_check_timers_at_random(uint64_t seed);
/* Many timers that are due at once, beside requests. */
const char *vn_check_timer_bursts(void);
const char *vn_check_watches(int backend);
const char *vn_check_watch_at_the_end(int backend);
const char *vn_check_stop_hooks(int backend);
const char *vn_check_refusal(int backend);
const char *vn_check_detached(int over);
const char *vn_check_detached_before_it_begins(int over);
const char *vn_check_detached_deadlines(int over);
/* Requests whose answers come now, later, in parts or never, while clients leave and deadlines
 * pass. */
const char *vn_check_detached_at_random(int over, uint64_t seed);

#endif
