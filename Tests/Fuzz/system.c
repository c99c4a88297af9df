// SPDX-License-Identifier: MIT
#include "system.h"

#include <errno.h>
#include <stdarg.h>

#include "fuzz.h"

struct fuzz_system fuzz_system;

/* The wall clock stands still: the Date of all answers is one. */
enum { WALL_CLOCK = 784111777 };

int fuzz_clock_gettime(clockid_t clock, struct timespec *now)
{
    uint64_t milliseconds = fuzz_system.now;
    *now = clock == CLOCK_MONOTONIC ? (struct timespec) {(time_t) (milliseconds / 1000),
                                                         (long) (milliseconds % 1000 * 1000000)}
                                    : (struct timespec) {WALL_CLOCK, 0};
    return 0;
}

/* Nothing will happen: the ring would have found it. */
int fuzz_ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask)
{
    (void) polled, (void) count, (void) mask;
    if (fuzz_system.is_rung)
        return 1;
    fuzz_require(timeout != NULL, "it waits without end");
    fuzz_system.waits++;
    fuzz_system.now += (uint64_t) timeout->tv_sec * 1000 + (uint64_t) timeout->tv_nsec / 1000000;
    return 0;
}

ssize_t fuzz_read(int fd, void *bytes, size_t count)
{
    (void) fd, (void) bytes;
    if (!fuzz_system.is_rung) {
        errno = EAGAIN;
        return -1;
    }
    fuzz_system.is_rung = false;
    return (ssize_t) count;
}

ssize_t fuzz_write(int fd, const void *bytes, size_t count)
{
    (void) fd, (void) bytes;
    fuzz_system.is_rung = true;
    return (ssize_t) count;
}

int fuzz_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    int *waiting = va_arg(arguments, int *);
    va_end(arguments);
    fuzz_require(request == FIONREAD || request == TIOCOUTQ, "an ioctl that nobody expects");
    *waiting = request == FIONREAD && fuzz_system.has_input(fd);
    return 0;
}

int fuzz_shutdown(int fd, int how)
{
    fuzz_require(how == SHUT_WR, "a shutdown that nobody expects");
    fuzz_system.finished(fd);
    return 0;
}

static bool fails(void)
{
    if (fuzz_system.fails_in == 0 || --fuzz_system.fails_in > 0)
        return false;
    fuzz_system.has_failed = true;
    return true;
}

void *fuzz_malloc(size_t count)
{
    return fails() ? NULL : malloc(count);
}

void *fuzz_calloc(size_t number, size_t size)
{
    return fails() ? NULL : calloc(number, size);
}

void *fuzz_realloc(void *memory, size_t count)
{
    return fails() ? NULL : realloc(memory, count);
}
