// SPDX-License-Identifier: MIT
/* epoll.c - the ring on epoll(7): what readiness.c.h asks of it.
 *
 * A source is registered once, edge-triggered, for input and output: no further epoll_ctl
 * however often it is paused or its output stalls. */
#include <errno.h>

#include "ring.h"

#if !defined(__linux__)

int32_t vn_epoll_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring;
    (void) slab;
    return -ENOTSUP;
}

#else

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend.h"
#include "pool.h"
#include "readiness.h"

enum { FETCH_MAX = 512 }; /* epoll events in one system call */
enum { SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL };
enum { FOUND_OUTPUT = EPOLLOUT | EPOLLHUP | EPOLLERR, FOUND_REFUSAL = 0 };
enum { IS_URGENT = HAS_OWN_1 }; /* it sends urgent data, before which a receive ends early */

static const char poller_name[] = "epoll";

struct poller {
    int32_t fd;
    bool has_nanoseconds; /* epoll_pwait2 works */
    struct vn_wakeup wakeup;
    struct epoll_event fetched[FETCH_MAX];
};

/* Have epoll know the source for these events. Returns 0 or -errno. */
static int32_t enlist(struct poller *poller, struct vn_source *source, uint32_t mask)
{
    int32_t step = source->has & IS_REGISTERED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = mask,
                                .data.u64 = (uint64_t) source->generation << 32 | source->index};
    if (epoll_ctl(poller->fd, step, source->fd, &event) < 0)
        return -errno;
    source->has |= IS_REGISTERED;
    return 0;
}

static int32_t poller_enlist(struct poller *poller, struct vn_source *source)
{
    if (source->has & IS_REGISTERED)
        return 0;
    return enlist(poller, source, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static int32_t poller_enlist_at_once(struct poller *poller, struct vn_source *source)
{
    return poller_enlist(poller, source);
}

static int32_t poller_await_output(struct poller *poller, struct vn_source *source)
{
    return poller_enlist(poller, source);
}

/* Level-triggered, and for one of those who wait: epoll cannot change such a registration. */
static int32_t poller_enlist_listener(struct poller *poller, struct vn_source *source)
{
    return enlist(poller, source, EPOLLIN | EPOLLEXCLUSIVE);
}

static int32_t poller_enlist_watch(struct poller *poller, struct vn_source *source)
{
    int32_t error = enlist(poller, source, source->watch_mask | EPOLLONESHOT);
    /* A file: it never blocks, and is ready for both, as to poll(2). */
    return error == -EPERM ? (int32_t) (source->watch_mask & (POLLIN | POLLOUT)) : error;
}

static void poller_delist(struct poller *poller, struct vn_source *source)
{
    if (!(source->has & IS_REGISTERED))
        return;
    epoll_ctl(poller->fd, EPOLL_CTL_DEL, source->fd, NULL);
    source->has &= (uint8_t) ~IS_REGISTERED;
}

static void poller_forget(struct poller *poller, struct vn_source *source)
{
    if (source->has & IS_SHARED)
        poller_delist(poller, source);
}

/* send(2) without what the C library adds to it: a function to return from, which is always
 * mispredicted after a system call, and in a process of many threads a point of cancellation.
 * Together they are a hundredth of what an event costs. Returns bytes taken or -errno. */
vn_flat static int64_t poller_send(int32_t fd, const struct iovec *piece)
{
#if defined(__x86_64__)
    int64_t result = SYS_sendto;
    register int64_t flags __asm__("r10") = SEND_FLAGS;
    register int64_t address __asm__("r8") = 0;
    register int64_t address_count __asm__("r9") = 0;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"((int64_t) fd), "S"(piece->iov_base), "d"(piece->iov_len), "r"(flags),
                       "r"(address), "r"(address_count)
                     : "rcx", "r11", "memory");
    return result;
#else
    ssize_t count = send(fd, piece->iov_base, piece->iov_len, SEND_FLAGS);
    return count < 0 ? -errno : count;
#endif
}

static int32_t poller_fetch(struct poller *poller, int32_t max, int64_t timeout)
{
    int32_t count;
    if (timeout > 0 && poller->has_nanoseconds) {
        struct timespec span = vn_duration(timeout);
        count =
            (int32_t) syscall(SYS_epoll_pwait2, poller->fd, poller->fetched, max, &span, NULL, 0);
    } else {
        int64_t milliseconds = timeout / 1000000 + (timeout % 1000000 != 0);
        int32_t span =
            timeout < 0 ? -1 : (int32_t) (milliseconds < INT_MAX ? milliseconds : INT_MAX);
        count = epoll_wait(poller->fd, poller->fetched, max, span);
    }
    if (count >= 0)
        return count;
    return errno == EINTR ? 0 : -errno;
}

static struct found poller_found(const struct poller *poller, int32_t i)
{
    const struct epoll_event *event = &poller->fetched[i];
    return (struct found) {.name = event->data.u64, .events = event->events};
}

static void poller_note(struct vn_source *source, struct found said)
{
    if (said.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        source->has |= IS_READABLE | IS_HUNG_UP;
    if (said.events & EPOLLPRI)
        source->has |= IS_READABLE | IS_URGENT;
    if (said.events & EPOLLIN)
        source->has |= IS_READABLE;
}

/* The bits of epoll are those of poll(2). */
static uint32_t poller_watched(const struct vn_source *source, struct found said)
{
    (void) source;
    return said.events;
}

/* A short read has drained the socket, unless it stopped before urgent data. */
static bool poller_has_drained(const struct vn_source *source, int32_t count)
{
    return count < VN_POOL_BUFFER_SIZE && !(source->has & (IS_HUNG_UP | IS_URGENT));
}

static void poller_wake(struct poller *poller)
{
    vn_wakeup_ask(&poller->wakeup);
}

static void poller_answer_wakeup(struct poller *poller)
{
    vn_wakeup_answer(&poller->wakeup);
}

static void poller_close(struct poller *poller)
{
    close(poller->fd);
    close(poller->wakeup.fd);
}

static int32_t poller_open(struct poller *poller)
{
    int32_t error = vn_wakeup_open(&poller->wakeup);
    if (error < 0)
        return error;
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    error = -errno;
    if (poller->fd < 0)
        goto close_wakeup;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = WAKEUP_NAME};
    error = epoll_ctl(poller->fd, EPOLL_CTL_ADD, poller->wakeup.fd, &event) < 0 ? -errno : 0;
    if (error < 0)
        goto close_epoll;

    struct timespec none = {0};
    poller->has_nanoseconds =
        syscall(SYS_epoll_pwait2, poller->fd, poller->fetched, 1, &none, NULL, 0) >= 0;
    return 0;

close_epoll:
    close(poller->fd);
close_wakeup:
    close(poller->wakeup.fd);
    return error;
}

#include "readiness.c.h"

int32_t vn_epoll_open(struct vn_ring **ring, struct vn_slab *slab)
{
    return ready_open(ring, slab);
}

#endif
