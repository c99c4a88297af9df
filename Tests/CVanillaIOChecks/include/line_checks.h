// SPDX-License-Identifier: MIT
/* line_checks.h - exchanges over a carrier that is not HTTP (line_protocol.h): many of a connection
 * at a time, which end in any order. `over` is a transport. Each check returns NULL, or what went
 * wrong, in memory that stays valid until the next check on the same thread. */
#ifndef VN_LINE_CHECKS_H
#define VN_LINE_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Each answer that a handler can give: whole, shared, streamed, broken, none. */
const char *vn_check_lines_are_answered(int over);
/* The same answers however the bytes are cut, and under random schedules. */
const char *vn_check_lines_cut(int over);
const char *vn_check_lines_at_random(int over, uint64_t seed);
/* The client vanishes after each byte; and while it is answered. */
const char *vn_check_lines_lost(int over);
const char *vn_check_lines_broken(int over, uint64_t seed);
/* Promised answers in another order than their requests, by their handles and from another
 * thread. */
const char *vn_check_lines_out_of_order(int over);
/* No more exchanges are open than may be; further lines wait. */
const char *vn_check_lines_wait(int over);
/* Two bodies that are written in turn. */
const char *vn_check_lines_stream(int over);
/* Handlers that go on after their call: they answer in any order, and each is told when nobody
 * waits. */
const char *vn_check_lines_detached(int over);
const char *vn_check_lines_detached_at_random(int over, uint64_t seed);
/* Streams of events: two topics and an answer on one connection; heartbeats, a slow one, the
 * end. */
const char *vn_check_lines_subscribe(int over);
/* The deadline of one exchange is no other's. */
const char *vn_check_lines_expire(int over);
/* What is in hand is finished when the worker drains. */
const char *vn_check_lines_drain(int over);

#endif
