// SPDX-License-Identifier: MIT
/* uring.c - the ring on io_uring. What is asked becomes submission entries; wait hands them over
 * with one system call, waits in the same call, and turns the batch of completions into events.
 * Opening it is uring_open.c; the rest is one file, so that it can be read beside ring.h from end
 * to end. */
#include "uring_core.h"

#if defined(__linux__)

#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

/* Above this budget accepts are multishot. Such a one takes the whole accept queue in one wait,
 * so the queue has to fit into what is left of the budget below. Under it each accept is its
 * own, several of them when the queue was not empty. */
enum { MULTISHOT_BUDGET = 8192, ACCEPTS_MAX = 16 };

/* Receives that are begun in one wait for sources that were paused. */
enum { LITTLE_MAX = 2 };

enum {
    WANTS_RECEIVE = 1,
    WANTS_WATCH = 2,
    WANTS_END = 4,
    /* Its owner paused it and its input was not used up since: it gets a buffer at a time and waits
     * for its turn, because a multishot receive would take dozens of them in one wait. */
    WANTS_LITTLE = 8,
    FILLED_BUFFER =
        16, /* its last receive did: one more that does not, before it gets much again */
    WANTS_QUIET = 32,
};

enum {
    IS_RECEIVING = 1, /* a receive is in flight */
    IS_WATCHING = 2, /* a poll is in flight */
    IS_LISTENING = 4, /* its operations in flight are accepts */
    IS_RECALLING = 8, /* its accepts are being cancelled: no new ones until all are back */
    HAS_RECEIVED = 16, /* it stayed after its first bytes: receives are multishot from now on */
    IS_QUEUED = 32, /* on `work`, `small`, `starved`, `quiet` or `ended` */
    IS_STARVED = 64, /* on `starved` */
    IS_MULTISHOT = 128, /* its accept in flight goes on by itself */
};

/* ---- Submission entries ---- */

/* Index, and as much of the generation as fits. A source stays until its last completion, so
 * this always finds it; the generation is there to prove it. */
static uint64_t name_of(uint8_t operation, const struct vn_source *source)
{
    return (uint64_t) operation << 56 | (uint64_t) (source->generation & 0xffffff) << 32 |
           source->index;
}

/* An entry to fill. A full queue is handed over first. */
struct io_uring_sqe *vn_uring_next_entry(struct vn_uring *ring)
{
    struct io_uring_sqe *entry;
    while ((entry = io_uring_get_sqe(&ring->kernel)) == NULL) {
        int32_t result = io_uring_submit(&ring->kernel);
        if (result < 0 && result != -EINTR && result != -EAGAIN && result != -EBUSY) {
            ring->failure = result;
            return &ring->nowhere;
        }
    }
    return entry;
}

/* Cancel an operation in flight. Entries are executed in order, so it cannot hit a later one of
 * the same name. */
static void cancel(struct vn_uring *ring, uint64_t name, int32_t flags)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_cancel64(entry, name, flags);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = (uint64_t) VN_URING_DONE_SILENTLY << 56;
}

static void close_descriptor(struct vn_uring *ring, int32_t fd)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_close(entry, fd);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = (uint64_t) VN_URING_DONE_SILENTLY << 56;
}

/* The first receive is one-shot: a connection that serves one request and closes never pays for
 * cancelling. */
static void submit_receive(struct vn_uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    if ((source->has & HAS_RECEIVED) && !(source->wants & WANTS_LITTLE))
        io_uring_prep_recv_multishot(entry, source->fd, NULL, 0, 0);
    else
        io_uring_prep_recv(entry, source->fd, NULL, VN_URING_BUFFER_SIZE, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = VN_URING_BUFFER_GROUP;
    entry->user_data = name_of(VN_URING_RECEIVE, source);
    source->has |= IS_RECEIVING;
    source->outstanding++;
}

static void submit_accept(struct vn_uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_accept(entry, source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (source->accept_budget > MULTISHOT_BUDGET) {
        entry->ioprio |= IORING_ACCEPT_MULTISHOT;
        source->has |= IS_MULTISHOT;
    }
    entry->user_data = name_of(VN_URING_ACCEPT, source);
    source->outstanding++;
}

/* Have as many accepts in flight as the budget allows and `max`, which counts only without
 * multishot. */
static void adjust_accepts(struct vn_uring *ring, struct vn_source *source, uint32_t max)
{
    bool is_multishot = source->accept_budget > MULTISHOT_BUDGET;
    if (source->has & IS_RECALLING)
        return;
    if (source->outstanding > source->accept_budget ||
        ((source->has & IS_MULTISHOT) && !is_multishot)) {
        source->has |= IS_RECALLING;
        cancel(ring, name_of(VN_URING_ACCEPT, source), IORING_ASYNC_CANCEL_ALL);
        return;
    }
    max = is_multishot ? 1 : max;
    while (source->outstanding < max && source->outstanding < source->accept_budget)
        submit_accept(ring, source);
}

static void submit_watch(struct vn_uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_poll_add(entry, source->fd, source->watch_mask);
    entry->user_data = name_of(VN_URING_WATCH, source);
    source->has |= IS_WATCHING;
    source->outstanding++;
}

void vn_uring_submit_wakeup(struct vn_uring *ring)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(ring);
    io_uring_prep_poll_multishot(entry, ring->wakeup.fd, POLLIN);
    entry->user_data = (uint64_t) VN_URING_WAKEUP << 56;
}

static void queue_work(struct vn_uring *ring, struct vn_source *source)
{
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    bool is_small = (source->wants & (WANTS_LITTLE | WANTS_END)) == WANTS_LITTLE;
    vn_queue_push(is_small ? &ring->small : &ring->work, source);
}

/* ---- What the owner asks ---- */

static void uring_begin(struct vn_ring *base, struct vn_source *source)
{
    (void) base;
    source->wants = 0;
    source->has = 0;
}

static void uring_accept(struct vn_ring *base, struct vn_source *source, uint32_t budget)
{
    struct vn_uring *ring = uring_of(base);
    source->has |= IS_LISTENING;
    source->accept_budget = budget;
    adjust_accepts(ring, source, 1);
}

static void uring_receive(struct vn_ring *base, struct vn_source *source)
{
    source->wants = (uint8_t) ((source->wants & ~WANTS_QUIET) | WANTS_RECEIVE);
    if (source->has & (IS_RECEIVING | IS_QUEUED))
        return;
    if (vn_unlikely(source->wants & WANTS_LITTLE))
        queue_work(uring_of(base), source);
    else
        submit_receive(uring_of(base), source);
}

static void uring_pause(struct vn_ring *base, struct vn_source *source)
{
    if (!(source->wants & WANTS_RECEIVE))
        return;
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
    source->wants |= WANTS_LITTLE;
    if (source->has & IS_RECEIVING)
        cancel(uring_of(base), name_of(VN_URING_RECEIVE, source), 0);
}

static void uring_quiesce(struct vn_ring *base, struct vn_source *source)
{
    struct vn_uring *ring = uring_of(base);
    source->wants = (uint8_t) ((source->wants & ~WANTS_RECEIVE) | WANTS_QUIET);
    if (source->has & IS_RECEIVING)
        cancel(ring, name_of(VN_URING_RECEIVE, source), 0);
    else
        queue_work(ring, source);
}

static int64_t uring_send(struct vn_ring *base, struct vn_source *source,
                          const struct msghdr *message)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(uring_of(base));
    if (message->msg_iovlen == 1) {
        size_t count = vn_smaller(message->msg_iov->iov_len, INT32_MAX);
        io_uring_prep_send(entry, source->fd, message->msg_iov->iov_base, count, MSG_NOSIGNAL);
    } else {
        io_uring_prep_sendmsg(entry, source->fd, message, MSG_NOSIGNAL);
    }
    entry->user_data = name_of(VN_URING_SEND, source);
    source->message = message;
    source->outstanding++;
    return 0;
}

static int64_t uring_read(struct vn_ring *base, struct vn_source *source, struct vn_read *read)
{
    struct io_uring_sqe *entry = vn_uring_next_entry(uring_of(base));
    io_uring_prep_read(entry, source->fd, read->bytes, read->count, read->at);
    entry->user_data = name_of(VN_URING_READ, source);
    source->outstanding++;
    return -EINPROGRESS;
}

static void uring_watch(struct vn_ring *base, struct vn_source *source, uint32_t mask)
{
    bool is_new = source->watch_mask != mask;
    source->wants |= WANTS_WATCH;
    source->watch_mask = mask;
    if (!(source->has & IS_WATCHING))
        submit_watch(uring_of(base), source);
    else if (is_new)
        cancel(uring_of(base), name_of(VN_URING_WATCH, source), 0);
}

static void uring_end(struct vn_ring *base, struct vn_source *source)
{
    struct vn_uring *ring = uring_of(base);
    assert(!(source->wants & WANTS_END));
    source->wants = WANTS_END;
    if (source->has & IS_RECEIVING)
        cancel(ring, name_of(VN_URING_RECEIVE, source), 0);
    if (source->has & IS_WATCHING)
        cancel(ring, name_of(VN_URING_WATCH, source), 0);
    if (source->has & IS_LISTENING) {
        source->accept_budget = 0;
        adjust_accepts(ring, source, 0);
    }
    if (source->message != NULL)
        cancel(ring, name_of(VN_URING_SEND, source), 0);
    if (source->outstanding == 0)
        queue_work(ring, source);
    if (source->has & IS_STARVED)
        ring->ends_starved = true;
}

void vn_uring_take_back(struct vn_uring *ring, uint16_t buffer)
{
    uint8_t *bytes = ring->memory + (size_t) buffer * VN_URING_BUFFER_SIZE;
    io_uring_buf_ring_add(ring->free_buffers, bytes, VN_URING_BUFFER_SIZE, buffer,
                          VN_URING_BUFFERS - 1, ring->given);
    ring->given++;
}

void vn_uring_issue(struct vn_uring *ring, int32_t count)
{
    while (ring->issued < count && ring->issued < VN_URING_BUFFERS)
        vn_uring_take_back(ring, (uint16_t) ring->issued++);
}

static void uring_give(struct vn_ring *base, uint16_t buffer)
{
    struct vn_uring *ring = uring_of(base);
    assert(buffer < VN_URING_BUFFERS && ring->lent > 0);
    ring->lent--;
    vn_uring_take_back(ring, buffer);
}

static void uring_wake(struct vn_ring *base)
{
    vn_wakeup_ask(&uring_of(base)->wakeup);
}

/* ---- Completions. Each gives one event or none. ---- */

/* After an operation has come back: true when the source is ending, so that nobody hears of the
 * result. */
static bool is_unheard(struct vn_uring *ring, struct vn_source *source)
{
    if (!(source->wants & WANTS_END))
        return false;
    if (source->outstanding == 0)
        queue_work(ring, source);
    return true;
}

/* Every source without a buffer tries again: one that has no input yet takes none, so a few
 * might be the wrong few. */
static void free_starved(struct vn_uring *ring)
{
    struct vn_source *source;
    ring->ends_starved = false;
    while ((source = vn_queue_pop(&ring->starved)) != NULL) {
        source->has &= (uint8_t) ~IS_STARVED;
        vn_queue_push(&ring->work, source);
    }
}

static void starve(struct vn_uring *ring, struct vn_source *source)
{
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED | IS_STARVED;
    vn_queue_push(&ring->starved, source);
}

static void note_little(struct vn_source *source, int32_t count)
{
    if (count == VN_URING_BUFFER_SIZE)
        source->wants |= FILLED_BUFFER;
    else if (source->wants & FILLED_BUFFER)
        source->wants &= (uint8_t) ~FILLED_BUFFER;
    else
        source->wants &= (uint8_t) ~WANTS_LITTLE;
}

static int32_t received(struct vn_uring *ring, struct vn_source *source,
                        const struct io_uring_cqe *completion, struct vn_event *event)
{
    int32_t result = completion->res;
    uint16_t buffer = (uint16_t) (completion->flags >> IORING_CQE_BUFFER_SHIFT);
    bool is_last = !(completion->flags & IORING_CQE_F_MORE);
    if (is_last) {
        source->has &= (uint8_t) ~IS_RECEIVING;
        source->outstanding--;
    }
    if ((completion->flags & IORING_CQE_F_BUFFER) && (result <= 0 || (source->wants & WANTS_END)))
        vn_uring_take_back(ring, buffer);
    if (is_unheard(ring, source))
        return 0;

    if (vn_likely(result > 0)) {
        source->has |= HAS_RECEIVED;
        if (vn_unlikely(source->wants & WANTS_LITTLE))
            note_little(source, result);
        if (is_last)
            queue_work(ring, source);
        ring->lent++;
        uint8_t *bytes = ring->memory + (size_t) buffer * VN_URING_BUFFER_SIZE;
        *event = (struct vn_event) {source, bytes, result, buffer, VN_RECEIVED};
        return 1;
    }
    if (result == -ENOBUFS) {
        ring->ran_out = true;
        starve(ring, source);
        return 0;
    }
    if (result == -ECANCELED || result == -EINTR || result == -EAGAIN) {
        queue_work(ring, source);
        return 0;
    }
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
    *event = (struct vn_event) {.source = source, .count = result, .type = VN_RECEIVED};
    return 1;
}

static int32_t sent(struct vn_uring *ring, struct vn_source *source, int32_t result,
                    struct vn_event *event)
{
    source->outstanding--;
    source->message = NULL;
    if (is_unheard(ring, source))
        return 0;
    bool is_interrupted = result == -EINTR || result == -EAGAIN;
    *event =
        (struct vn_event) {.source = source, .count = is_interrupted ? 0 : result, .type = VN_SENT};
    return 1;
}

static int32_t read_done(struct vn_uring *ring, struct vn_source *source, int32_t result,
                         struct vn_event *event)
{
    source->outstanding--;
    if (is_unheard(ring, source))
        return 0;
    *event = (struct vn_event) {.source = source, .count = result, .type = VN_READ};
    return 1;
}

static int32_t accepted(struct vn_uring *ring, struct vn_source *source,
                        const struct io_uring_cqe *completion, struct vn_event *event)
{
    int32_t result = completion->res;
    if (!(completion->flags & IORING_CQE_F_MORE))
        source->outstanding--;
    if (source->outstanding == 0)
        source->has &= (uint8_t) ~(IS_RECALLING | IS_MULTISHOT);

    bool is_told = result >= 0; /* a connection is never dropped, not even at the end */
    if (!is_unheard(ring, source)) {
        if (result >= 0 && source->accept_budget > 0)
            source->accept_budget--;
        /* Accepts fail together; the owner hears of it once. */
        if (result < 0 && !vn_accept_is_transient(result) && source->accept_budget > 0) {
            source->accept_budget = 0;
            is_told = true;
        }
        adjust_accepts(ring, source,
                       completion->flags & IORING_CQE_F_SOCK_NONEMPTY ? ACCEPTS_MAX : 1);
    }
    if (!is_told)
        return 0;
    *event = (struct vn_event) {.source = source, .count = result, .type = VN_ACCEPTED};
    return 1;
}

static int32_t watched(struct vn_uring *ring, struct vn_source *source, int32_t result,
                       struct vn_event *event)
{
    source->has &= (uint8_t) ~IS_WATCHING;
    source->outstanding--;
    if (is_unheard(ring, source))
        return 0;

    /* The mask may have been replaced since: what the old one found may be nothing to the new
     * one. */
    uint32_t found =
        result > 0 ? (uint32_t) result & (source->watch_mask | POLLERR | POLLHUP | POLLNVAL) : 0;
    if (result < 0 && result != -ECANCELED)
        found = POLLERR;
    if (found == 0) {
        submit_watch(ring, source);
        return 0;
    }
    source->wants &= (uint8_t) ~WANTS_WATCH;
    *event = (struct vn_event) {.source = source, .count = (int32_t) found, .type = VN_READY};
    return 1;
}

static int32_t woken(struct vn_uring *ring, const struct io_uring_cqe *completion,
                     struct vn_event *event)
{
    if (!(completion->flags & IORING_CQE_F_MORE)) {
        vn_wakeup_descriptor_clear(ring->wakeup.fd); /* it would be found again at once */
        vn_uring_submit_wakeup(ring);
    }
    vn_wakeup_answer(&ring->wakeup);
    *event = (struct vn_event) {.type = VN_WOKEN};
    return 1;
}

static int32_t complete(struct vn_uring *ring, const struct io_uring_cqe *completion,
                        struct vn_event *event)
{
    uint8_t operation = (uint8_t) (completion->user_data >> 56);
    if (vn_unlikely(operation == VN_URING_DONE_SILENTLY))
        return 0;
    if (vn_unlikely(operation == VN_URING_WAKEUP))
        return woken(ring, completion, event);

    struct vn_source *source = vn_slab_slot(ring->ring.slab, (uint32_t) completion->user_data);
    assert(completion->user_data == name_of(operation, source));
    switch (operation) {
    case VN_URING_RECEIVE:
        return received(ring, source, completion, event);
    case VN_URING_SEND:
        return sent(ring, source, completion->res, event);
    case VN_URING_ACCEPT:
        return accepted(ring, source, completion, event);
    case VN_URING_READ:
        return read_done(ring, source, completion->res, event);
    default:
        return watched(ring, source, completion->res, event);
    }
}

/* ---- Waiting ---- */

/* What must be in the submission queue before it is handed over. */
void vn_uring_prepare(struct vn_uring *ring)
{
    if (vn_unlikely(ring->ran_out)) {
        ring->ran_out = false;
        vn_uring_issue(ring, 2 * ring->issued);
    }
    if (ring->given > 0) {
        io_uring_buf_ring_advance(ring->free_buffers, ring->given);
        ring->given = 0;
    }
    /* Not only after give: a source may have found no buffer before those were published that
     * are free now. */
    if (ring->starved.first != NULL && (ring->lent < ring->issued || ring->ends_starved))
        free_starved(ring);
    for (int32_t i = 0; i < LITTLE_MAX && ring->small.first != NULL; i++)
        vn_queue_push(&ring->work, vn_queue_pop(&ring->small));

    struct vn_source *source;
    while ((source = vn_queue_pop(&ring->work)) != NULL) {
        source->has &= (uint8_t) ~IS_QUEUED;
        if ((source->wants & WANTS_RECEIVE) && !(source->has & IS_RECEIVING))
            submit_receive(ring, source);
        if ((source->wants & WANTS_QUIET) && !(source->has & IS_RECEIVING)) {
            source->has |= IS_QUEUED;
            vn_queue_push(&ring->quiet, source);
            continue;
        }
        if (!(source->wants & WANTS_END) || source->outstanding > 0)
            continue;
        if (!(source->has & IS_LISTENING))
            close_descriptor(ring, source->fd);
        source->has |= IS_QUEUED;
        vn_queue_push(&ring->ended, source);
    }
}

/* Hand everything over and wait. Returns 0, or -errno when the ring is broken. */
int32_t vn_uring_enter(struct vn_uring *ring, int64_t timeout)
{
    int32_t result;
    if (timeout < 0) {
        result = io_uring_submit_and_wait(&ring->kernel, 1);
    } else if (timeout == 0) {
        result = io_uring_submit_and_get_events(&ring->kernel);
    } else {
        struct timespec span = vn_duration(timeout);
        struct __kernel_timespec limit = {.tv_sec = span.tv_sec, .tv_nsec = span.tv_nsec};
        struct io_uring_cqe *first;
        result = io_uring_submit_and_wait_timeout(&ring->kernel, &first, 1, &limit, NULL);
    }
    if (ring->failure < 0)
        return ring->failure;
    bool is_passing = result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY;
    return result >= 0 || is_passing ? 0 : result;
}

/* A connection from the accept queue of a listening source at its end, or below 0 when there is
 * none. */
static int32_t drain_accept(const struct vn_source *source)
{
    /* The socket blocks and may be shared with other rings, so that a connection seen here can
     * be gone. */
    struct timeval moment = {.tv_usec = 1000};
    struct pollfd queue = {.fd = source->fd, .events = POLLIN};
    if (poll(&queue, 1, 0) <= 0)
        return -1;
    setsockopt(source->fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    return vn_accept_rest(source->fd);
}

/* One that was asked to receive again or to end meanwhile has other work to do. */
static int32_t tell_quiet(struct vn_uring *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    while (ring->quiet.first != NULL && count < capacity) {
        struct vn_source *source = vn_queue_pop(&ring->quiet);
        source->has &= (uint8_t) ~IS_QUEUED;
        if (source->wants & WANTS_QUIET) {
            source->wants &= (uint8_t) ~WANTS_QUIET;
            events[count++] = (struct vn_event) {.source = source, .type = VN_QUIET};
        } else
            queue_work(ring, source);
    }
    return count;
}

static int32_t finish_ended(struct vn_uring *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    while (ring->ended.first != NULL && count < capacity) {
        struct vn_source *source = ring->ended.first;
        if (source->has & IS_LISTENING) {
            int32_t fd = drain_accept(source);
            if (fd >= 0) {
                events[count++] =
                    (struct vn_event) {.source = source, .count = fd, .type = VN_ACCEPTED};
                continue;
            }
            close(source->fd);
        }
        vn_queue_pop(&ring->ended);
        events[count++] = (struct vn_event) {.source = source, .type = VN_ENDED};
    }
    return count;
}

static int32_t collect(struct vn_uring *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = finish_ended(ring, events, capacity);
    count += tell_quiet(ring, events + count, capacity - count);
    struct io_uring_cqe *completion;
    uint32_t head;
    uint32_t seen = 0;
    io_uring_for_each_cqe(&ring->kernel, head, completion)
    {
        if (count == capacity)
            break;
        count += complete(ring, completion, &events[count]);
        seen++;
    }
    io_uring_cq_advance(&ring->kernel, seen);
    return count;
}

static int32_t uring_wait(struct vn_ring *base, struct vn_event *events, int32_t capacity,
                          int64_t timeout)
{
    struct vn_uring *ring = uring_of(base);
    int64_t until = timeout > 0 ? (int64_t) vn_clock_nanoseconds() + timeout : 0;
    for (;;) {
        vn_uring_prepare(ring);
        bool has_events = ring->ended.first != NULL || ring->quiet.first != NULL ||
                          ring->small.first != NULL || io_uring_cq_ready(&ring->kernel) > 0;
        int32_t result = vn_uring_enter(ring, has_events ? 0 : timeout);
        if (vn_unlikely(result < 0))
            return result;
        int32_t count = collect(ring, events, capacity);
        if (count > 0 || timeout == 0)
            return count;
        if (timeout > 0 && (timeout = until - (int64_t) vn_clock_nanoseconds()) <= 0)
            return 0;
    }
}

static bool uring_has_more(const struct vn_ring *base)
{
    return io_uring_cq_ready(&((const struct vn_uring *) base)->kernel) > 0;
}

/* ---- Closing ---- */

static void uring_close(struct vn_ring *base)
{
    struct vn_uring *ring = uring_of(base);
    io_uring_queue_exit(&ring->kernel);
    munmap(ring->free_buffers, VN_URING_BUFFER_RING_SIZE);
    munmap(ring->memory, (size_t) VN_URING_BUFFERS * VN_URING_BUFFER_SIZE);
    close(ring->wakeup.fd);
    free(ring);
}

const struct vn_ring_ops vn_uring_ops = {
    .name = "io_uring",
    .close = uring_close,
    .begin = uring_begin,
    .accept = uring_accept,
    .receive = uring_receive,
    .pause = uring_pause,
    .quiesce = uring_quiesce,
    .has_input = vn_source_has_input,
    .send = uring_send,
    .read = uring_read,
    .watch = uring_watch,
    .end = uring_end,
    .give = uring_give,
    .wake = uring_wake,
    .wait = uring_wait,
    .has_more = uring_has_more,
};

#endif
