// SPDX-License-Identifier: MIT
/* epoll.c - the ring on epoll: readiness made into completed work. Sends are tried at once;
 * receives take turns, one each, so that a busy source cannot hold up the others.
 *
 * A source is registered once, edge-triggered, for input and output: no further epoll_ctl
 * however often it is paused or its output stalls. A backend is one file, however long, so that it
 * can be read beside ring.h from end to end. */
#include "ring.h"

#if !defined(__linux__)

int32_t vn_epoll_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring;
    (void) slab;
    return -ENOSYS;
}

#else

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend.h"
#include "pool.h"

enum { FETCH_MAX = 512 };  /* epoll events in one system call */
enum { ACCEPT_MAX = 64 };  /* connections accepted from one source in one wait */
enum { FULL_MAX = 2 };     /* sources that filled a buffer and may fill another in one wait */

/* epoll's name of the wakeup; no slab has this index. */
static const uint64_t WAKEUP_NAME = UINT32_MAX;

enum { WANTS_RECEIVE = 1, WANTS_WATCH = 2, WANTS_END = 4, WANTS_QUIET = 8 };

enum {
    IS_READABLE = 1,   /* a receive may find input */
    IS_HUNG_UP = 2,    /* the end of input or an error waits after the input */
    IS_REGISTERED = 4, /* epoll knows the descriptor */
    IS_LISTENING = 8,
    IS_SHARED = 16, /* others may hold the same open file: closing does not make epoll forget it */
    IS_QUEUED = 32, /* on `turns`, `full` or `ended` */
    IS_URGENT = 64, /* it sends urgent data, before which a receive ends early */
};

struct epoll {
    struct vn_ring ring;
    int32_t fd;
    bool has_nanoseconds; /* epoll_pwait2 works */
    bool is_stuck; /* every source on `turns` needs a buffer, and none is free */
    struct vn_wakeup wakeup;
    struct vn_source_queue turns; /* to receive from, or to register */
    struct vn_source_queue full; /* to receive from, after a receive that filled its buffer */
    struct vn_source_queue ended;
    struct vn_pool pool;
    struct epoll_event fetched[FETCH_MAX];
};

static struct epoll *epoll_of(struct vn_ring *ring)
{
    return vn_holder(ring, struct epoll, ring);
}

static void queue_turn(struct epoll *ring, struct vn_source *source)
{
    ring->is_stuck = false;
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    vn_queue_push(&ring->turns, source);
}

/* Have epoll know the source for these events. Returns 0 or -errno. */
static int32_t enlist(struct epoll *ring, struct vn_source *source, uint32_t mask)
{
    int32_t step = source->has & IS_REGISTERED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = mask,
                                .data.u64 = (uint64_t) source->generation << 32 | source->index};
    if (epoll_ctl(ring->fd, step, source->fd, &event) < 0)
        return -errno;
    source->has |= IS_REGISTERED;
    return 0;
}

static int32_t enlist_stream(struct epoll *ring, struct vn_source *source)
{
    if (source->has & IS_REGISTERED)
        return 0;
    return enlist(ring, source, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void delist(struct epoll *ring, struct vn_source *source)
{
    if (!(source->has & IS_REGISTERED))
        return;
    epoll_ctl(ring->fd, EPOLL_CTL_DEL, source->fd, NULL);
    source->has &= (uint8_t) ~IS_REGISTERED;
}

/* send(2) without what the C library adds to it: a function to return from, which is always
 * mispredicted after a system call, and in a process of many threads a point of cancellation.
 * Together they are a hundredth of what an event costs. Returns bytes taken or -errno. */
vn_flat static int64_t send_piece(int32_t fd, const struct iovec *piece)
{
    enum { FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL };
#if defined(__x86_64__)
    int64_t result = SYS_sendto;
    register int64_t flags __asm__("r10") = FLAGS;
    register int64_t address __asm__("r8") = 0;
    register int64_t address_count __asm__("r9") = 0;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"((int64_t) fd), "S"(piece->iov_base), "d"(piece->iov_len), "r"(flags),
                       "r"(address), "r"(address_count)
                     : "rcx", "r11", "memory");
    return result;
#else
    ssize_t count = send(fd, piece->iov_base, piece->iov_len, FLAGS);
    return count < 0 ? -errno : count;
#endif
}

/* Several pieces, with the message around them, which the kernel has to copy and check. */
static int64_t send_pieces(int32_t fd, const struct msghdr *message)
{
    ssize_t count = sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return count < 0 ? -errno : count;
}

/* Returns bytes taken or -errno. */
vn_flat static int64_t send_message(const struct vn_source *source, const struct msghdr *message)
{
    int64_t count;
    do {
        count = message->msg_iovlen == 1 ? send_piece(source->fd, message->msg_iov)
                                         : send_pieces(source->fd, message);
    } while (vn_unlikely(count == -EINTR));
    return count;
}

/* ---- What the owner asks ---- */

static void ep_begin(struct vn_ring *base, struct vn_source *source)
{
    (void) base;
    source->wants = 0;
    source->has = 0;
}

static void ep_accept(struct vn_ring *base, struct vn_source *source, uint32_t budget)
{
    if (!(source->has & IS_LISTENING))
        fcntl(source->fd, F_SETFL, fcntl(source->fd, F_GETFL) | O_NONBLOCK);
    source->has |= IS_LISTENING | IS_SHARED;
    source->accept_budget = budget;
    queue_turn(epoll_of(base), source);
}

static void ep_receive(struct vn_ring *base, struct vn_source *source)
{
    struct epoll *ring = epoll_of(base);
    source->wants = (uint8_t) ((source->wants & ~WANTS_QUIET) | WANTS_RECEIVE);
    if (enlist_stream(ring, source) < 0 ||
        (source->has & IS_READABLE)) /* the turn tells the owner of the failure */
        queue_turn(ring, source);
}

static void ep_pause(struct vn_ring *base, struct vn_source *source)
{
    (void) base;
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
}

static void ep_quiesce(struct vn_ring *base, struct vn_source *source)
{
    source->wants = (uint8_t) ((source->wants & ~WANTS_RECEIVE) | WANTS_QUIET);
    queue_turn(epoll_of(base), source);
}

static int64_t ep_send(struct vn_ring *base, struct vn_source *source, const struct msghdr *message)
{
    int64_t count = send_message(source, message);
    if (vn_likely(count != -EAGAIN))
        return count;
    int32_t error = enlist_stream(epoll_of(base), source);
    if (error < 0)
        return error;
    source->message = message;
    source->outstanding = 1;
    return 0;
}

static int64_t ep_try_send(struct vn_ring *base, struct vn_source *source,
                           const struct iovec *piece)
{
    (void) base;
    int64_t count;
    do {
        count = send_piece(source->fd, piece);
    } while (vn_unlikely(count == -EINTR));
    return vn_unlikely(count == -EAGAIN) ? 0 : count;
}

static void ep_watch(struct vn_ring *base, struct vn_source *source, uint32_t mask)
{
    source->wants |= WANTS_WATCH;
    source->has |= IS_SHARED;
    source->watch_mask = mask;
    queue_turn(epoll_of(base), source);
}

static void ep_end(struct vn_ring *base, struct vn_source *source)
{
    struct epoll *ring = epoll_of(base);
    assert(!(source->wants & WANTS_END));
    source->wants = WANTS_END;
    source->message = NULL;
    source->outstanding = 0;
    ring->is_stuck = false;
    if (source->has & IS_SHARED)
        delist(ring, source);
    if (!(source->has & IS_LISTENING))
        close(source->fd);
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    vn_queue_push(&ring->ended, source);
}

static void ep_give(struct vn_ring *base, uint16_t buffer)
{
    struct epoll *ring = epoll_of(base);
    ring->is_stuck = false;
    vn_pool_give(&ring->pool, buffer);
}

static void ep_wake(struct vn_ring *base)
{
    vn_wakeup_ask(&epoll_of(base)->wakeup);
}

/* ---- Turns. Each gives one event or none. ---- */

static int32_t tell(struct vn_event *event, struct vn_source *source, uint8_t type, int32_t count)
{
    *event = (struct vn_event) {.source = source, .count = count, .type = type};
    return 1;
}

static int32_t stop_receiving(struct vn_source *source, int32_t result, struct vn_event *event)
{
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
    return tell(event, source, VN_RECEIVED, result);
}

static int32_t receive_once(struct epoll *ring, struct vn_source *source, struct vn_event *event)
{
    uint16_t buffer = vn_pool_take(&ring->pool);
    uint8_t *bytes = vn_pool_bytes(&ring->pool, buffer);
    ssize_t count;
    do {
        count = recv(source->fd, bytes, VN_POOL_BUFFER_SIZE, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    int32_t result = count < 0 ? -errno : (int32_t) count;

    if (vn_likely(result > 0)) {
        /* A short read has drained the socket; what comes later is an edge of its own. */
        if (result < VN_POOL_BUFFER_SIZE && !(source->has & (IS_HUNG_UP | IS_URGENT)))
            source->has &= (uint8_t) ~IS_READABLE;
        if (source->has & IS_READABLE) {
            source->has |= IS_QUEUED;
            vn_queue_push(result < VN_POOL_BUFFER_SIZE ? &ring->turns : &ring->full, source);
        }
        *event = (struct vn_event) {source, bytes, result, buffer, VN_RECEIVED};
        return 1;
    }
    vn_pool_give(&ring->pool, buffer);
    if (result != -EAGAIN)
        return stop_receiving(source, result, event);
    source->has &= (uint8_t) ~IS_READABLE;
    return 0;
}

static int32_t turn_of_listener(struct epoll *ring, struct vn_source *source,
                                struct vn_event *event)
{
    /* Level-triggered, and forgotten while there is no budget: epoll cannot change an exclusive
     * registration, and other rings on the same socket are to get what this one leaves. */
    if (source->accept_budget == 0) {
        delist(ring, source);
        return 0;
    }
    if (source->has & IS_REGISTERED)
        return 0;
    int32_t error = enlist(ring, source, EPOLLIN | EPOLLEXCLUSIVE);
    if (error == 0)
        return 0;
    source->accept_budget = 0;
    return tell(event, source, VN_ACCEPTED, error);
}

static int32_t ready(struct vn_source *source, uint32_t found, struct vn_event *event)
{
    if (!(source->wants & WANTS_WATCH))
        return 0;
    /* The mask may have been replaced since: what the old one found may be nothing to the new
     * one. */
    found &= source->watch_mask | POLLERR | POLLHUP;
    if (found == 0)
        return 0;
    source->wants &= (uint8_t) ~WANTS_WATCH;
    return tell(event, source, VN_READY, (int32_t) found);
}

static int32_t turn_of_watch(struct epoll *ring, struct vn_source *source, struct vn_event *event)
{
    int32_t error = enlist(ring, source, source->watch_mask | EPOLLONESHOT);
    if (error == 0)
        return 0;
    /* A file: it never blocks, and is ready for both, as to poll(2). */
    if (error == -EPERM) {
        uint32_t found = source->watch_mask & (POLLIN | POLLOUT);
        return found == 0 ? 0 : ready(source, found, event);
    }
    source->wants &= (uint8_t) ~WANTS_WATCH;
    return tell(event, source, VN_READY, POLLERR);
}

static bool needs_buffer(const struct vn_source *source)
{
    return (source->wants & WANTS_RECEIVE) && (source->has & IS_READABLE);
}

static int32_t take_turn(struct epoll *ring, struct vn_source *source, struct vn_event *event)
{
    if (source->wants & WANTS_END) {
        source->has |= IS_QUEUED;
        vn_queue_push(&ring->ended, source);
        return 0;
    }
    if (source->has & IS_LISTENING)
        return turn_of_listener(ring, source, event);
    if (source->wants & WANTS_WATCH)
        return turn_of_watch(ring, source, event);
    if (source->wants & WANTS_QUIET) {
        source->wants &= (uint8_t) ~WANTS_QUIET;
        return tell(event, source, VN_QUIET, 0);
    }
    if (!(source->wants & WANTS_RECEIVE))
        return 0;
    int32_t error = enlist_stream(ring, source);
    if (error < 0)
        return stop_receiving(source, error, event);
    return source->has & IS_READABLE ? receive_once(ring, source, event) : 0;
}

/* Sources that filled a buffer come after those that may need little, and only a few of them at
 * once, so that a wait stays short however many there are. */
static void admit_full(struct epoll *ring)
{
    for (int32_t i = 0; i < FULL_MAX && ring->full.first != NULL; i++)
        vn_queue_push(&ring->turns, vn_queue_pop(&ring->full));
}

/* One turn for every source that is queued now, while there is room and a buffer. When the owner
 * keeps all the buffers, sources that need none are looked for. */
static int32_t take_turns(struct epoll *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    bool has_none = ring->pool.count == 0;
    admit_full(ring);
    struct vn_source *last = ring->turns.last;
    struct vn_source *source = NULL;
    while (ring->turns.first != NULL && source != last && count < capacity) {
        if (ring->pool.count == 0 && !has_none)
            return count;
        source = vn_queue_pop(&ring->turns);
        if (has_none && needs_buffer(source)) {
            vn_queue_push(&ring->turns, source);
            continue;
        }
        source->has &= (uint8_t) ~IS_QUEUED;
        count += take_turn(ring, source, &events[count]);
    }
    ring->is_stuck = has_none && source == last && ring->full.first == NULL;
    return count;
}

/* ---- What epoll says ---- */

static int32_t accept_some(struct epoll *ring, struct vn_source *source, struct vn_event *events,
                           int32_t capacity)
{
    int32_t count = 0;
    for (int32_t i = 0; i < ACCEPT_MAX && count < capacity && source->accept_budget > 0; i++) {
        int32_t result = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
        if (result < 0)
            result = -errno;
        if (result == -EAGAIN)
            break;
        if (result < 0 && vn_accept_is_transient(result))
            continue;
        source->accept_budget = result < 0 ? 0 : source->accept_budget - 1;
        count += tell(&events[count], source, VN_ACCEPTED, result);
    }
    if (source->accept_budget == 0)
        delist(ring, source);
    return count;
}

static int32_t writable(struct vn_source *source, struct vn_event *event)
{
    int64_t count = send_message(source, source->message);
    if (count == -EAGAIN)
        return 0;
    source->message = NULL;
    source->outstanding = 0;
    return tell(event, source, VN_SENT, (int32_t) count); /* Linux takes less than 2 GiB at once */
}

/* One epoll event. Gives at most `capacity` events, and more than one only of a listening
 * source. */
static int32_t heard(struct epoll *ring, const struct epoll_event *said, struct vn_event *events,
                     int32_t capacity)
{
    if (vn_unlikely(said->data.u64 == WAKEUP_NAME)) {
        vn_wakeup_answer(&ring->wakeup);
        return tell(events, NULL, VN_WOKEN, 0);
    }
    uint32_t index = (uint32_t) said->data.u64;
    struct vn_source *source =
        vn_slab_find(ring->ring.slab, index, (uint32_t) (said->data.u64 >> 32));
    if (source == NULL || (source->wants & WANTS_END))
        return 0;
    if (source->has & IS_LISTENING)
        return accept_some(ring, source, events, capacity);
    if (source->has & IS_SHARED)
        return ready(source, said->events, events);

    if (said->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        source->has |= IS_READABLE | IS_HUNG_UP;
    if (said->events & EPOLLPRI)
        source->has |= IS_READABLE | IS_URGENT;
    if (said->events & EPOLLIN)
        source->has |= IS_READABLE;
    if (needs_buffer(source))
        queue_turn(ring, source);
    bool may_send = said->events & (EPOLLOUT | EPOLLHUP | EPOLLERR);
    return source->message != NULL && may_send ? writable(source, events) : 0;
}

/* Wait for at most `max` epoll events. Returns their number or -errno. */
static int32_t fetch(struct epoll *ring, int32_t max, int64_t timeout)
{
    int32_t count;
    if (timeout > 0 && ring->has_nanoseconds) {
        struct timespec span = vn_duration(timeout);
        count = (int32_t) syscall(SYS_epoll_pwait2, ring->fd, ring->fetched, max, &span, NULL, 0);
    } else {
        int64_t milliseconds = timeout / 1000000 + (timeout % 1000000 != 0);
        int32_t span =
            timeout < 0 ? -1 : (int32_t) (milliseconds < INT_MAX ? milliseconds : INT_MAX);
        count = epoll_wait(ring->fd, ring->fetched, max, span);
    }
    if (count >= 0)
        return count;
    return errno == EINTR ? 0 : -errno;
}

static int32_t listen_to_epoll(struct epoll *ring, struct vn_event *events, int32_t capacity,
                               int64_t timeout)
{
    int32_t fetched = fetch(ring, capacity < FETCH_MAX ? capacity : FETCH_MAX, timeout);
    if (fetched < 0)
        return fetched;
    int32_t count = 0;
    for (int32_t i = 0; i < fetched; i++) {
        int32_t later = fetched - 1 - i; /* each may need one */
        count += heard(ring, &ring->fetched[i], &events[count], capacity - count - later);
    }
    return count;
}

static int32_t finish_ended(struct epoll *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    while (ring->ended.first != NULL && count < capacity) {
        struct vn_source *source = ring->ended.first;
        if (source->has & IS_LISTENING) {
            int32_t fd = vn_accept_rest(source->fd);
            if (fd >= 0) {
                count += tell(&events[count], source, VN_ACCEPTED, fd);
                continue;
            }
            close(source->fd);
        }
        vn_queue_pop(&ring->ended);
        count += tell(&events[count], source, VN_ENDED, 0);
    }
    return count;
}

static int32_t ep_wait(struct vn_ring *base, struct vn_event *events, int32_t capacity,
                       int64_t timeout)
{
    struct epoll *ring = epoll_of(base);
    int64_t until = timeout > 0 ? (int64_t) vn_clock_nanoseconds() + timeout : 0;
    for (;;) {
        int32_t count = finish_ended(ring, events, capacity);
        bool has_turns = (ring->turns.first != NULL || ring->full.first != NULL) && !ring->is_stuck;
        if (count < capacity) {
            int64_t span = count > 0 || has_turns ? 0 : timeout;
            int32_t heard = listen_to_epoll(ring, events + count, capacity - count, span);
            if (vn_unlikely(heard < 0))
                return heard;
            count += heard;
        }
        count += take_turns(ring, events + count, capacity - count);
        if (count > 0)
            return count;
        if (ring->ended.first != NULL)
            continue;
        if (timeout == 0)
            return 0;
        if (timeout > 0 && (timeout = until - (int64_t) vn_clock_nanoseconds()) <= 0)
            return 0;
    }
}

static bool ep_has_more(const struct vn_ring *base)
{
    const struct epoll *ring = (const struct epoll *) base;
    return ring->turns.first != NULL || ring->full.first != NULL;
}

/* ---- Opening and closing ---- */

static void ep_close(struct vn_ring *base)
{
    struct epoll *ring = epoll_of(base);
    close(ring->fd);
    close(ring->wakeup.fd);
    vn_pool_close(&ring->pool);
    free(ring);
}

static const struct vn_ring_ops ep_ops = {
    .name = "epoll",
    .close = ep_close,
    .begin = ep_begin,
    .accept = ep_accept,
    .receive = ep_receive,
    .pause = ep_pause,
    .quiesce = ep_quiesce,
    .has_input = vn_source_has_input,
    .send = ep_send,
    .try_send = ep_try_send,
    .watch = ep_watch,
    .end = ep_end,
    .give = ep_give,
    .wake = ep_wake,
    .wait = ep_wait,
    .has_more = ep_has_more,
};

int32_t vn_epoll_open(struct vn_ring **opened, struct vn_slab *slab)
{
    struct epoll *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    ring->ring = (struct vn_ring) {.ops = &ep_ops, .slab = slab};

    int32_t error = vn_pool_open(&ring->pool);
    if (error < 0)
        goto free_ring;
    error = vn_wakeup_open(&ring->wakeup);
    if (error < 0)
        goto close_pool;
    ring->fd = epoll_create1(EPOLL_CLOEXEC);
    error = -errno;
    if (ring->fd < 0)
        goto close_wakeup;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = WAKEUP_NAME};
    error = epoll_ctl(ring->fd, EPOLL_CTL_ADD, ring->wakeup.fd, &event) < 0 ? -errno : 0;
    if (error < 0)
        goto close_epoll;

    struct timespec none = {0};
    ring->has_nanoseconds =
        syscall(SYS_epoll_pwait2, ring->fd, ring->fetched, 1, &none, NULL, 0) >= 0;
    *opened = &ring->ring;
    return 0;

close_epoll:
    close(ring->fd);
close_wakeup:
    close(ring->wakeup.fd);
close_pool:
    vn_pool_close(&ring->pool);
free_ring:
    free(ring);
    return error;
}

#endif
