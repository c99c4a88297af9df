// SPDX-License-Identifier: MIT
/* standard_error.h - lines for standard error, written by a thread of their own, so that one who
 * reads them slowly, or not at all, holds up nobody else.
 *
 * What waits is bounded. Lines that find no room are dropped and counted, and the count is written
 * when there is room. Of equal lines within a while only the first few are written, and after it
 * how many there were. What waits when the process exits is written first, within a moment. */
#ifndef VN_SYSTEM_STANDARD_ERROR_H
#define VN_SYSTEM_STANDARD_ERROR_H

#include <stddef.h>

enum {
    VN_LOG_LINE_MAX = 4096, /* with its line end: a pipe takes as much in one piece */
    VN_LOG_QUEUE_MAX = 64 * 1024, /* bytes that wait, beside those that are being written */
    VN_LOG_EQUAL_MAX = 8, /* equal lines within */
    VN_LOG_EQUAL_TIME = 10000, /* milliseconds */
};

/* One line, to which its end is added; a longer one is cut. Any thread; it never waits for the
 * reader. */
void vn_standard_error_write(const char *line, size_t count);

/* Wait for what was written to be read, for a moment at most: the process is about to end. */
void vn_standard_error_flush(void);

#endif
