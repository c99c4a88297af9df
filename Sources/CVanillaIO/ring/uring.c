// SPDX-License-Identifier: MIT
/* uring.c - the ring on io_uring. What is asked becomes submission entries; wait hands them over
 * with one system call, waits in the same call, and turns the batch of completions into events. */
#include "ring.h"

#if !defined(__linux__)

int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab)
{
    (void) ring;
    (void) slab;
    return -ENOSYS;
}

#else

#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend.h"
#include "uring.h"
#include "uring_new.h"

/* Receive buffers: enough that a burst of input does not wait for give, small enough that a turn
 * stays in the cache. */
enum { BUFFERS = 1024, BUFFER_SIZE = 4096, BUFFER_GROUP = 0 };
enum { BUFFER_RING_SIZE = BUFFERS * sizeof(struct io_uring_buf) };

/* Above this budget accepts are multishot. Such a one takes the whole accept queue in one wait,
 * so the queue has to fit into what is left of the budget below. Under it each accept is its
 * own, several of them when the queue was not empty. */
enum { MULTISHOT_BUDGET = 8192, ACCEPTS_MOST = 16 };

/* Receives that are begun in one wait for sources that were held back. */
enum { LITTLE_MOST = 2 };

/* Which operation a completion is of: the top byte of its user_data. DONE_SILENTLY has no
 * source. */
enum { DONE_SILENTLY, WAKEUP, RECEIVE, SEND, ACCEPT, WATCH };

enum {
    WANTS_RECEIVE = 1,
    WANTS_WATCH = 2,
    WANTS_END = 4,
    /* Its owner held it back and its input was not used up since: it gets a buffer at a time and waits
     * for its turn, because a multishot receive would take dozens of them in one wait. */
    WANTS_LITTLE = 8,
    FILLED_BUFFER =
        16, /* its last receive did: one more that does not, before it gets much again */
};

enum {
    IS_RECEIVING = 1,  /* a receive is in flight */
    IS_WATCHING = 2,   /* a poll is in flight */
    IS_LISTENING = 4,  /* its operations in flight are accepts */
    IS_RECALLING = 8,  /* its accepts are being cancelled: no new ones until all are back */
    HAS_RECEIVED = 16, /* it stayed after its first bytes: receives are multishot from now on */
    IS_QUEUED = 32,    /* on `work`, `patient`, `starved` or `ended` */
    IS_STARVED = 64, /* on `starved` */
    IS_MULTISHOT = 128, /* its accept in flight goes on by itself */
};

struct uring {
    struct vn_ring ring;
    struct io_uring kernel;
    struct io_uring_buf_ring *free_buffers;
    uint8_t *memory; /* of the buffers */
    int32_t lent;    /* buffers that the owner has */
    int32_t given;   /* buffers given back that the kernel was not told of yet */
    int32_t failure; /* -errno that broke the ring for good */
    bool ends_starved; /* a source on `starved` is ending */
    struct vn_source_queue work;    /* to look at before the next submission */
    struct vn_source_queue patient; /* the same, a few at a time */
    struct vn_source_queue starved; /* found no buffer; wait for give */
    struct vn_source_queue ended;   /* nothing in flight: deliver ENDED */
    struct vn_wakeup wakeup;
    struct io_uring_sqe nowhere; /* takes the entries of a broken ring */
};

static struct uring *uring_of(struct vn_ring *ring)
{
    return vn_holder(ring, struct uring, ring);
}

/* ---- Submission entries ---- */

/* Index, and as much of the generation as fits. A source stays until its last completion, so
 * this always finds it; the generation is there to prove it. */
static uint64_t name_of(uint8_t operation, const struct vn_source *source)
{
    return (uint64_t) operation << 56 | (uint64_t) (source->generation & 0xffffff) << 32 |
           source->index;
}

/* An entry to fill. A full queue is handed over first. */
static struct io_uring_sqe *next_entry(struct uring *ring)
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
static void cancel(struct uring *ring, uint64_t name, int32_t flags)
{
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_cancel64(entry, name, flags);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = (uint64_t) DONE_SILENTLY << 56;
}

static void close_descriptor(struct uring *ring, int32_t fd)
{
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_close(entry, fd);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = (uint64_t) DONE_SILENTLY << 56;
}

/* The first receive is one-shot: a connection that serves one request and closes never pays for
 * cancelling. */
static void submit_receive(struct uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = next_entry(ring);
    if ((source->has & HAS_RECEIVED) && !(source->wants & WANTS_LITTLE))
        io_uring_prep_recv_multishot(entry, source->fd, NULL, 0, 0);
    else
        io_uring_prep_recv(entry, source->fd, NULL, BUFFER_SIZE, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = BUFFER_GROUP;
    entry->user_data = name_of(RECEIVE, source);
    source->has |= IS_RECEIVING;
    source->outstanding++;
}

static void submit_accept(struct uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_accept(entry, source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (source->accept_budget > MULTISHOT_BUDGET) {
        entry->ioprio |= IORING_ACCEPT_MULTISHOT;
        source->has |= IS_MULTISHOT;
    }
    entry->user_data = name_of(ACCEPT, source);
    source->outstanding++;
}

/* Have as many accepts in flight as the budget allows and `most`, which counts only without
 * multishot. */
static void adjust_accepts(struct uring *ring, struct vn_source *source, uint32_t most)
{
    bool is_multishot = source->accept_budget > MULTISHOT_BUDGET;
    if (source->has & IS_RECALLING)
        return;
    if (source->outstanding > source->accept_budget ||
        ((source->has & IS_MULTISHOT) && !is_multishot)) {
        source->has |= IS_RECALLING;
        cancel(ring, name_of(ACCEPT, source), IORING_ASYNC_CANCEL_ALL);
        return;
    }
    most = is_multishot ? 1 : most;
    while (source->outstanding < most && source->outstanding < source->accept_budget)
        submit_accept(ring, source);
}

static void submit_watch(struct uring *ring, struct vn_source *source)
{
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_poll_add(entry, source->fd, source->watch_mask);
    entry->user_data = name_of(WATCH, source);
    source->has |= IS_WATCHING;
    source->outstanding++;
}

static void submit_wakeup(struct uring *ring)
{
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_poll_multishot(entry, ring->wakeup.fd, POLLIN);
    entry->user_data = (uint64_t) WAKEUP << 56;
}

static void queue_work(struct uring *ring, struct vn_source *source)
{
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    bool is_patient = (source->wants & (WANTS_LITTLE | WANTS_END)) == WANTS_LITTLE;
    vn_queue_push(is_patient ? &ring->patient : &ring->work, source);
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
    struct uring *ring = uring_of(base);
    source->has |= IS_LISTENING;
    source->accept_budget = budget;
    adjust_accepts(ring, source, 1);
}

static void uring_receive(struct vn_ring *base, struct vn_source *source)
{
    source->wants |= WANTS_RECEIVE;
    if (source->has & (IS_RECEIVING | IS_QUEUED))
        return;
    if (vn_unlikely(source->wants & WANTS_LITTLE))
        queue_work(uring_of(base), source);
    else
        submit_receive(uring_of(base), source);
}

static void uring_hold(struct vn_ring *base, struct vn_source *source)
{
    if (!(source->wants & WANTS_RECEIVE))
        return;
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
    source->wants |= WANTS_LITTLE;
    if (source->has & IS_RECEIVING)
        cancel(uring_of(base), name_of(RECEIVE, source), 0);
}

static int64_t uring_send(struct vn_ring *base, struct vn_source *source,
                          const struct msghdr *message)
{
    struct io_uring_sqe *entry = next_entry(uring_of(base));
    if (message->msg_iovlen == 1) {
        size_t count = vn_smaller(message->msg_iov->iov_len, INT32_MAX);
        io_uring_prep_send(entry, source->fd, message->msg_iov->iov_base, count, MSG_NOSIGNAL);
    } else {
        io_uring_prep_sendmsg(entry, source->fd, message, MSG_NOSIGNAL);
    }
    entry->user_data = name_of(SEND, source);
    source->message = message;
    source->outstanding++;
    return 0;
}

static void uring_watch(struct vn_ring *base, struct vn_source *source, uint32_t mask)
{
    bool is_new = source->watch_mask != mask;
    source->wants |= WANTS_WATCH;
    source->watch_mask = mask;
    if (!(source->has & IS_WATCHING))
        submit_watch(uring_of(base), source);
    else if (is_new)
        cancel(uring_of(base), name_of(WATCH, source), 0);
}

static void uring_end(struct vn_ring *base, struct vn_source *source)
{
    struct uring *ring = uring_of(base);
    assert(!(source->wants & WANTS_END));
    source->wants = WANTS_END;
    if (source->has & IS_RECEIVING)
        cancel(ring, name_of(RECEIVE, source), 0);
    if (source->has & IS_WATCHING)
        cancel(ring, name_of(WATCH, source), 0);
    if (source->has & IS_LISTENING) {
        source->accept_budget = 0;
        adjust_accepts(ring, source, 0);
    }
    if (source->message != NULL)
        cancel(ring, name_of(SEND, source), 0);
    if (source->outstanding == 0)
        queue_work(ring, source);
    if (source->has & IS_STARVED)
        ring->ends_starved = true;
}

static void take_back(struct uring *ring, uint16_t buffer)
{
    uint8_t *bytes = ring->memory + (size_t) buffer * BUFFER_SIZE;
    io_uring_buf_ring_add(ring->free_buffers, bytes, BUFFER_SIZE, buffer, BUFFERS - 1, ring->given);
    ring->given++;
}

static void uring_give(struct vn_ring *base, uint16_t buffer)
{
    struct uring *ring = uring_of(base);
    assert(buffer < BUFFERS && ring->lent > 0);
    ring->lent--;
    take_back(ring, buffer);
}

static void uring_wake(struct vn_ring *base)
{
    vn_wakeup_ask(&uring_of(base)->wakeup);
}

/* ---- Completions. Each gives one event or none. ---- */

/* After an operation has come back: true when the source is ending, so that nobody hears of the
 * result. */
static bool is_unheard(struct uring *ring, struct vn_source *source)
{
    if (!(source->wants & WANTS_END))
        return false;
    if (source->outstanding == 0)
        queue_work(ring, source);
    return true;
}

/* Every source without a buffer tries again: one that has no input yet takes none, so a few
 * might be the wrong few. */
static void free_starved(struct uring *ring)
{
    struct vn_source *source;
    ring->ends_starved = false;
    while ((source = vn_queue_pop(&ring->starved)) != NULL) {
        source->has &= (uint8_t) ~IS_STARVED;
        vn_queue_push(&ring->work, source);
    }
}

static void starve(struct uring *ring, struct vn_source *source)
{
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED | IS_STARVED;
    vn_queue_push(&ring->starved, source);
}

static void note_little(struct vn_source *source, int32_t count)
{
    if (count == BUFFER_SIZE)
        source->wants |= FILLED_BUFFER;
    else if (source->wants & FILLED_BUFFER)
        source->wants &= (uint8_t) ~FILLED_BUFFER;
    else
        source->wants &= (uint8_t) ~WANTS_LITTLE;
}

static int32_t received(struct uring *ring, struct vn_source *source,
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
        take_back(ring, buffer);
    if (is_unheard(ring, source))
        return 0;

    if (vn_likely(result > 0)) {
        source->has |= HAS_RECEIVED;
        if (vn_unlikely(source->wants & WANTS_LITTLE))
            note_little(source, result);
        if (is_last)
            queue_work(ring, source);
        ring->lent++;
        uint8_t *bytes = ring->memory + (size_t) buffer * BUFFER_SIZE;
        *event = (struct vn_event) {source, bytes, result, buffer, VN_RECEIVED};
        return 1;
    }
    if (result == -ENOBUFS) {
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

static int32_t sent(struct uring *ring, struct vn_source *source, int32_t result,
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

static int32_t accepted(struct uring *ring, struct vn_source *source,
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
                       completion->flags & IORING_CQE_F_SOCK_NONEMPTY ? ACCEPTS_MOST : 1);
    }
    if (!is_told)
        return 0;
    *event = (struct vn_event) {.source = source, .count = result, .type = VN_ACCEPTED};
    return 1;
}

static int32_t watched(struct uring *ring, struct vn_source *source, int32_t result,
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

static int32_t woken(struct uring *ring, const struct io_uring_cqe *completion,
                     struct vn_event *event)
{
    if (!(completion->flags & IORING_CQE_F_MORE)) {
        eventfd_t count; /* would be found again at once */
        eventfd_read(ring->wakeup.fd, &count);
        submit_wakeup(ring);
    }
    vn_wakeup_answer(&ring->wakeup);
    *event = (struct vn_event) {.type = VN_WOKEN};
    return 1;
}

static int32_t complete(struct uring *ring, const struct io_uring_cqe *completion,
                        struct vn_event *event)
{
    uint8_t operation = (uint8_t) (completion->user_data >> 56);
    if (vn_unlikely(operation == DONE_SILENTLY))
        return 0;
    if (vn_unlikely(operation == WAKEUP))
        return woken(ring, completion, event);

    struct vn_source *source = vn_slab_slot(ring->ring.slab, (uint32_t) completion->user_data);
    assert(completion->user_data == name_of(operation, source));
    switch (operation) {
    case RECEIVE:
        return received(ring, source, completion, event);
    case SEND:
        return sent(ring, source, completion->res, event);
    case ACCEPT:
        return accepted(ring, source, completion, event);
    default:
        return watched(ring, source, completion->res, event);
    }
}

/* ---- Waiting ---- */

/* What must be in the submission queue before it is handed over. */
static void prepare(struct uring *ring)
{
    if (ring->given > 0) {
        io_uring_buf_ring_advance(ring->free_buffers, ring->given);
        ring->given = 0;
    }
    /* Not only after give: a source may have found no buffer before those were published that
     * are free now. */
    if (ring->starved.first != NULL && (ring->lent < BUFFERS || ring->ends_starved))
        free_starved(ring);
    for (int32_t i = 0; i < LITTLE_MOST && ring->patient.first != NULL; i++)
        vn_queue_push(&ring->work, vn_queue_pop(&ring->patient));

    struct vn_source *source;
    while ((source = vn_queue_pop(&ring->work)) != NULL) {
        source->has &= (uint8_t) ~IS_QUEUED;
        if ((source->wants & WANTS_RECEIVE) && !(source->has & IS_RECEIVING))
            submit_receive(ring, source);
        if (!(source->wants & WANTS_END) || source->outstanding > 0)
            continue;
        if (!(source->has & IS_LISTENING))
            close_descriptor(ring, source->fd);
        source->has |= IS_QUEUED;
        vn_queue_push(&ring->ended, source);
    }
}

/* Hand everything over and wait. Returns 0, or -errno when the ring is broken. */
static int32_t enter(struct uring *ring, int64_t timeout)
{
    int32_t result;
    if (timeout < 0) {
        result = io_uring_submit_and_wait(&ring->kernel, 1);
    } else if (timeout == 0) {
        result = io_uring_submit_and_get_events(&ring->kernel);
    } else {
        struct timespec span = vn_duration(timeout);
        struct __kernel_timespec most = {.tv_sec = span.tv_sec, .tv_nsec = span.tv_nsec};
        struct io_uring_cqe *first;
        result = io_uring_submit_and_wait_timeout(&ring->kernel, &first, 1, &most, NULL);
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

static int32_t finish_ended(struct uring *ring, struct vn_event *events, int32_t capacity)
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

static int32_t collect(struct uring *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = finish_ended(ring, events, capacity);
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
    struct uring *ring = uring_of(base);
    int64_t until = timeout > 0 ? vn_nanoseconds() + timeout : 0;
    for (;;) {
        prepare(ring);
        bool has_events = ring->ended.first != NULL || ring->patient.first != NULL ||
                          io_uring_cq_ready(&ring->kernel) > 0;
        int32_t result = enter(ring, has_events ? 0 : timeout);
        if (vn_unlikely(result < 0))
            return result;
        int32_t count = collect(ring, events, capacity);
        if (count > 0 || timeout == 0)
            return count;
        if (timeout > 0 && (timeout = until - vn_nanoseconds()) <= 0)
            return 0;
    }
}

/* ---- Opening and closing ---- */

static void uring_close(struct vn_ring *base)
{
    struct uring *ring = uring_of(base);
    io_uring_queue_exit(&ring->kernel);
    munmap(ring->free_buffers, BUFFER_RING_SIZE);
    munmap(ring->memory, (size_t) BUFFERS * BUFFER_SIZE);
    close(ring->wakeup.fd);
    free(ring);
}

static const struct vn_ring_ops uring_ops = {
    .name = "io_uring",
    .close = uring_close,
    .begin = uring_begin,
    .accept = uring_accept,
    .receive = uring_receive,
    .hold = uring_hold,
    .send = uring_send,
    .watch = uring_watch,
    .end = uring_end,
    .give = uring_give,
    .wake = uring_wake,
    .wait = uring_wait,
};

static int32_t set_up(struct io_uring *kernel, const struct vn_uring_setup *setup)
{
    struct io_uring_params parameters = {
        .flags = setup->flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = setup->completions,
    };
    if (!(setup->flags & IORING_SETUP_NO_SQARRAY))
        return io_uring_queue_init_params(setup->entries, kernel, &parameters);

    /* liburing 2.3 would write the array which this setup leaves out. */
    int32_t fd = io_uring_setup(setup->entries, &parameters);
    if (fd < 0)
        return fd;
    int32_t error = io_uring_queue_mmap(fd, &parameters, kernel);
    if (error < 0)
        close(fd);
    kernel->features = parameters.features;
    return error;
}

static void *map_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int32_t register_buffers(struct uring *ring)
{
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t) (uintptr_t) ring->free_buffers,
        .ring_entries = BUFFERS,
        .bgid = BUFFER_GROUP,
    };
    int32_t error = io_uring_register_buf_ring(&ring->kernel, &registration, 0);
    if (error < 0)
        return error;
    io_uring_buf_ring_init(ring->free_buffers);
    for (uint16_t i = 0; i < BUFFERS; i++)
        take_back(ring, i);
    prepare(ring);
    return 0;
}

/* One step of the probe: a completion with `count` bytes, and more to come unless it is 0. */
static bool receives(struct uring *ring, int32_t count)
{
    struct io_uring_cqe *completion;
    if (enter(ring, 1000000000) < 0 || io_uring_peek_cqe(&ring->kernel, &completion) < 0)
        return false;

    uint32_t expected = count > 0 ? IORING_CQE_F_BUFFER | IORING_CQE_F_MORE : 0;
    uint32_t buffer = completion->flags >> IORING_CQE_BUFFER_SHIFT;
    bool is_right = completion->res == count &&
                    (completion->flags & (IORING_CQE_F_BUFFER | IORING_CQE_F_MORE)) == expected;
    if (is_right && count > 0) {
        is_right = buffer < BUFFERS && ring->memory[buffer * BUFFER_SIZE] == (uint8_t) count;
        take_back(ring, (uint16_t) (buffer % BUFFERS));
    }
    io_uring_cqe_seen(&ring->kernel, completion);
    prepare(ring);
    return is_right;
}

/* Kernel versions lie (containers, backports, emulations): receive for real once. */
static int32_t probe(struct uring *ring)
{
    int32_t pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    struct io_uring_sqe *entry = next_entry(ring);
    io_uring_prep_recv_multishot(entry, pair[0], NULL, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = BUFFER_GROUP;
    entry->user_data = (uint64_t) DONE_SILENTLY << 56;

    bool is_right = send(pair[1], "\1", 1, MSG_NOSIGNAL) == 1 && receives(ring, 1) &&
                    send(pair[1], "\2\2", 2, MSG_NOSIGNAL) == 2 && receives(ring, 2) &&
                    shutdown(pair[1], SHUT_WR) == 0 && receives(ring, 0);
    close(pair[0]);
    close(pair[1]);
    return is_right ? 0 : -EOPNOTSUPP;
}

int32_t vn_uring_open_with(struct vn_ring **opened, struct vn_slab *slab,
                           const struct vn_uring_setup *setup)
{
    struct uring *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    ring->ring = (struct vn_ring) {.ops = &uring_ops, .slab = slab};

    int32_t error = vn_wakeup_open(&ring->wakeup);
    if (error < 0)
        goto free_ring;
    error = set_up(&ring->kernel, setup);
    if (error < 0)
        goto close_wakeup;

    uint32_t needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    error = -EOPNOTSUPP;
    if ((ring->kernel.features & needed) != needed)
        goto exit_kernel;
    error = -ENOMEM;
    ring->free_buffers = map_memory(BUFFER_RING_SIZE);
    if (ring->free_buffers == NULL)
        goto exit_kernel;
    ring->memory = map_memory((size_t) BUFFERS * BUFFER_SIZE);
    if (ring->memory == NULL)
        goto unmap_ring;
    if ((error = register_buffers(ring)) < 0 || (error = probe(ring)) < 0)
        goto unmap_memory;

    io_uring_register_ring_fd(
        &ring->kernel); /* saves a little in each call; not every kernel can */
    submit_wakeup(ring);
    *opened = &ring->ring;
    return 0;

unmap_memory:
    munmap(ring->memory, (size_t) BUFFERS * BUFFER_SIZE);
unmap_ring:
    munmap(ring->free_buffers, BUFFER_RING_SIZE);
exit_kernel:
    io_uring_queue_exit(&ring->kernel);
close_wakeup:
    close(ring->wakeup.fd);
free_ring:
    free(ring);
    return error;
}

/* The best setup that the kernel takes: newest flags first, and smaller where memory may not be
 * locked. */
int32_t vn_uring_open(struct vn_ring **ring, struct vn_slab *slab)
{
    static const uint32_t flags[] = {
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
            IORING_SETUP_NO_SQARRAY,
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
        0,
    };
    static const struct vn_uring_setup sizes[] = {{0, 1024, 16384}, {0, 256, 4096}, {0, 64, 512}};
    int32_t error = -EINVAL;
    for (size_t i = 0; error == -EINVAL && i < sizeof flags / sizeof *flags; i++) {
        error = -ENOMEM;
        for (size_t j = 0; error == -ENOMEM && j < sizeof sizes / sizeof *sizes; j++) {
            struct vn_uring_setup setup = sizes[j];
            setup.flags = flags[i];
            error = vn_uring_open_with(ring, slab, &setup);
        }
    }
    return error;
}

#endif
