// SPDX-License-Identifier: MIT
/* system.h - put in front of each of the core's files when they are built to be fuzzed: the few
 * calls with which it asks the system go to system.c. So time passes only while the worker waits,
 * memory runs out when it is told to, an input does the same every time, and nothing leaves the
 * process. */
#ifndef FUZZ_SYSTEM_H
#define FUZZ_SYSTEM_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int fuzz_clock_gettime(clockid_t clock, struct timespec *now);
int fuzz_ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask);
ssize_t fuzz_read(int fd, void *bytes, size_t count);
ssize_t fuzz_write(int fd, const void *bytes, size_t count);
int fuzz_ioctl(int fd, unsigned long request, ...);
int fuzz_shutdown(int fd, int how);
void *fuzz_malloc(size_t count);
void *fuzz_calloc(size_t number, size_t size);
void *fuzz_realloc(void *memory, size_t count);

/* For the target: the system that the core sees. */
struct fuzz_system {
    uint64_t now;   /* milliseconds */
    uint64_t drift; /* nanoseconds that each look at the clock takes */
    uint64_t drifted;
    bool is_rung;  /* the memory ring was woken */
    uint32_t waits; /* in which nothing happened until the timeout */
    uint32_t fails_in; /* so many allocations the next one fails; 0: none does */
    bool has_failed;
    /* What the target says of its clients. */
    bool (*has_input)(int fd);
    void (*finished)(int fd);
};

extern struct fuzz_system fuzz_system;

#ifdef FUZZ_CORE
#define clock_gettime fuzz_clock_gettime
#define ppoll fuzz_ppoll
#define read fuzz_read
#define write fuzz_write
#define ioctl fuzz_ioctl
#define shutdown fuzz_shutdown
#define malloc fuzz_malloc
#define calloc fuzz_calloc
#define realloc fuzz_realloc
#endif

#endif
