// SPDX-License-Identifier: MIT
/* clock.h - the time: a monotonic clock to measure with, and the wall clock for dates. */
#ifndef VN_SYSTEM_CLOCK_H
#define VN_SYSTEM_CLOCK_H

#include <time.h>

#include "../base/base.h"

#if defined(CLOCK_REALTIME_COARSE)
#define VN_CLOCK_WALL CLOCK_REALTIME_COARSE /* no more than a load */
#else
#define VN_CLOCK_WALL CLOCK_REALTIME
#endif

/* Nanoseconds of the monotonic clock. */
static inline uint64_t vn_clock_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

/* Milliseconds of the monotonic clock. */
static inline uint64_t vn_clock(void)
{
    return vn_clock_nanoseconds() / 1000000;
}

/* Seconds since 1970, by the wall clock. */
static inline int64_t vn_clock_second(void)
{
    struct timespec now;
    clock_gettime(VN_CLOCK_WALL, &now);
    return now.tv_sec;
}

/* For the calls that wait. */
static inline struct timespec vn_duration(int64_t nanoseconds)
{
    return (struct timespec) {.tv_sec = nanoseconds / 1000000000,
                              .tv_nsec = nanoseconds % 1000000000};
}

#endif
