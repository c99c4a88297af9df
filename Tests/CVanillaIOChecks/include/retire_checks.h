// SPDX-License-Identifier: MIT
/* retire_checks.h - checks of how idle connections end, over the loopback ring. `over` is an
 * OVER_... Each returns NULL, or what went wrong, in memory that stays valid until the next check
 * on the same thread. */
#ifndef VN_RETIRE_CHECKS_H
#define VN_RETIRE_CHECKS_H

/* At the idle deadline: a request that comes while the connection is being ended is answered, and
 * the connection stays; without one it ends without a word, and is counted. */
const char *vn_check_retires_at_the_idle_deadline(int over);

/* The same at the end of the grace of a stop, where the answer says that the connection closes. */
const char *vn_check_retires_when_the_server_stops(int over);

/* A request in the grace of a stop is answered so, on a connection that was used and on a new
 * one. */
const char *vn_check_answers_in_the_grace(int over);

#endif
