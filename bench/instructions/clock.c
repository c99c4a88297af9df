// SPDX-License-Identifier: MIT
/* clock.c - a clock that counts how often it is looked at, preloaded into a program whose
 * instructions are counted. A server takes turns that end by the clock, and how many of them a
 * piece of work takes would else depend on how slow counting is, and on what else the machine
 * does. */
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 1000 }; /* nanoseconds from one look to the next */

static _Atomic uint64_t first; /* look, in nanoseconds: the true time of it */
static _Atomic uint64_t looks;

static long true_time(clockid_t clock, struct timespec *time)
{
    return syscall(SYS_clock_gettime, clock, time);
}

/* The time of day is the true one: clients read it. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_RAW && clock != CLOCK_BOOTTIME &&
        clock != CLOCK_MONOTONIC_COARSE)
        return (int) true_time(clock, time);
    if (first == 0) {
        true_time(CLOCK_MONOTONIC, time);
        first = (uint64_t) time->tv_sec * 1000000000 + (uint64_t) time->tv_nsec;
    }
    uint64_t now = first + STEP * ++looks;
    *time = (struct timespec) {(time_t) (now / 1000000000), (long) (now % 1000000000)};
    return 0;
}
