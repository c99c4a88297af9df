// SPDX-License-Identifier: MIT
/* lateness_checks.h - checks of deadlines where it is not the client that is late: its bytes lie
 * unread, or the worker did not run. Each returns NULL, or what went wrong. */
#ifndef VN_LATENESS_CHECKS_H
#define VN_LATENESS_CHECKS_H

#include <stdint.h>

#include "transports.h"

/* Rows of requests whose rest was there in time. */
extern const int vn_unread_requests;

/* The rest of row `row` lies unread when its deadline passes: it is read, and answered. */
const char *vn_check_unread_in_time(int over, int row);
/* A client that always has a little unread is late all the same. */
const char *vn_check_dripping_is_late(int over);
/* A deadline that passes while the worker does not run is put off. */
const char *vn_check_late_worker(int over);
/* The end of a stop keeps to the clock, however late the worker is. */
const char *vn_check_late_stop(int over);

#endif
