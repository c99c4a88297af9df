// SPDX-License-Identifier: MIT
#include "memory.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../base/random.h"

enum { BUFFER_COUNT = 64, BUFFER_SIZE = 4096 };
enum { OUTSIDE_MOST = 64 }; /* descriptors that are watched */

/* A source with what is to come in. Found by the source's index. */
struct line {
    struct vn_source *source; /* NULL: nobody */
    struct vn_memory_peer *peer;
    uint8_t *input;
    size_t input_count;
    size_t input_at;
    bool receives;
    bool is_watched;
    bool is_over; /* end of input or the error was delivered */
    bool ends;
};

struct memory_ring {
    struct vn_ring ring;
    struct vn_memory_script script;
    struct line *lines;
    uint32_t line_count;
    struct line expected; /* of the next source that begins */
    int32_t waker;
    uint64_t random;
    uint32_t lent;
    uint16_t free_count;
    uint16_t free[BUFFER_COUNT];
    uint8_t buffers[BUFFER_COUNT][BUFFER_SIZE];
};

static struct memory_ring *memory_of(struct vn_ring *ring)
{
    return (struct memory_ring *) ring;
}

static uint64_t draw(struct memory_ring *memory, uint64_t below)
{
    if (memory->random == 0)
        memory->random = memory->script.seed == 0 ? 1 : memory->script.seed;
    return vn_draw(&memory->random, below);
}

static bool is_random(const struct memory_ring *memory)
{
    return memory->script.seed != 0;
}

static struct line *line_of(struct memory_ring *memory, const struct vn_source *source)
{
    struct line *line = &memory->lines[source->index];
    assert(source->index < memory->line_count && line->source == source);
    return line;
}

static void memory_close(struct vn_ring *ring)
{
    struct memory_ring *memory = memory_of(ring);
    for (uint32_t i = 0; i < memory->line_count; i++)
        free(memory->lines[i].input);
    free(memory->expected.input);
    free(memory->lines);
    close(memory->waker);
    free(memory);
}

static void memory_begin(struct vn_ring *ring, struct vn_source *source)
{
    struct memory_ring *memory = memory_of(ring);
    memory->lines[source->index] = memory->expected;
    memory->lines[source->index].source = source;
    memory->expected = (struct line) {0};
}

static void memory_receive(struct vn_ring *ring, struct vn_source *source)
{
    line_of(memory_of(ring), source)->receives = true;
}

static void memory_hold(struct vn_ring *ring, struct vn_source *source)
{
    line_of(memory_of(ring), source)->receives = false;
}

/* Nobody listens here. */
static void memory_accept(struct vn_ring *ring, struct vn_source *source, uint32_t budget)
{
    (void) ring, (void) source, (void) budget;
    assert(false);
}

static void memory_watch(struct vn_ring *ring, struct vn_source *source, uint32_t mask)
{
    struct line *line = line_of(memory_of(ring), source);
    line->is_watched = true;
    source->watch_mask = mask;
}

static size_t output_append(struct vn_memory_peer *peer, const uint8_t *bytes, size_t count)
{
    if (count > peer->output_capacity - peer->output_count) {
        size_t capacity = peer->output_capacity == 0 ? 1024 : peer->output_capacity * 2;
        while (capacity < peer->output_count + count)
            capacity *= 2;
        uint8_t *grown = realloc(peer->output, capacity);
        if (grown == NULL)
            return 0;
        peer->output = grown;
        peer->output_capacity = capacity;
    }
    memcpy(peer->output + peer->output_count, bytes, count);
    peer->output_count += count;
    return count;
}

/* Take bytes of a message as one send does. */
static int64_t take_message(struct memory_ring *memory, struct line *line,
                            const struct msghdr *message)
{
    size_t fails_after = memory->script.send_fails_after;
    if (fails_after != 0 && line->peer->output_count >= fails_after)
        return -EPIPE;
    size_t most = memory->script.send_most == 0 ? SIZE_MAX : memory->script.send_most;
    if (is_random(memory))
        most = draw(memory, 3) == 0 ? 1 + draw(memory, 400) : SIZE_MAX;
    size_t taken = 0;
    for (size_t i = 0; i < message->msg_iovlen && taken < most; i++) {
        size_t count = vn_smaller(message->msg_iov[i].iov_len, most - taken);
        if (output_append(line->peer, message->msg_iov[i].iov_base, count) < count)
            return -ENOBUFS;
        taken += count;
    }
    return (int64_t) taken;
}

static bool sends_later(struct memory_ring *memory)
{
    if (is_random(memory))
        return draw(memory, 2) == 0;
    return memory->script.sends_later || memory->script.is_stalled;
}

static int64_t memory_offer(struct vn_ring *ring, struct vn_source *source,
                            const struct iovec *piece)
{
    struct memory_ring *memory = memory_of(ring);
    struct iovec copy = *piece;
    struct msghdr message = {.msg_iov = &copy, .msg_iovlen = 1};
    if (memory->script.send_error != 0)
        return memory->script.send_error;
    return sends_later(memory) ? 0 : take_message(memory, line_of(memory, source), &message);
}

static int64_t memory_send(struct vn_ring *ring, struct vn_source *source,
                           const struct msghdr *message)
{
    struct memory_ring *memory = memory_of(ring);
    if (memory->script.send_error != 0)
        return memory->script.send_error;
    if (!sends_later(memory))
        return take_message(memory, line_of(memory, source), message);
    source->message = message;
    return 0;
}

static void memory_end(struct vn_ring *ring, struct vn_source *source)
{
    struct line *line = line_of(memory_of(ring), source);
    assert(!line->ends);
    line->ends = true;
    if (line->peer != NULL)
        line->peer->is_finished = true;
    else
        close(source->fd); /* one that was watched is real */
}

static void memory_give(struct vn_ring *ring, uint16_t buffer)
{
    struct memory_ring *memory = memory_of(ring);
    assert(memory->lent > 0 && buffer < BUFFER_COUNT);
    memory->free[memory->free_count++] = buffer;
    memory->lent--;
}

static void memory_wake(struct vn_ring *ring)
{
    uint64_t one = 1;
    ssize_t written = write(memory_of(ring)->waker, &one, sizeof one);
    (void) written; /* only full of wake-ups does it fail, and one is enough */
}

/* ---- Events ---- */

static bool end_line(struct line *line, struct vn_event *event)
{
    *event = (struct vn_event) {.source = line->source, .type = VN_ENDED};
    line->source->message = NULL;
    if (line->peer != NULL)
        line->peer->ended++;
    free(line->input);
    *line = (struct line) {0};
    return true;
}

static bool finish_send(struct memory_ring *memory, struct line *line, struct vn_event *event)
{
    if (memory->script.is_stalled)
        return false;
    const struct msghdr *message = line->source->message;
    int64_t taken = memory->script.send_error;
    if (taken == 0)
        taken = take_message(memory, line, message);
    line->source->message = NULL;
    *event = (struct vn_event) {.source = line->source, .type = VN_SENT, .count = (int32_t) taken};
    return true;
}

static bool receive_some(struct memory_ring *memory, struct line *line, struct vn_event *event)
{
    *event = (struct vn_event) {.source = line->source, .type = VN_RECEIVED};
    size_t left = line->input_count - line->input_at;
    if (left == 0) {
        if (line->is_over || memory->script.stays_open)
            return false;
        line->is_over = true;
        event->count = memory->script.receive_error;
        return true;
    }
    if (memory->free_count == 0)
        return false;
    size_t most = memory->script.receive_most == 0 ? BUFFER_SIZE : memory->script.receive_most;
    if (is_random(memory))
        most = 1 + draw(memory, draw(memory, 2) == 0 ? 8 : BUFFER_SIZE);
    size_t count = vn_smaller(vn_smaller(left, most), BUFFER_SIZE);
    event->buffer = memory->free[--memory->free_count];
    memory->lent++;
    event->bytes = memory->buffers[event->buffer];
    event->count = (int32_t) count;
    memcpy(event->bytes, line->input + line->input_at, count);
    line->input_at += count;
    return true;
}

/* A watched descriptor is as real as elsewhere. */
static bool find_ready(struct line *line, struct vn_event *event)
{
    struct pollfd watched = {.fd = line->source->fd, .events = (short) line->source->watch_mask};
    if (poll(&watched, 1, 0) <= 0)
        return false;
    line->is_watched = false;
    *event = (struct vn_event) {.source = line->source, .type = VN_READY, .count = watched.revents};
    return true;
}

static bool next_event(struct memory_ring *memory, struct line *line, struct vn_event *event)
{
    if (line->source == NULL || (is_random(memory) && draw(memory, 3) == 0))
        return false;
    if (line->ends)
        return end_line(line, event);
    if (line->is_watched)
        return find_ready(line, event);
    if (line->source->message != NULL && finish_send(memory, line, event))
        return true;
    return line->receives && receive_some(memory, line, event);
}

static bool was_woken(struct memory_ring *memory)
{
    uint64_t count;
    return read(memory->waker, &count, sizeof count) == (ssize_t) sizeof count;
}

static bool has_work(struct memory_ring *memory)
{
    for (uint32_t i = 0; i < memory->line_count; i++) {
        struct line *line = &memory->lines[i];
        if (line->source == NULL)
            continue;
        bool has_input = line->peer != NULL && (line->input_at < line->input_count ||
                                                (!line->is_over && !memory->script.stays_open));
        if (line->ends || (line->source->message != NULL && !memory->script.is_stalled) ||
            (line->receives && has_input))
            return true;
    }
    return false;
}

/* Other threads, and watched descriptors. */
static void wait_for_outside(struct memory_ring *memory, int64_t timeout)
{
    struct pollfd polled[1 + OUTSIDE_MOST] = {{.fd = memory->waker, .events = POLLIN}};
    struct timespec until = {timeout / 1000000000, timeout % 1000000000};
    nfds_t count = 1;
    for (uint32_t i = 0; i < memory->line_count && count < 1 + OUTSIDE_MOST; i++) {
        const struct line *line = &memory->lines[i];
        if (line->source != NULL && line->is_watched)
            polled[count++] = (struct pollfd) {.fd = line->source->fd,
                                               .events = (short) line->source->watch_mask};
    }
    ppoll(polled, count, timeout < 0 ? NULL : &until, NULL);
}

static int32_t memory_wait(struct vn_ring *ring, struct vn_event *events, int32_t capacity,
                           int64_t timeout)
{
    struct memory_ring *memory = memory_of(ring);
    if (!has_work(memory) && timeout != 0)
        wait_for_outside(memory, timeout);
    int32_t count = 0;
    if (count < capacity && was_woken(memory))
        events[count++] = (struct vn_event) {.type = VN_WOKEN};
    uint32_t rounds = memory->script.batch == 0 ? 1 : memory->script.batch;
    if (is_random(memory))
        rounds = 1 + (uint32_t) draw(memory, 4);
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < memory->line_count && count < capacity; i++)
            if (next_event(memory, &memory->lines[i], &events[count]))
                count++;
    return count;
}

static const struct vn_ring_ops memory_ops = {
    .name = "memory",
    .close = memory_close,
    .begin = memory_begin,
    .accept = memory_accept,
    .receive = memory_receive,
    .hold = memory_hold,
    .send = memory_send,
    .offer = memory_offer,
    .watch = memory_watch,
    .end = memory_end,
    .give = memory_give,
    .wake = memory_wake,
    .wait = memory_wait,
};

int32_t vn_memory_open(struct vn_ring **ring, struct vn_slab *slab)
{
    struct memory_ring *memory = calloc(1, sizeof *memory);
    if (memory == NULL)
        return -ENOMEM;
    memory->ring = (struct vn_ring) {&memory_ops, slab};
    memory->line_count = slab->capacity;
    memory->lines = calloc(slab->capacity, sizeof *memory->lines);
    memory->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (memory->lines == NULL || memory->waker < 0) {
        int32_t error = memory->lines == NULL ? -ENOMEM : -errno;
        free(memory->lines);
        free(memory);
        return error;
    }
    for (uint16_t i = 0; i < BUFFER_COUNT; i++)
        memory->free[memory->free_count++] = i;
    *ring = &memory->ring;
    return 0;
}

struct vn_memory_script *vn_memory_script(struct vn_ring *ring)
{
    return &memory_of(ring)->script;
}

int32_t vn_memory_expect(struct vn_ring *ring, struct vn_memory_peer *peer, const uint8_t *bytes,
                         size_t count)
{
    struct line *line = &memory_of(ring)->expected;
    free(line->input);
    *line = (struct line) {.peer = peer, .input = malloc(count + 1), .input_count = count};
    if (line->input == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(line->input, bytes, count);
    return 0;
}

int32_t vn_memory_feed(struct vn_ring *ring, struct vn_source *source, const uint8_t *bytes,
                       size_t count)
{
    struct line *line = line_of(memory_of(ring), source);
    uint8_t *grown = realloc(line->input, line->input_count + count + 1);
    if (grown == NULL)
        return -ENOMEM;
    memcpy(grown + line->input_count, bytes, count);
    line->input = grown;
    line->input_count += count;
    return 0;
}

uint32_t vn_memory_lent(const struct vn_ring *ring)
{
    return ((const struct memory_ring *) ring)->lent;
}
