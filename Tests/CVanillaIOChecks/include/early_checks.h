// SPDX-License-Identifier: MIT
/* early_checks.h - checks of answers that are given before the whole of their request has come.
 * Each returns NULL, or what went wrong. */
#ifndef VN_EARLY_CHECKS_H
#define VN_EARLY_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Rows of requests that are answered early, each tried in several ways to send. */
extern const int vn_early_answers;

/* Row `row`: what leaves before the rest of the request, and what afterwards. */
const char *vn_check_early_answer(int over, int row);
/* An answer that is deferred, and given before the rest has come. */
const char *vn_check_early_deferral(int over);
/* A body that does not come: its answer says that the connection closes. */
const char *vn_check_early_answer_without_end(int over);

#endif
