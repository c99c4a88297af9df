// SPDX-License-Identifier: MIT
/* faults.c - preloaded into a program, makes its system calls and its clock misbehave.
 *
 * What goes wrong is said in the file that FAULTS_FILE names, shared with the test, which changes
 * it while the program runs. Zeroed, nothing does. What the kernel does by itself (io_uring) is out
 * of its reach: there the ring's own tests make the faults. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct faults {
    _Atomic uint64_t allocation_every; /* one allocation of so many fails; 0: none */
    _Atomic uint64_t ahead; /* seconds by which CLOCK_MONOTONIC is ahead */
    _Atomic int64_t wall_ahead; /* seconds by which CLOCK_REALTIME is ahead, or behind */
    _Atomic uint64_t most; /* bytes that one sendmsg takes; 0: any number */
    _Atomic uint64_t interrupt_every; /* one call of so many is EINTR; 0: none */
    _Atomic uint64_t call_errno; /* of the next `call_failures` calls of accept4 and epoll_ctl */
    _Atomic uint64_t call_failures;
    _Atomic uint64_t injected; /* counted: all of the above but the clock */
};

static struct faults unshared;
static struct faults *faults = &unshared;

__attribute__((constructor)) static void share(void)
{
    const char *path = getenv("FAULTS_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *shared = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED)
        faults = shared;
    close(fd);
}

static int hits(_Atomic uint64_t *every, _Atomic uint64_t *calls)
{
    uint64_t one_of = atomic_load(every);
    if (one_of == 0 || atomic_fetch_add(calls, 1) % one_of != one_of - 1)
        return 0;
    atomic_fetch_add(&faults->injected, 1);
    return 1;
}

/* ---- Allocation ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t members, size_t size);
void *__libc_realloc(void *pointer, size_t size);

static int allocation_fails(void)
{
    static _Atomic uint64_t calls;
    if (!hits(&faults->allocation_every, &calls))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return allocation_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t members, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(members, size);
}

void *realloc(void *pointer, size_t size)
{
    return allocation_fails() ? NULL : __libc_realloc(pointer, size);
}

/* ---- Clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static int (*next)(clockid_t, struct timespec *);
    if (next == NULL)
        next = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, time);
    if (clock == CLOCK_MONOTONIC)
        time->tv_sec += (time_t) atomic_load(&faults->ahead);
    else if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        time->tv_sec += (time_t) atomic_load(&faults->wall_ahead);
    return result;
}

/* ---- Calls ---- */

static int is_interrupted(void)
{
    static _Atomic uint64_t calls;
    if (!hits(&faults->interrupt_every, &calls))
        return 0;
    errno = EINTR;
    return 1;
}

/* Whether this call is one of those that are to fail. */
static int is_refused(void)
{
    uint64_t left = atomic_load(&faults->call_failures);
    while (left > 0 && !atomic_compare_exchange_weak(&faults->call_failures, &left, left - 1))
        ;
    if (left == 0)
        return 0;
    atomic_fetch_add(&faults->injected, 1);
    errno = (int) atomic_load(&faults->call_errno);
    return 1;
}

static size_t at_most(size_t count)
{
    uint64_t most = atomic_load(&faults->most);
    if (most == 0 || count <= most)
        return count;
    atomic_fetch_add(&faults->injected, 1);
    return most;
}

ssize_t recv(int fd, void *bytes, size_t count, int flags)
{
    /* Never less than there is: epoll(7) promises that a short read has drained the socket. */
    return is_interrupted() ? -1 : recvfrom(fd, bytes, count, flags, NULL, NULL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    size_t count = 0;
    if (is_interrupted())
        return -1;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        count += message->msg_iov[i].iov_len;
    if (at_most(count) == count) {
        static ssize_t (*next)(int, const struct msghdr *, int);
        if (next == NULL)
            next = (ssize_t (*)(int, const struct msghdr *, int)) dlsym(RTLD_NEXT, "sendmsg");
        return next(fd, message, flags);
    }
    const struct iovec *first = message->msg_iov;
    return sendto(fd, first->iov_base, at_most(first->iov_len), flags, NULL, 0);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    static int (*next)(int, struct sockaddr *, socklen_t *, int);
    if (next == NULL)
        next = (int (*)(int, struct sockaddr *, socklen_t *, int)) dlsym(RTLD_NEXT, "accept4");
    return is_interrupted() || is_refused() ? -1 : next(fd, address, size, flags);
}

int epoll_ctl(int epoll, int step, int fd, struct epoll_event *event)
{
    static int (*next)(int, int, int, struct epoll_event *);
    if (next == NULL)
        next = (int (*)(int, int, int, struct epoll_event *)) dlsym(RTLD_NEXT, "epoll_ctl");
    return step != EPOLL_CTL_DEL && is_refused() ? -1 : next(epoll, step, fd, event);
}
