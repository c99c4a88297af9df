// SPDX-License-Identifier: MIT
/* serve_checks.h - checks of connection, writer and timer wheel without sockets, `over` a transport
 * each. Each returns NULL, or what went wrong, in memory that stays valid until the next check on
 * the same thread. */
#ifndef VN_SERVE_CHECKS_H
#define VN_SERVE_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "transports.h"

/* The wheel against a plain list of deadlines, over random times. */
const char *vn_check_wheel_fires_on_time(uint64_t seed);
/* A deadline that is moved later a thousand times wakes nobody. */
const char *vn_check_wheel_stays_quiet(void);

/* `input` gives the same bytes (but for the Date) under every way to cut and delay it. */
const char *vn_check_cuts(int over, const char *input, size_t count);
const char *vn_check_schedules(int over, const char *input, size_t count, uint64_t first_seed,
                               uint64_t seeds);

/* `input` is answered with `output`, in which "Date: *" stands for any date line, over the rig's
 * usual limits. */
const char *vn_check_answer(int over, const char *input, size_t count, const char *output);

/* The client vanishes: after each number of bytes received, and with each send failing. */
const char *vn_check_lost_clients(int over, const char *input, size_t count);

/* The client breaks off while it is answered, in random schedules. */
const char *vn_check_broken_answers(int over, const char *input, size_t count, uint64_t first_seed,
                                    uint64_t seeds);
/* An event of the batch in which its connection ended touches nothing. */
const char *vn_check_event_after_end(int over);

/* Each limit, at it and one past it: `name` is a member of vn_limits. */
const char *vn_check_limit(int over, const char *name);
/* Each deadline: `name` is a member of vn_deadlines. */
const char *vn_check_deadline(int over, const char *name);

/* A connection with much input does a bounded share of a turn, and then its neighbours come. */
const char *vn_check_shares(int over);
/* Bytes that leave in parts, drawn from a seed; and in turns, beside what others are owed. */
const char *vn_check_parts(uint64_t seed);
const char *vn_check_large_output(int over);
/* A client that sends and does not read: input is held back, memory stays bounded, and all is
 * answered once it reads. */
const char *vn_check_backpressure(int over);
/* A body producer and a body consumer that wait, woken by their handles. */
const char *vn_check_resume(int over);
/* A deferred answer from another thread; its handle is dead afterwards. */
const char *vn_check_deferral(int over);
const char *vn_check_stale_handles(int over);
/* Bytes lent to a response are released exactly once, however it ends. */
const char *vn_check_releases(int over);
const char *vn_check_response_refusals(int over);
const char *vn_check_drain(int over);

#endif
