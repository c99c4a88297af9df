// SPDX-License-Identifier: MIT
/* vn_date.h - dates (RFC 9110, section 5.6.7) without a C library call: IMF-fixdate to write, and
 * all three forms to read. */
#ifndef VN_DATE_H
#define VN_DATE_H

#include "vn_request.h"

enum { VN_DATE_SIZE = 29 };

#define VN_DATE_LAST 253402300799 /* the last second of 9999 */

/* Write the 29 bytes of the date `seconds` after 1970 ("Sun, 06 Nov 1994 08:49:37 GMT"), years 1970
 * to 9999. */
void vn_date_write(uint8_t *at, int64_t seconds);

/* Read a whole text as a date: IMF-fixdate, or the obsolete forms of RFC 850 and asctime, exactly
 * as written there, with the right day of the week. 23:59:60 is the first second of the next day.
 * Years are 0000 to 9999; one of two digits is the latest such year that is not more than 50 years
 * ahead of `now` (seconds since 1970, in 1970 to 9999). Returns false, and leaves `seconds` (since
 * 1970, negative before), where it is not a date. */
bool vn_date_parse(vn_span text, int64_t now, int64_t *seconds);

#endif
