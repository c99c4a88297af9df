// SPDX-License-Identifier: MIT
/* ticks.h - a counter of the processor that grows steadily: a few instructions, where a look at the
 * clock is some sixty. How long a tick is, is found out by comparing both. */
#ifndef VN_SYSTEM_TICKS_H
#define VN_SYSTEM_TICKS_H

#include "clock.h"

#if defined(__x86_64__)

static inline uint64_t vn_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

/* How many a millisecond has, or fewer: no processor of 64 bits counts slower than 0.5 GHz. */
static inline uint64_t vn_ticks_in_millisecond(void)
{
    return 500000;
}

#elif defined(__aarch64__)

static inline uint64_t vn_ticks(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

static inline uint64_t vn_ticks_in_millisecond(void)
{
    uint64_t frequency;
    __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency / 1000;
}

#else

static inline uint64_t vn_ticks(void)
{
    return vn_clock_nanoseconds();
}

static inline uint64_t vn_ticks_in_millisecond(void)
{
    return 1000000;
}

#endif

#endif
