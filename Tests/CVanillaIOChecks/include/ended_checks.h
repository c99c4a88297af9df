// SPDX-License-Identifier: MIT
/* ended_checks.h - checks of what hooks are told of exchanges, and of the log line about handlers
 * that hold their worker. Each returns NULL, or what went wrong. */
#ifndef VN_ENDED_CHECKS_H
#define VN_ENDED_CHECKS_H

#include "transports.h"

/* Rows of conversations. */
extern const int vn_ended_conversations;

/* What the hook is told of row `row`, however its bytes come and go. */
const char *vn_check_ended(int over, int row);
/* How long exchanges took, by the clock that the worker has. */
const char *vn_check_ended_clock(int over);
/* A client that leaves in the midst of an answer that was written long before. */
const char *vn_check_ended_unsent(int over);
/* Answers of which nothing was taken when the server stops at once. */
const char *vn_check_ended_by_stop(int over);
/* What went before it with "100 Continue" is not of the answer. */
const char *vn_check_ended_after_continue(int over);
/* The hook for refusals adds fields and a body, and can do nothing that takes longer. */
const char *vn_check_refusal_hook(int over);
/* Handlers that hold their worker are named, in a line a second. */
const char *vn_check_held(int over);

#endif
