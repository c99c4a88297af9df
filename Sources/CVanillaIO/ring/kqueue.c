// SPDX-License-Identifier: MIT
/* kqueue.c - the ring on kqueue(2) of macOS and FreeBSD: what readiness.c.h asks of it.
 *
 * A stream is registered for input once, by EV_CLEAR; for output only while a send waits for room,
 * because there every acknowledgement of the peer would be an event. What is to change waits for
 * the next look at the queue, so that it costs no system call of its own. An event says how many
 * bytes wait: a receive that took fewer has not emptied the socket, whatever made it end (urgent
 * data does), and one that took them all has, as what came since is an event of its own. */
#include <errno.h>

#include "ring.h"

#if !defined(__APPLE__) && !defined(__FreeBSD__) && !defined(VN_KQUEUE_MODEL)

int32_t vn_kqueue_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring;
    (void) slab;
    return -ENOTSUP;
}

#else

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "backend.h"
#include "pool.h"
#include "readiness.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* where that is a property of the socket: vn_accept */
#endif

static_assert(sizeof(void *) == sizeof(uint64_t), "a source's name fits udata");

enum { FETCH_MAX = 512 };   /* events in one system call */
enum { CHANGES_MAX = 128 }; /* that wait for it */
enum { SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL };
enum {
    FOUND_INPUT = 1,
    FOUND_OUTPUT = 2,
    FOUND_END = 4,
    FOUND_REFUSAL = 8,
    FOUND_ONCE = 16, /* its filter is gone with it */
};
enum { AWAITS_INPUT = HAS_OWN_1, AWAITS_OUTPUT = HAS_OWN_2 }; /* filters of a watched descriptor */

static const char poller_name[] = "kqueue";
static const uint64_t NAME_OF_NOBODY = UINT64_MAX;

struct poller {
    int32_t fd;
    int32_t change_count;
    atomic_bool is_asked; /* to wake */
    struct kevent changes[CHANGES_MAX];
    struct kevent fetched[FETCH_MAX];
};

static uint64_t name_of(const struct vn_source *source)
{
    return (uint64_t) source->generation << 32 | source->index;
}

/* ---- Changes ---- */

/* Have the system take the changes that wait. Those that it refuses go on waiting, so that the next
 * fetch tells of them. Returns 0, or -errno of the last. */
static int32_t apply(struct poller *poller)
{
    struct kevent receipts[CHANGES_MAX];
    int32_t count = poller->change_count, kept = 0, error = 0;
    for (int32_t i = 0; i < count; i++)
        poller->changes[i].flags |= EV_RECEIPT;
    int32_t told =
        kevent(poller->fd, poller->changes, count, receipts, count, &(struct timespec) {0});
    if (told < 0)
        return -errno;
    for (int32_t i = 0; i < told; i++) {
        error = -(int32_t) receipts[i].data;
        if (error != 0)
            poller->changes[kept++] = poller->changes[i];
    }
    poller->change_count = kept;
    return error;
}

/* Returns 0, or -ENOMEM when as many were refused as may wait. */
static int32_t change(struct poller *poller, const struct vn_source *source, int16_t filter,
                      uint16_t flags)
{
    if (poller->change_count == CHANGES_MAX)
        apply(poller);
    if (poller->change_count == CHANGES_MAX)
        return -ENOMEM;
    EV_SET(&poller->changes[poller->change_count++], (uintptr_t) source->fd, filter, flags, 0, 0,
           (void *) (uintptr_t) name_of(source));
    return 0;
}

static int32_t change_at_once(struct poller *poller, const struct vn_source *source, int16_t filter,
                              uint16_t flags)
{
    int32_t error = change(poller, source, filter, flags);
    if (error < 0)
        return error;
    error = apply(poller);
    if (error < 0)
        poller->change_count--; /* told now, and not once more */
    return error;
}

/* Before its descriptor is closed, whose number may be another's next. The queue itself forgets a
 * descriptor that is closed. */
static void poller_forget(struct poller *poller, struct vn_source *source)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < poller->change_count; i++)
        if ((uint64_t) (uintptr_t) poller->changes[i].udata != name_of(source))
            poller->changes[kept++] = poller->changes[i];
    poller->change_count = kept;
}

/* ---- Streams and listeners ---- */

static int32_t poller_enlist(struct poller *poller, struct vn_source *source)
{
    if (source->has & IS_REGISTERED)
        return 0;
    int32_t error = change(poller, source, EVFILT_READ, EV_ADD | EV_CLEAR);
    if (error == 0)
        source->has |= IS_REGISTERED;
    return error;
}

static int32_t poller_enlist_at_once(struct poller *poller, struct vn_source *source)
{
    if (source->has & IS_REGISTERED)
        return 0;
    int32_t error = change_at_once(poller, source, EVFILT_READ, EV_ADD | EV_CLEAR);
    if (error == 0)
        source->has |= IS_REGISTERED;
    return error;
}

static int32_t poller_await_output(struct poller *poller, struct vn_source *source)
{
    return change(poller, source, EVFILT_WRITE, EV_ADD | EV_ONESHOT);
}

/* It tells again as long as there is a connection to accept. */
static int32_t poller_enlist_listener(struct poller *poller, struct vn_source *source)
{
    int32_t error = change_at_once(poller, source, EVFILT_READ, EV_ADD);
    if (error == 0)
        source->has |= IS_REGISTERED;
    return error;
}

static void poller_delist(struct poller *poller, struct vn_source *source)
{
    if (!(source->has & IS_REGISTERED))
        return;
    change(poller, source, EVFILT_READ, EV_DELETE);
    source->has &= (uint8_t) ~IS_REGISTERED;
}

/* ---- Watches ---- */

/* The poll(2) events that a watched descriptor has now. */
static uint32_t poll_now(const struct vn_source *source)
{
    struct pollfd asked = {.fd = source->fd, .events = (int16_t) source->watch_mask};
    return poll(&asked, 1, 0) == 1 ? (uint16_t) asked.revents : 0;
}

/* Set a filter, or take it away where `flags` is 0, whatever was set before. */
static int32_t set_filter(struct poller *poller, struct vn_source *source, int16_t filter,
                          uint8_t bit, uint16_t flags)
{
    int32_t error = 0;
    if (source->has & bit)
        error = change(poller, source, filter, EV_DELETE);
    source->has &= (uint8_t) ~bit;
    if (error < 0 || flags == 0)
        return error;
    error = change(poller, source, filter, EV_ADD | flags);
    if (error == 0)
        source->has |= bit;
    return error;
}

/* A filter says that there is something, and poll(2) then says what. Of a file a filter would say
 * that there is more of it, not that reading does not block, and some devices have none: they are
 * asked by poll(2) first. Where neither input nor output is watched for, only the end may come,
 * which is an event as input is: by EV_CLEAR, as one of many. */
static int32_t poller_enlist_watch(struct poller *poller, struct vn_source *source)
{
    struct stat status;
    if (!(source->has & IS_REGISTERED) && fstat(source->fd, &status) == 0 &&
        (S_ISREG(status.st_mode) || S_ISCHR(status.st_mode))) {
        uint32_t found = poll_now(source);
        if (found != 0 || S_ISREG(status.st_mode))
            return (int32_t) found;
    } else
        source->has |= IS_REGISTERED; /* it is neither */
    bool wants_input = source->watch_mask & POLLIN, wants_output = source->watch_mask & POLLOUT;
    int32_t error =
        set_filter(poller, source, EVFILT_WRITE, AWAITS_OUTPUT, wants_output ? EV_ONESHOT : 0);
    if (error < 0)
        return error;
    if (wants_input || wants_output)
        return set_filter(poller, source, EVFILT_READ, AWAITS_INPUT, wants_input ? EV_ONESHOT : 0);
    return source->has & AWAITS_INPUT
               ? 0
               : set_filter(poller, source, EVFILT_READ, AWAITS_INPUT, EV_CLEAR);
}

static uint32_t poller_watched(struct vn_source *source, struct found said)
{
    if (said.events & (FOUND_ONCE | FOUND_REFUSAL))
        source->has &= (uint8_t) ~(said.events & FOUND_OUTPUT ? AWAITS_OUTPUT : AWAITS_INPUT);
    if (said.events & FOUND_REFUSAL)
        return POLLERR;
    return poll_now(source);
}

/* ---- What the queue says ---- */

static int64_t poller_send(int32_t fd, const struct iovec *piece)
{
    ssize_t count = send(fd, piece->iov_base, piece->iov_len, SEND_FLAGS);
    return count < 0 ? -errno : count;
}

/* Hand over the changes and wait for at most `max` events. Refusals come as events, before all
 * others, so there are never more changes than room for them. Returns the number or -errno. */
static int32_t poller_fetch(struct poller *poller, int32_t max, int64_t timeout)
{
    if (poller->change_count > max)
        apply(poller);
    int32_t handed = poller->change_count < max ? poller->change_count : max;
    int32_t left = poller->change_count - handed;
    struct timespec span = vn_duration(left > 0 || timeout < 0 ? 0 : timeout);
    int32_t count = kevent(poller->fd, poller->changes, handed, poller->fetched, max,
                           left == 0 && timeout < 0 ? NULL : &span);
    if (count < 0 && errno != EINTR)
        return -errno;
    for (int32_t i = 0; i < left; i++)
        poller->changes[i] = poller->changes[handed + i];
    poller->change_count = left;
    return count < 0 ? 0 : count;
}

static struct found poller_found(const struct poller *poller, int32_t i)
{
    const struct kevent *event = &poller->fetched[i];
    struct found found = {.name = (uint64_t) (uintptr_t) event->udata};
    found.events = event->filter == EVFILT_WRITE ? FOUND_OUTPUT : FOUND_INPUT;
    if (vn_unlikely(event->flags & EV_ERROR)) {
        found.events |= FOUND_REFUSAL;
        if (event->data == 0 || event->data == ENOENT) /* a receipt, or what is gone already */
            found.name = NAME_OF_NOBODY;
        return found;
    }
    if (event->flags & EV_EOF)
        found.events |= FOUND_END;
    if (event->flags & EV_ONESHOT)
        found.events |= FOUND_ONCE;
    if (event->data > 0)
        found.count = event->data < UINT32_MAX ? (uint32_t) event->data : UINT32_MAX;
    return found;
}

static void poller_note(struct vn_source *source, struct found said)
{
    if (!(said.events & FOUND_INPUT))
        return;
    source->has |= IS_READABLE;
    source->input_count = said.count;
    if (said.events & FOUND_END)
        source->has |= IS_HUNG_UP;
}

static bool poller_has_drained(struct vn_source *source, int32_t count)
{
    bool is_less = (uint32_t) count < source->input_count;
    source->input_count -= is_less ? (uint32_t) count : source->input_count;
    return !is_less && !(source->has & IS_HUNG_UP) && count < VN_POOL_BUFFER_SIZE;
}

/* ---- The wakeup, opening and closing ---- */

static void poller_wake(struct poller *poller)
{
    if (atomic_exchange_explicit(&poller->is_asked, true, memory_order_acq_rel))
        return;
    struct kevent trigger;
    EV_SET(&trigger, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, (void *) (uintptr_t) WAKEUP_NAME);
    kevent(poller->fd, &trigger, 1, NULL, 0, NULL);
}

/* Before WOKEN is reported, as in wakeup.h. */
static void poller_answer_wakeup(struct poller *poller)
{
    atomic_exchange_explicit(&poller->is_asked, false, memory_order_acq_rel);
}

static void poller_close(struct poller *poller)
{
    close(poller->fd);
}

static int32_t poller_open(struct poller *poller)
{
    poller->change_count = 0;
    atomic_init(&poller->is_asked, false);
    poller->fd = kqueue();
    if (poller->fd < 0)
        return -errno;
    struct kevent wakeup;
    EV_SET(&wakeup, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, (void *) (uintptr_t) WAKEUP_NAME);
    if (fcntl(poller->fd, F_SETFD, FD_CLOEXEC) == 0 &&
        kevent(poller->fd, &wakeup, 1, NULL, 0, NULL) == 0)
        return 0;
    int32_t error = -errno;
    close(poller->fd);
    return error;
}

#include "readiness.c.h"

int32_t vn_kqueue_open(struct vn_ring **ring, struct vn_slab *slab)
{
    return ready_open(ring, slab);
}

#endif
