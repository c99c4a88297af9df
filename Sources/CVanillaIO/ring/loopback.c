// SPDX-License-Identifier: MIT
#include "loopback.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/random.h"
#include "../system/file.h"
#include "../system/poll.h"
#include "../system/wakeup.h"

enum { BUFFER_COUNT = 64, BUFFER_SIZE = 4096 };
enum { OUTSIDE_MAX = 64 }; /* descriptors that are watched */

/* A source with what is to come in. Found by the source's index. */
struct line {
    struct vn_source *source; /* NULL: nobody */
    struct vn_loopback_peer *peer;
    uint8_t *input;
    size_t input_count;
    size_t input_at;
    bool receives;
    bool quiesces;
    bool is_watched;
    struct vn_read *read; /* under way; NULL: none */
    bool is_over; /* end of input or the error was delivered */
    bool ends;
};

struct loopback {
    struct vn_ring ring;
    struct vn_loopback_script script;
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

static struct loopback *loopback_of(struct vn_ring *ring)
{
    return (struct loopback *) ring;
}

static uint64_t draw(struct loopback *loopback, uint64_t below)
{
    if (loopback->random == 0)
        loopback->random = loopback->script.seed == 0 ? 1 : loopback->script.seed;
    return vn_draw(&loopback->random, below);
}

static bool is_random(const struct loopback *loopback)
{
    return loopback->script.seed != 0;
}

static struct line *line_of(struct loopback *loopback, const struct vn_source *source)
{
    struct line *line = &loopback->lines[source->index];
    assert(source->index < loopback->line_count && line->source == source);
    return line;
}

static void loopback_close(struct vn_ring *ring)
{
    struct loopback *loopback = loopback_of(ring);
    for (uint32_t i = 0; i < loopback->line_count; i++)
        free(loopback->lines[i].input);
    free(loopback->expected.input);
    free(loopback->lines);
    close(loopback->waker);
    free(loopback);
}

/* Whether it is one that lives: the script is about the others. */
static bool is_live(const struct line *line)
{
    return line->peer != NULL && line->peer->take != NULL;
}

static bool stays_open(const struct loopback *loopback, const struct line *line)
{
    return is_live(line) ? !line->peer->is_at_end : loopback->script.stays_open;
}

/* Whether sends are not finished for now. */
static bool is_stalled(const struct loopback *loopback, const struct line *line)
{
    return is_live(line) ? line->peer->room == 0 && line->peer->error == 0
                         : loopback->script.is_stalled;
}

static void loopback_begin(struct vn_ring *ring, struct vn_source *source)
{
    struct loopback *loopback = loopback_of(ring);
    struct line *line = &loopback->lines[source->index];
    *line = loopback->expected;
    line->source = source;
    if (is_live(line))
        line->peer->source = source;
    loopback->expected = (struct line) {0};
}

static void loopback_receive(struct vn_ring *ring, struct vn_source *source)
{
    struct line *line = line_of(loopback_of(ring), source);
    line->receives = true;
    line->quiesces = false;
}

static void loopback_pause(struct vn_ring *ring, struct vn_source *source)
{
    line_of(loopback_of(ring), source)->receives = false;
}

static void loopback_quiesce(struct vn_ring *ring, struct vn_source *source)
{
    struct line *line = line_of(loopback_of(ring), source);
    line->receives = false;
    line->quiesces = true;
}

static bool loopback_has_input(struct vn_ring *ring, const struct vn_source *source)
{
    const struct line *line = line_of(loopback_of(ring), source);
    return line->input_at < line->input_count;
}

/* There is no listening socket. */
static void loopback_accept(struct vn_ring *ring, struct vn_source *source, uint32_t budget)
{
    (void) ring, (void) source, (void) budget;
    assert(false);
}

static void loopback_watch(struct vn_ring *ring, struct vn_source *source, uint32_t mask)
{
    struct line *line = line_of(loopback_of(ring), source);
    line->is_watched = true;
    source->watch_mask = mask;
}

static int64_t loopback_read(struct vn_ring *ring, struct vn_source *source, struct vn_read *read)
{
    struct loopback *loopback = loopback_of(ring);
    bool is_later = is_random(loopback) ? draw(loopback, 2) == 0 : loopback->script.reads_later;
    if (!is_later)
        return vn_file_read(source->fd, read->bytes, read->count, read->at);
    line_of(loopback, source)->read = read;
    return -EINPROGRESS;
}

static size_t output_append(struct vn_loopback_peer *peer, const uint8_t *bytes, size_t count)
{
    if (peer->take != NULL) {
        if (count > 0)
            peer->take(peer, bytes, count);
        peer->room -= count;
        return count;
    }
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
static int64_t take_message(struct loopback *loopback, struct line *line,
                            const struct msghdr *message)
{
    size_t fails_after = loopback->script.send_fails_after;
    if (fails_after != 0 && line->peer->output_count >= fails_after)
        return -EPIPE;
    if (line->peer->error != 0)
        return -EPIPE;
    size_t most = loopback->script.send_max == 0 ? SIZE_MAX : loopback->script.send_max;
    if (is_live(line))
        most = line->peer->room;
    else if (is_random(loopback))
        most = draw(loopback, 3) == 0 ? 1 + draw(loopback, 400) : SIZE_MAX;
    size_t taken = 0;
    for (size_t i = 0; i < (size_t) message->msg_iovlen && taken < most; i++) {
        size_t count = vn_smaller(message->msg_iov[i].iov_len, most - taken);
        if (output_append(line->peer, message->msg_iov[i].iov_base, count) < count)
            return -ENOBUFS;
        taken += count;
    }
    return (int64_t) taken;
}

static bool sends_later(struct loopback *loopback, const struct line *line)
{
    if (is_random(loopback) && !is_live(line))
        return draw(loopback, 2) == 0;
    return loopback->script.sends_later || is_stalled(loopback, line);
}

static int64_t loopback_try_send(struct vn_ring *ring, struct vn_source *source,
                                 const struct iovec *piece)
{
    struct loopback *loopback = loopback_of(ring);
    struct line *line = line_of(loopback, source);
    struct iovec copy = *piece;
    struct msghdr message = {.msg_iov = &copy, .msg_iovlen = 1};
    if (loopback->script.send_error != 0)
        return loopback->script.send_error;
    return sends_later(loopback, line) ? 0 : take_message(loopback, line, &message);
}

static int64_t loopback_send(struct vn_ring *ring, struct vn_source *source,
                             const struct msghdr *message)
{
    struct loopback *loopback = loopback_of(ring);
    struct line *line = line_of(loopback, source);
    if (loopback->script.send_error != 0)
        return loopback->script.send_error;
    if (!sends_later(loopback, line))
        return take_message(loopback, line, message);
    source->message = message;
    return 0;
}

static void loopback_end(struct vn_ring *ring, struct vn_source *source)
{
    struct line *line = line_of(loopback_of(ring), source);
    assert(!line->ends);
    line->ends = true;
    if (line->peer != NULL)
        line->peer->is_finished = true;
    else
        close(source->fd); /* one that was watched is real */
}

static void loopback_give(struct vn_ring *ring, uint16_t buffer)
{
    struct loopback *loopback = loopback_of(ring);
    assert(loopback->lent > 0 && buffer < BUFFER_COUNT);
    loopback->free[loopback->free_count++] = buffer;
    loopback->lent--;
}

static void loopback_wake(struct vn_ring *ring)
{
    vn_wakeup_descriptor_set(loopback_of(ring)->waker);
}

/* ---- Events ---- */

static bool end_line(struct line *line, struct vn_event *event)
{
    struct vn_loopback_peer *peer = line->peer;
    bool was_live = is_live(line);
    *event = (struct vn_event) {.source = line->source, .type = VN_ENDED};
    line->source->message = NULL;
    free(line->input);
    *line = (struct line) {0};
    if (peer != NULL)
        peer->ended++;
    if (was_live) {
        peer->source = NULL;
        peer->take(peer, NULL, 0);
    }
    return true;
}

static bool finish_send(struct loopback *loopback, struct line *line, struct vn_event *event)
{
    if (is_stalled(loopback, line))
        return false;
    const struct msghdr *message = line->source->message;
    int64_t taken = loopback->script.send_error;
    if (taken == 0)
        taken = take_message(loopback, line, message);
    line->source->message = NULL;
    *event = (struct vn_event) {.source = line->source, .type = VN_SENT, .count = (int32_t) taken};
    return true;
}

static bool receive_some(struct loopback *loopback, struct line *line, struct vn_event *event)
{
    *event = (struct vn_event) {.source = line->source, .type = VN_RECEIVED};
    size_t left = line->input_count - line->input_at;
    if (left == 0) {
        if (line->is_over || stays_open(loopback, line))
            return false;
        line->is_over = true;
        event->count = is_live(line) ? line->peer->error : loopback->script.receive_error;
        return true;
    }
    if (loopback->free_count == 0)
        return false;
    size_t most = loopback->script.receive_max == 0 ? BUFFER_SIZE : loopback->script.receive_max;
    if (is_random(loopback))
        most = 1 + draw(loopback, draw(loopback, 2) == 0 ? 8 : BUFFER_SIZE);
    size_t count = vn_smaller(vn_smaller(left, most), BUFFER_SIZE);
    event->buffer = loopback->free[--loopback->free_count];
    loopback->lent++;
    event->bytes = loopback->buffers[event->buffer];
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

static bool tell_quiet(struct line *line, struct vn_event *event)
{
    line->quiesces = false;
    *event = (struct vn_event) {.source = line->source, .type = VN_QUIET};
    return true;
}

static bool finish_read(struct line *line, struct vn_event *event)
{
    const struct vn_read *read = line->read;
    int64_t count = vn_file_read(line->source->fd, read->bytes, read->count, read->at);
    line->read = NULL;
    *event = (struct vn_event) {.source = line->source, .type = VN_READ, .count = (int32_t) count};
    return true;
}

static bool next_event(struct loopback *loopback, struct line *line, struct vn_event *event)
{
    if (line->source == NULL || (is_random(loopback) && draw(loopback, 3) == 0))
        return false;
    if (line->ends)
        return end_line(line, event);
    if (line->is_watched)
        return find_ready(line, event);
    if (line->read != NULL)
        return finish_read(line, event);
    if (line->source->message != NULL && finish_send(loopback, line, event))
        return true;
    if (line->quiesces)
        return tell_quiet(line, event);
    return line->receives && receive_some(loopback, line, event);
}

static bool has_work(const struct loopback *loopback)
{
    for (uint32_t i = 0; i < loopback->line_count; i++) {
        const struct line *line = &loopback->lines[i];
        if (line->source == NULL)
            continue;
        bool has_input = line->peer != NULL && (line->input_at < line->input_count ||
                                                (!line->is_over && !stays_open(loopback, line)));
        if (line->ends || line->quiesces || line->read != NULL ||
            (line->source->message != NULL && !is_stalled(loopback, line)) ||
            (line->receives && has_input))
            return true;
    }
    return false;
}

/* Other threads, and watched descriptors. */
static void wait_for_outside(struct loopback *loopback, int64_t timeout)
{
    struct pollfd polled[1 + OUTSIDE_MAX] = {{.fd = loopback->waker, .events = POLLIN}};
    nfds_t count = 1;
    for (uint32_t i = 0; i < loopback->line_count && count < 1 + OUTSIDE_MAX; i++) {
        const struct line *line = &loopback->lines[i];
        if (line->source != NULL && line->is_watched)
            polled[count++] = (struct pollfd) {.fd = line->source->fd,
                                               .events = (short) line->source->watch_mask};
    }
    vn_poll(polled, count, timeout);
}

static int32_t loopback_wait(struct vn_ring *ring, struct vn_event *events, int32_t capacity,
                             int64_t timeout)
{
    struct loopback *loopback = loopback_of(ring);
    if (!has_work(loopback) && timeout != 0)
        wait_for_outside(loopback, timeout);
    int32_t count = 0;
    if (count < capacity && vn_wakeup_descriptor_clear(loopback->waker))
        events[count++] = (struct vn_event) {.type = VN_WOKEN};
    uint32_t rounds = loopback->script.batch == 0 ? 1 : loopback->script.batch;
    if (is_random(loopback))
        rounds = 1 + (uint32_t) draw(loopback, 4);
    for (uint32_t round = 0; round < rounds; round++)
        for (uint32_t i = 0; i < loopback->line_count && count < capacity; i++)
            if (next_event(loopback, &loopback->lines[i], &events[count]))
                count++;
    return count;
}

static bool loopback_has_more(const struct vn_ring *ring)
{
    return has_work((const struct loopback *) ring);
}

static const struct vn_ring_ops loopback_ops = {
    .name = "loopback",
    .close = loopback_close,
    .begin = loopback_begin,
    .accept = loopback_accept,
    .receive = loopback_receive,
    .pause = loopback_pause,
    .quiesce = loopback_quiesce,
    .has_input = loopback_has_input,
    .send = loopback_send,
    .try_send = loopback_try_send,
    .read = loopback_read,
    .watch = loopback_watch,
    .end = loopback_end,
    .give = loopback_give,
    .wake = loopback_wake,
    .wait = loopback_wait,
    .has_more = loopback_has_more,
};

int32_t vn_loopback_open(struct vn_ring **ring, struct vn_slab *slab)
{
    struct loopback *loopback = calloc(1, sizeof *loopback);
    if (loopback == NULL)
        return -ENOMEM;
    loopback->ring = (struct vn_ring) {&loopback_ops, slab};
    loopback->line_count = slab->capacity;
    loopback->lines = calloc(slab->capacity, sizeof *loopback->lines);
    loopback->waker = vn_wakeup_descriptor_open();
    if (loopback->lines == NULL || loopback->waker < 0) {
        int32_t error = loopback->lines == NULL ? -ENOMEM : loopback->waker;
        free(loopback->lines);
        free(loopback);
        return error;
    }
    for (uint16_t i = 0; i < BUFFER_COUNT; i++)
        loopback->free[loopback->free_count++] = i;
    *ring = &loopback->ring;
    return 0;
}

struct vn_loopback_script *vn_loopback_script(struct vn_ring *ring)
{
    return &loopback_of(ring)->script;
}

int32_t vn_loopback_expect(struct vn_ring *ring, struct vn_loopback_peer *peer,
                           const uint8_t *bytes, size_t count)
{
    struct line *line = &loopback_of(ring)->expected;
    free(line->input);
    *line = (struct line) {.peer = peer, .input = malloc(count + 1), .input_count = count};
    if (line->input == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(line->input, bytes, count);
    return 0;
}

struct vn_loopback_peer *vn_loopback_peer_of(struct vn_ring *ring, const struct vn_source *source)
{
    return line_of(loopback_of(ring), source)->peer;
}

int32_t vn_loopback_feed(struct vn_ring *ring, struct vn_source *source, const uint8_t *bytes,
                         size_t count)
{
    struct line *line = line_of(loopback_of(ring), source);
    if (line->input_at > 0) {
        line->input_count -= line->input_at;
        memmove(line->input, line->input + line->input_at, line->input_count);
        line->input_at = 0;
    }
    uint8_t *grown = realloc(line->input, line->input_count + count + 1);
    if (grown == NULL)
        return -ENOMEM;
    memcpy(grown + line->input_count, bytes, count);
    line->input = grown;
    line->input_count += count;
    return 0;
}

uint32_t vn_loopback_lent(const struct vn_ring *ring)
{
    return ((const struct loopback *) ring)->lent;
}
