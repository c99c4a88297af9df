// SPDX-License-Identifier: MIT
/* readiness.c.h - readiness made into completed work: what the backends share whose system says
 * when a descriptor may be read or written. Sends are tried at once; receives take turns, one each,
 * so that a busy source cannot hold up the others.
 *
 * Each of them includes this text after what it says by itself, so that no call on the path of a
 * request goes through a pointer:
 *
 *     poller_name                the ring's
 *     FETCH_MAX, SEND_FLAGS      what one look brings at most; flags of send(2)
 *     FOUND_OUTPUT               bits of found.events: a send may go on
 *     FOUND_REFUSAL              and that a registration was refused; 0 where each is made at once
 *     struct poller              with poller_open, poller_close
 *     poller_enlist              tell of a stream, once; it may wait for the next fetch
 *     poller_enlist_at_once      the same, and whether it is refused is known now
 *     poller_await_output        tell when there is room for output, as FOUND_OUTPUT
 *     poller_enlist_listener     tell of connections to accept, again and again
 *     poller_delist              no longer
 *     poller_enlist_watch        tell once of what is in `watch_mask`; above 0: what is there now
 *     poller_forget              the source ends: its descriptor is closed, but not a listener's
 *     poller_send                send(2) of one piece: bytes taken or -errno
 *     poller_fetch               wait for at most `max` things. Their number or -errno
 *     poller_found               one of them
 *     poller_note                take over what it says of a stream into `has`
 *     poller_watched             what it says of a watched descriptor, as poll(2) says it
 *     poller_has_drained         whether a receive of so many bytes, above 0, emptied the socket
 *     poller_wake, poller_answer_wakeup
 *
 * It is one text, however long, so that it can be read beside ring.h from end to end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend.h"
#include "pool.h"
#include "../system/file.h"
#include "readiness.h"
#include "reader.h"

enum { ACCEPT_MAX = 64 }; /* connections accepted from one source in one wait */
enum { FULL_MAX = 2 }; /* sources that filled a buffer and may fill another in one wait */

struct readiness {
    struct vn_ring ring;
    bool is_stuck; /* every source on `turns` needs a buffer, and none is free */
    struct vn_source_queue turns; /* to receive from, or to register */
    struct vn_source_queue full; /* to receive from, after a receive that filled its buffer */
    struct vn_source_queue ended;
    struct vn_pool pool;
    struct vn_reader reader;
    struct poller poller;
};

static struct readiness *readiness_of(struct vn_ring *ring)
{
    return vn_holder(ring, struct readiness, ring);
}

static void queue_turn(struct readiness *ring, struct vn_source *source)
{
    ring->is_stuck = false;
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    vn_queue_push(&ring->turns, source);
}

/* Several pieces, with the message around them, which the kernel has to copy and check. */
static int64_t send_pieces(int32_t fd, const struct msghdr *message)
{
    ssize_t count = sendmsg(fd, message, SEND_FLAGS);
    return count < 0 ? -errno : count;
}

/* Returns bytes taken or -errno. */
vn_flat static int64_t send_message(const struct vn_source *source, const struct msghdr *message)
{
    int64_t count;
    do {
        count = message->msg_iovlen == 1 ? poller_send(source->fd, message->msg_iov)
                                         : send_pieces(source->fd, message);
    } while (vn_unlikely(count == -EINTR));
    return count;
}

/* ---- What the owner asks ---- */

static void ready_begin(struct vn_ring *base, struct vn_source *source)
{
    (void) base;
    source->wants = 0;
    source->has = 0;
}

static void ready_accept(struct vn_ring *base, struct vn_source *source, uint32_t budget)
{
    if (!(source->has & IS_LISTENING))
        fcntl(source->fd, F_SETFL, fcntl(source->fd, F_GETFL) | O_NONBLOCK);
    source->has |= IS_LISTENING | IS_SHARED;
    source->accept_budget = budget;
    queue_turn(readiness_of(base), source);
}

static void ready_receive(struct vn_ring *base, struct vn_source *source)
{
    struct readiness *ring = readiness_of(base);
    source->wants = (uint8_t) ((source->wants & ~WANTS_QUIET) | WANTS_RECEIVE);
    if (poller_enlist(&ring->poller, source) < 0 ||
        (source->has & IS_READABLE)) /* the turn tells the owner of the failure */
        queue_turn(ring, source);
}

static void ready_pause(struct vn_ring *base, struct vn_source *source)
{
    (void) base;
    source->wants &= (uint8_t) ~WANTS_RECEIVE;
}

static void ready_quiesce(struct vn_ring *base, struct vn_source *source)
{
    source->wants = (uint8_t) ((source->wants & ~WANTS_RECEIVE) | WANTS_QUIET);
    queue_turn(readiness_of(base), source);
}

static int64_t ready_send(struct vn_ring *base, struct vn_source *source,
                          const struct msghdr *message)
{
    int64_t count = send_message(source, message);
    if (vn_likely(count != -EAGAIN))
        return count;
    int32_t error = poller_await_output(&readiness_of(base)->poller, source);
    if (error < 0)
        return error;
    source->message = message;
    source->outstanding = 1;
    return 0;
}

static int64_t ready_try_send(struct vn_ring *base, struct vn_source *source,
                              const struct iovec *piece)
{
    (void) base;
    int64_t count;
    do {
        count = poller_send(source->fd, piece);
    } while (vn_unlikely(count == -EINTR));
    return vn_unlikely(count == -EAGAIN) ? 0 : count;
}

/* What is in memory comes at once; a thread waits for the disk. */
static int64_t ready_read(struct vn_ring *base, struct vn_source *source, struct vn_read *read)
{
    struct readiness *ring = readiness_of(base);
    int64_t count = vn_file_read_cached(source->fd, read->bytes, read->count, read->at);
    if (count != -EAGAIN)
        return count;
    read->source = source;
    int32_t error = vn_reader_submit(&ring->reader, read, source->fd);
    if (error < 0)
        return error;
    source->wants |= WANTS_READ;
    return -EINPROGRESS;
}

static void ready_watch(struct vn_ring *base, struct vn_source *source, uint32_t mask)
{
    source->wants |= WANTS_WATCH;
    source->has |= IS_SHARED;
    source->watch_mask = mask;
    queue_turn(readiness_of(base), source);
}

static void end_source(struct readiness *ring, struct vn_source *source)
{
    poller_forget(&ring->poller, source);
    if (!(source->has & IS_LISTENING))
        close(source->fd);
    if (source->has & IS_QUEUED)
        return;
    source->has |= IS_QUEUED;
    vn_queue_push(&ring->ended, source);
}

static void ready_end(struct vn_ring *base, struct vn_source *source)
{
    struct readiness *ring = readiness_of(base);
    assert(!(source->wants & WANTS_END));
    source->wants = WANTS_END | (source->wants & WANTS_READ);
    source->message = NULL;
    source->outstanding = 0;
    ring->is_stuck = false;
    if (vn_unlikely(source->wants & WANTS_READ))
        return; /* a thread has its descriptor and its memory: finish_reads */
    end_source(ring, source);
}

static void ready_give(struct vn_ring *base, uint16_t buffer)
{
    struct readiness *ring = readiness_of(base);
    ring->is_stuck = false;
    vn_pool_give(&ring->pool, buffer);
}

static void ready_wake(struct vn_ring *base)
{
    poller_wake(&readiness_of(base)->poller);
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

static int32_t receive_once(struct readiness *ring, struct vn_source *source,
                            struct vn_event *event)
{
    uint16_t buffer = vn_pool_take(&ring->pool);
    uint8_t *bytes = vn_pool_bytes(&ring->pool, buffer);
    ssize_t count;
    do {
        count = recv(source->fd, bytes, VN_POOL_BUFFER_SIZE, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    int32_t result = count < 0 ? -errno : (int32_t) count;

    if (vn_likely(result > 0)) {
        /* What comes to a drained socket is an edge of its own. */
        if (poller_has_drained(source, result))
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

static int32_t turn_of_listener(struct readiness *ring, struct vn_source *source,
                                struct vn_event *event)
{
    /* Forgotten while there is no budget: other rings on the same socket are to get what this one
     * leaves. */
    if (source->accept_budget == 0) {
        poller_delist(&ring->poller, source);
        return 0;
    }
    if (source->has & IS_REGISTERED)
        return 0;
    int32_t error = poller_enlist_listener(&ring->poller, source);
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

static int32_t turn_of_watch(struct readiness *ring, struct vn_source *source,
                             struct vn_event *event)
{
    int32_t found = poller_enlist_watch(&ring->poller, source);
    if (found == 0)
        return 0;
    if (found > 0)
        return ready(source, (uint32_t) found, event);
    source->wants &= (uint8_t) ~WANTS_WATCH;
    return tell(event, source, VN_READY, POLLERR);
}

static bool needs_buffer(const struct vn_source *source)
{
    return (source->wants & WANTS_RECEIVE) && (source->has & IS_READABLE);
}

static int32_t take_turn(struct readiness *ring, struct vn_source *source, struct vn_event *event)
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
    int32_t error = poller_enlist_at_once(&ring->poller, source);
    if (error < 0)
        return stop_receiving(source, error, event);
    return source->has & IS_READABLE ? receive_once(ring, source, event) : 0;
}

/* Sources that filled a buffer come after those that may need little, and only a few of them at
 * once, so that a wait stays short however many there are. */
static void admit_full(struct readiness *ring)
{
    for (int32_t i = 0; i < FULL_MAX && ring->full.first != NULL; i++)
        vn_queue_push(&ring->turns, vn_queue_pop(&ring->full));
}

/* One turn for every source that is queued now, while there is room and a buffer. When the owner
 * keeps all the buffers, sources that need none are looked for. */
static int32_t take_turns(struct readiness *ring, struct vn_event *events, int32_t capacity)
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

/* ---- What the system says ---- */

static int32_t accept_some(struct readiness *ring, struct vn_source *source,
                           struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    for (int32_t i = 0; i < ACCEPT_MAX && count < capacity && source->accept_budget > 0; i++) {
        int32_t result = vn_accept(source->fd);
        if (result == -EAGAIN)
            break;
        if (result < 0 && vn_accept_is_transient(result))
            continue;
        source->accept_budget = result < 0 ? 0 : source->accept_budget - 1;
        count += tell(&events[count], source, VN_ACCEPTED, result);
    }
    if (source->accept_budget == 0)
        poller_delist(&ring->poller, source);
    return count;
}

static int32_t writable(struct readiness *ring, struct vn_source *source, struct vn_event *event)
{
    int64_t count = send_message(source, source->message);
    if (count == -EAGAIN && (count = poller_await_output(&ring->poller, source)) == 0)
        return 0;
    source->message = NULL;
    source->outstanding = 0;
    return tell(event, source, VN_SENT, (int32_t) count); /* less than 2 GiB are taken at once */
}

static int32_t watched(struct readiness *ring, struct vn_source *source, struct found said,
                       struct vn_event *event)
{
    int32_t count = ready(source, poller_watched(source, said), event);
    if (count == 0 && (source->wants & WANTS_WATCH))
        queue_turn(ring, source); /* to be registered again */
    return count;
}

/* A registration that waited for this call was refused. Its turn tries once more and tells the
 * owner, but a send has no turn. */
static int32_t refused(struct readiness *ring, struct vn_source *source, uint32_t found,
                       struct vn_event *event)
{
    if (found & FOUND_OUTPUT) {
        if (source->message == NULL)
            return 0;
        source->message = NULL;
        source->outstanding = 0;
        return tell(event, source, VN_SENT, -ENOMEM);
    }
    source->has &= (uint8_t) ~IS_REGISTERED;
    queue_turn(ring, source);
    return 0;
}

/* One thing that the system said. Gives at most `capacity` events, and more than one only of a
 * listening source. */
static int32_t heard(struct readiness *ring, struct found said, struct vn_event *events,
                     int32_t capacity)
{
    if (vn_unlikely(said.name == WAKEUP_NAME)) {
        poller_answer_wakeup(&ring->poller);
        return tell(events, NULL, VN_WOKEN, 0);
    }
    uint32_t index = (uint32_t) said.name;
    struct vn_source *source = vn_slab_find(ring->ring.slab, index, (uint32_t) (said.name >> 32));
    if (source == NULL || (source->wants & WANTS_END))
        return 0;
    if (source->has & IS_LISTENING)
        return accept_some(ring, source, events, capacity);
    if (source->has & IS_SHARED)
        return watched(ring, source, said, events);
    if (said.events & FOUND_REFUSAL)
        return refused(ring, source, said.events, events);

    poller_note(source, said);
    if (needs_buffer(source))
        queue_turn(ring, source);
    return source->message != NULL && (said.events & FOUND_OUTPUT) ? writable(ring, source, events)
                                                                   : 0;
}

static int32_t listen_to_system(struct readiness *ring, struct vn_event *events, int32_t capacity,
                                int64_t timeout)
{
    int32_t max = capacity < FETCH_MAX ? capacity : FETCH_MAX;
    int32_t fetched = poller_fetch(&ring->poller, max, timeout);
    if (fetched < 0)
        return fetched;
    int32_t count = 0;
    for (int32_t i = 0; i < fetched; i++) {
        int32_t later = fetched - 1 - i; /* each may need one */
        count +=
            heard(ring, poller_found(&ring->poller, i), &events[count], capacity - count - later);
    }
    return count;
}

/* Tell of reads that a thread has done. Those for which there is no room wait. */
static int32_t finish_reads(struct readiness *ring, struct vn_event *events, int32_t capacity)
{
    int32_t count = 0;
    struct vn_read *read;
    if (vn_likely(ring->reader.outstanding == 0))
        return 0;
    while (count < capacity && (read = vn_reader_take(&ring->reader)) != NULL) {
        struct vn_source *source = read->source;
        source->wants &= (uint8_t) ~WANTS_READ;
        if (source->wants & WANTS_END)
            end_source(ring, source);
        else
            count += tell(&events[count], source, VN_READ, (int32_t) read->result);
    }
    return count;
}

static int32_t finish_ended(struct readiness *ring, struct vn_event *events, int32_t capacity)
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

static int32_t ready_wait(struct vn_ring *base, struct vn_event *events, int32_t capacity,
                          int64_t timeout)
{
    struct readiness *ring = readiness_of(base);
    int64_t until = timeout > 0 ? (int64_t) vn_clock_nanoseconds() + timeout : 0;
    for (;;) {
        int32_t count = finish_ended(ring, events, capacity);
        bool has_turns =
            ((ring->turns.first != NULL || ring->full.first != NULL) && !ring->is_stuck) ||
            (vn_unlikely(ring->reader.outstanding > 0) && vn_reader_has_done(&ring->reader));
        if (count < capacity) {
            int64_t span = count > 0 || has_turns ? 0 : timeout;
            int32_t heard = listen_to_system(ring, events + count, capacity - count, span);
            if (vn_unlikely(heard < 0))
                return heard;
            count += heard;
        }
        count += finish_reads(ring, events + count, capacity - count);
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

static bool ready_has_more(const struct vn_ring *base)
{
    const struct readiness *ring = (const struct readiness *) base;
    return ring->turns.first != NULL || ring->full.first != NULL;
}

/* ---- Opening and closing ---- */

static void ready_close(struct vn_ring *base)
{
    struct readiness *ring = readiness_of(base);
    vn_reader_close(&ring->reader);
    poller_close(&ring->poller);
    vn_pool_close(&ring->pool);
    free(ring);
}

static const struct vn_ring_ops ready_ops = {
    .name = poller_name,
    .close = ready_close,
    .begin = ready_begin,
    .accept = ready_accept,
    .receive = ready_receive,
    .pause = ready_pause,
    .quiesce = ready_quiesce,
    .has_input = vn_source_has_input,
    .send = ready_send,
    .try_send = ready_try_send,
    .read = ready_read,
    .watch = ready_watch,
    .end = ready_end,
    .give = ready_give,
    .wake = ready_wake,
    .wait = ready_wait,
    .has_more = ready_has_more,
};

static int32_t ready_open(struct vn_ring **opened, struct vn_slab *slab)
{
    struct readiness *ring = calloc(1, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    ring->ring = (struct vn_ring) {.ops = &ready_ops, .slab = slab};

    int32_t error = vn_pool_open(&ring->pool);
    if (error < 0)
        goto free_ring;
    error = poller_open(&ring->poller);
    if (error < 0)
        goto close_pool;
    error = vn_reader_open(&ring->reader, &ring->ring);
    if (error < 0)
        goto close_poller;
    *opened = &ring->ring;
    return 0;

close_poller:
    poller_close(&ring->poller);
close_pool:
    vn_pool_close(&ring->pool);
free_ring:
    free(ring);
    return error;
}
