// SPDX-License-Identifier: MIT
/* vn_date.h - IMF-fixdate (RFC 9110, section 5.6.7) without a C library call. */
#ifndef VN_DATE_H
#define VN_DATE_H

#include <stdint.h>

enum { VN_DATE_SIZE = 29 };

/* Write the 29 bytes of the date `seconds` after 1970 ("Sun, 06 Nov 1994 08:49:37 GMT"), years 1970
 * to 9999. */
void vn_date_write(uint8_t *at, int64_t seconds);

#endif
