// SPDX-License-Identifier: MIT
/* http2_checks.h - HTTP/2 over the ring without a kernel. `over` is a transport. Each check returns
 * NULL, or what went wrong, in memory that stays valid until the next check on the same thread. */
#ifndef VN_HTTP2_CHECKS_H
#define VN_HTTP2_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Each answer that a handler can give, and each kind of request, on one connection. */
const char *vn_check_http2_answers(int over);
/* The same answers however the bytes are cut, and under random schedules. */
const char *vn_check_http2_cuts(int over);
const char *vn_check_http2_at_random(int over, uint64_t seed);
/* The client vanishes after each byte; and while it is answered. */
const char *vn_check_http2_lost(int over);
const char *vn_check_http2_broken(int over, uint64_t seed);
/* Content waits for windows, of its stream and of the connection, and heads do not; windows are
 * opened as bodies are taken. */
const char *vn_check_http2_windows(int over);
/* A consumer that pauses, a producer that waits and a promise, by their handles, beside others. */
const char *vn_check_http2_resumes(int over);
/* The deadline of one stream is no other's; a frame that stays half sent ends the connection. */
const char *vn_check_http2_deadlines(int over);
/* A server that stops says so twice, and finishes what is in hand. */
const char *vn_check_http2_drains(int over);
/* Each bound, at it and beyond. */
const char *vn_check_http2_bounds(int over);
/* A client of HTTP/1 and one of HTTP/2 by the same listener, however the first bytes are cut. */
const char *vn_check_preface(int over);
/* Bytes that are drawn from a seed, and frames that are damaged: nothing is left behind. */
const char *vn_check_http2_damaged(uint64_t seed);

#endif
