// SPDX-License-Identifier: MIT
/* clock.c - a clock that counts how often it is looked at, preloaded into a program whose
 * instructions are counted. A server takes turns that end by the clock, and how many of them a
 * piece of work takes would else depend on how slow counting is, and on what else the machine
 * does.
 *
 * While the program waits, that clock all but stands still, and what ends by the clock does not. So
 * from SIGUSR1 on it is the true one: a server that stops gives its clients some time. */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 1000 }; /* nanoseconds from one look to the next */

/* The true time of the first look, in nanoseconds; 0: there was none, or the clock is the true
 * one. */
static _Atomic uint64_t first;
static _Atomic uint64_t looks;
static atomic_bool is_true;

static long true_time(clockid_t clock, struct timespec *time)
{
    return syscall(SYS_clock_gettime, clock, time);
}

static void tell_true_time(int number)
{
    (void) number;
    atomic_store(&is_true, true);
    first = 0;
}

__attribute__((constructor)) static void await_signal(void)
{
    sigaction(SIGUSR1, &(struct sigaction) {.sa_handler = tell_true_time, .sa_flags = SA_RESTART},
              NULL);
}

static int tell(uint64_t now, struct timespec *time)
{
    *time = (struct timespec) {(time_t) (now / 1000000000), (long) (now % 1000000000)};
    return 0;
}

/* The first look, or one at the true time. Out of line, since the others are what is counted. */
__attribute__((noinline)) static int look_at_true_time(struct timespec *time)
{
    true_time(CLOCK_MONOTONIC, time);
    if (atomic_load(&is_true))
        return 0;
    first = (uint64_t) time->tv_sec * 1000000000 + (uint64_t) time->tv_nsec;
    return tell(first + STEP * ++looks, time);
}

/* The time of day is the true one: clients read it. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_RAW && clock != CLOCK_BOOTTIME &&
        clock != CLOCK_MONOTONIC_COARSE)
        return (int) true_time(clock, time);
    uint64_t began = first;
    return began == 0 ? look_at_true_time(time) : tell(began + STEP * ++looks, time);
}
