// SPDX-License-Identifier: MIT
#include "ring_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "system/listener.h"
#include "system/socket.h"
#include "ring/ring.h"
#include "ring/uring.h"

static const int64_t SECOND = 1000000000;
static const int64_t MOMENT = 20000000; /* how long nothing must happen for nothing to happen */

enum { NOTHING = 255 }; /* no event before the deadline */
enum { EVENTS = 256 };
enum { SLOTS = 8192 };

/* What the checks keep of a source. */
struct slot {
    struct vn_source source;
    struct msghdr message;
    struct iovec vectors[3];
    uint64_t received; /* bytes */
    uint64_t marker;
    uint32_t ended;
};

struct fixture {
    vn_ring_place place;
    struct vn_ring *ring;
    struct vn_slab slab;
    int32_t capacity; /* of wait */
    int32_t count;
    int32_t at;
    struct vn_event events[EVENTS];
};

/* ---- The stage ---- */

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t) time.tv_sec * SECOND + time.tv_nsec;
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (*state >> 33);
}

/* An endless pattern that repeats at no power of two, kept ready for any place in it. */
enum { PERIOD = 64507, PART_MAX = 65536 };

static uint8_t pattern_bytes[PERIOD + PART_MAX];

__attribute__((constructor)) static void make_pattern(void)
{
    uint64_t random = 1;
    for (size_t i = 0; i < PERIOD; i++)
        pattern_bytes[i] = (uint8_t) next_random(&random);
    for (size_t i = PERIOD; i < sizeof pattern_bytes; i++)
        pattern_bytes[i] = pattern_bytes[i - PERIOD];
}

static const uint8_t *pattern(uint64_t at)
{
    return pattern_bytes + at % PERIOD;
}

static void fill(uint8_t *bytes, size_t count, uint64_t at)
{
    for (size_t done = 0; done < count; done += PART_MAX)
        memcpy(bytes + done, pattern(at + done), vn_smaller(PART_MAX, count - done));
}

static bool is_pattern(const uint8_t *bytes, size_t count, uint64_t at)
{
    return count <= PART_MAX && memcmp(bytes, pattern(at), count) == 0;
}

static int32_t open_ring(struct vn_ring **ring, struct vn_slab *slab, int32_t backend)
{
    static const struct vn_uring_setup plain = {.entries = 256, .completions = 1024};
    static const struct vn_uring_setup cramped = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .entries = 2,
        .completions = 4,
    };
    int32_t refusal;
    switch (backend) {
    case VN_CHECK_URING:
        return vn_ring_open(ring, VN_RING_URING, slab, &refusal);
    case VN_CHECK_URING_PLAIN:
        return vn_uring_open_with(ring, slab, &plain);
    case VN_CHECK_URING_CRAMPED:
        return vn_uring_open_with(ring, slab, &cramped);
    case VN_CHECK_EPOLL:
        return vn_ring_open(ring, VN_RING_EPOLL, slab, &refusal);
    default:
        return vn_ring_open(ring, VN_RING_KQUEUE, slab, &refusal);
    }
}

static int32_t count_descriptors(void)
{
    int32_t count = 0;
    DIR *folder = opendir("/proc/thread-self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

typedef const char *check(struct fixture *fixture);

struct performance {
    vn_ring_place place;
    check *check;
    const char *failure;
};

static const char *perform(vn_ring_place place, check *check)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->place = place;
    fixture->capacity = EVENTS;
    if (vn_slab_open(&fixture->slab, sizeof(struct slot), SLOTS) < 0)
        return "no slab";
    if (open_ring(&fixture->ring, &fixture->slab, place.backend) < 0)
        return "no ring";
    const char *failure = check(fixture);
    if (failure != NULL)
        return failure; /* whatever is left belongs to this thread and goes with it */
    if (fixture->slab.count != 0)
        return "the check left a source behind";
    vn_ring_close(fixture->ring);
    vn_slab_close(&fixture->slab);
    free(fixture);
    return NULL;
}

static void *perform_alone(void *argument)
{
    struct performance *performance = argument;
    /* Of all ways to a descriptor table of one's own the one that containers allow. */
    if (syscall(SYS_close_range, ~0U, ~0U, CLOSE_RANGE_UNSHARE) < 0) {
        performance->failure = "no descriptor table of its own";
        return NULL;
    }
    int32_t before = count_descriptors();
    performance->failure = perform(performance->place, performance->check);
    if (performance->failure == NULL && count_descriptors() != before)
        performance->failure = "a descriptor was left open or closed twice";
    return NULL;
}

static const char *stage(vn_ring_place place, check *check)
{
    struct performance performance = {.place = place, .check = check};
    pthread_t thread;
    if (pthread_create(&thread, NULL, perform_alone, &performance) != 0)
        return "no thread";
    pthread_join(thread, NULL);
    return performance.failure;
}

bool vn_ring_is_available(int32_t backend)
{
    struct vn_slab slab;
    struct vn_ring *ring;
    if (vn_slab_open(&slab, sizeof(struct slot), 1) < 0)
        return false;
    bool is_open = open_ring(&ring, &slab, backend) == 0;
    if (is_open)
        vn_ring_close(ring);
    vn_slab_close(&slab);
    return is_open;
}

/* ---- Words that the checks use ---- */

static struct vn_event next_within(struct fixture *fixture, int64_t timeout)
{
    if (fixture->at == fixture->count) {
        fixture->at = 0;
        fixture->count = vn_ring_wait(fixture->ring, fixture->events, fixture->capacity, timeout);
        if (fixture->count <= 0) {
            struct vn_event nothing = {.type = NOTHING, .count = fixture->count};
            fixture->count = 0;
            return nothing;
        }
    }
    return fixture->events[fixture->at++];
}

static struct vn_event next(struct fixture *fixture)
{
    return next_within(fixture, 20 * SECOND);
}

/* Whether nothing happens for a moment. */
static bool is_quiet(struct fixture *fixture)
{
    return next_within(fixture, MOMENT).type == NOTHING;
}

static bool is(struct vn_event event, uint8_t type, const struct slot *slot, int32_t count)
{
    return event.type == type && event.source == &slot->source && event.count == count;
}

static struct slot *begin(struct fixture *fixture, int32_t fd)
{
    uint32_t index;
    struct slot *slot = vn_slab_take(&fixture->slab, &index);
    slot->source = (struct vn_source) {
        .fd = fd,
        .index = index,
        .generation = fixture->slab.generations[index],
    };
    vn_ring_begin(fixture->ring, &slot->source);
    return slot;
}

static void release(struct fixture *fixture, struct slot *slot)
{
    vn_slab_give(&fixture->slab, slot->source.index);
}

/* End a source, and take what still comes up to ENDED. */
static const char *end(struct fixture *fixture, struct slot *slot)
{
    vn_ring_end(fixture->ring, &slot->source);
    for (;;) {
        struct vn_event event = next(fixture);
        if (event.type == NOTHING)
            return "ENDED does not come";
        if (event.source == &slot->source && event.type == VN_ENDED)
            break;
        /* Events of a batch that was fetched before the end. */
        if (event.type == VN_RECEIVED && event.count > 0)
            vn_ring_give(fixture->ring, event.buffer);
    }
    release(fixture, slot);
    return NULL;
}

static void set_nonblocking(int32_t fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

struct door {
    int32_t fd;
    struct vn_address address;
};

static struct door open_door(const struct fixture *fixture)
{
    static atomic_int number;
    struct door door = {.fd = -1};
    enum vn_listener_step step;
    char path[64];
    snprintf(path, sizeof path, "/tmp/vanilla-ring-%d-%d", getpid(), atomic_fetch_add(&number, 1));
    if (fixture->place.transport == VN_CHECK_LOCAL)
        vn_address_parse_path(&door.address, path);
    else
        vn_address_parse(&door.address, "127.0.0.1", 0);
    door.fd = vn_listener_open(&door.address, true, 1024, 0600, &step);
    return door;
}

static void remove_door(const struct door *door)
{
    struct sockaddr_un local;
    memcpy(&local, &door->address.storage, sizeof local);
    if (local.sun_family == AF_UNIX)
        unlink(local.sun_path);
}

/* A connected client, which does not wait to be accepted. */
static int32_t knock(const struct door *door)
{
    int32_t fd = socket(door->address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *) &door->address.storage, door->address.size) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A source and its peer. */
static struct slot *connect_pair(struct fixture *fixture, int32_t *peer)
{
    int32_t pair[2] = {-1, -1};
    if (fixture->place.transport == VN_CHECK_LOCAL) {
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    } else {
        struct door door = open_door(fixture);
        pair[1] = knock(&door);
        pair[0] = accept4(door.fd, NULL, NULL, SOCK_CLOEXEC);
        close(door.fd);
    }
    set_nonblocking(pair[1]);
    *peer = pair[1];
    return begin(fixture, pair[0]);
}

/* Write the pattern from `at` to a peer that does not block: up to `most` bytes. Returns how
 * many. */
static size_t pour(int32_t peer, uint64_t at, size_t most)
{
    size_t done = 0;
    while (done < most) {
        size_t part = vn_smaller(16384, most - done);
        ssize_t count = send(peer, pattern(at + done), part, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count <= 0)
            break;
        done += (size_t) count;
    }
    return done;
}

/* Take RECEIVED of one source up to `total` bytes and check them. */
static const char *take_pattern(struct fixture *fixture, struct slot *slot, uint64_t total)
{
    while (slot->received < total) {
        struct vn_event event = next(fixture);
        if (event.type != VN_RECEIVED || event.source != &slot->source || event.count <= 0)
            return "bytes are missing";
        if (!is_pattern(event.bytes, (size_t) event.count, slot->received))
            return "bytes are wrong or out of order";
        slot->received += (uint64_t) event.count;
        vn_ring_give(fixture->ring, event.buffer);
    }
    return NULL;
}

/* ---- Receiving ---- */

static const char *deliver_in_order(struct fixture *fixture)
{
    enum { TOTAL = 3 << 20 };
    int32_t peer;
    uint64_t random = 1;
    uint64_t written = 0;
    const char *failure;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    while (written < TOTAL) {
        written += pour(peer, written, vn_smaller(next_random(&random) % 70000, TOTAL - written));
        if ((failure = take_pattern(fixture, slot, written)) != NULL)
            return failure;
    }
    shutdown(peer, SHUT_WR);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    close(peer);
    return end(fixture, slot);
}

/* Keep buffers until nothing more comes. Returns how many. */
static int32_t keep_all(struct fixture *fixture, const int32_t *peers, uint64_t *written,
                        struct slot **slots, int32_t count, struct vn_event *kept, int32_t most)
{
    int32_t lent = 0;
    for (;;) {
        for (int32_t i = 0; i < count; i++)
            written[i] += pour(peers[i], written[i], 1 << 20);
        struct vn_event event = next_within(fixture, MOMENT);
        if (event.type == NOTHING || lent == most)
            return lent;
        for (int32_t i = 0; i < count; i++) {
            if (event.source != &slots[i]->source)
                continue;
            event.type = (uint8_t) i; /* whose it is */
            slots[i]->received += (uint64_t) event.count;
        }
        kept[lent++] = event;
    }
}

/* Whether what was kept is still what was received. Gives it all back. */
static bool give_all(struct fixture *fixture, struct vn_event *kept, int32_t count, uint64_t *at)
{
    bool is_right = true;
    for (int32_t i = 0; i < count; i++) {
        uint64_t *place = &at[kept[i].type];
        is_right = is_right && is_pattern(kept[i].bytes, (size_t) kept[i].count, *place);
        *place += (uint64_t) kept[i].count;
        vn_ring_give(fixture->ring, kept[i].buffer);
    }
    return is_right;
}

enum { KEPT_MAX = 4096 };

static const char *lend_until_given(struct fixture *fixture)
{
    struct vn_event kept[16];
    uint64_t at[1] = {0};
    int32_t peer;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    for (int32_t i = 0; i < 12; i++) {
        slot->received += pour(peer, slot->received, 1000);
        kept[i] = next(fixture);
        if (kept[i].type != VN_RECEIVED || kept[i].count != 1000)
            return "bytes are missing";
        kept[i].type = 0;
    }
    if (!give_all(fixture, kept, 12, at))
        return "a lent buffer was written to";
    close(peer);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    return end(fixture, slot);
}

static const char *go_on_after_exhaustion(struct fixture *fixture)
{
    enum { SOURCES = 24, TOTAL = 1 << 20 };
    struct slot *slots[SOURCES];
    int32_t peers[SOURCES];
    uint64_t written[SOURCES] = {0};
    uint64_t checked[SOURCES] = {0};
    struct vn_event *kept = calloc(KEPT_MAX, sizeof *kept);
    for (int32_t i = 0; i < SOURCES; i++) {
        slots[i] = connect_pair(fixture, &peers[i]);
        vn_ring_receive(fixture->ring, &slots[i]->source);
    }
    int32_t lent = keep_all(fixture, peers, written, slots, SOURCES, kept, KEPT_MAX);
    if (lent == KEPT_MAX)
        return "the buffers do not run out";

    /* A source that joins now has none to begin with. */
    int32_t late_peer;
    struct slot *late = connect_pair(fixture, &late_peer);
    vn_ring_receive(fixture->ring, &late->source);
    pour(late_peer, 0, 100);
    if (!is_quiet(fixture))
        return "a buffer is lent twice";
    if (!give_all(fixture, kept, lent, checked))
        return "a lent buffer was written to";
    free(kept);

    for (int32_t open = SOURCES; open > 0 || late->received < 100;) {
        for (int32_t i = 0; i < SOURCES; i++)
            if (written[i] < TOTAL)
                written[i] += pour(peers[i], written[i], TOTAL - written[i]);
        struct vn_event event = next(fixture);
        struct slot *slot = (struct slot *) event.source;
        if (event.type != VN_RECEIVED || event.count <= 0)
            return "a source is forgotten";
        if (!is_pattern(event.bytes, (size_t) event.count, slot->received))
            return "bytes are wrong or out of order";
        slot->received += (uint64_t) event.count;
        vn_ring_give(fixture->ring, event.buffer);
        for (int32_t i = open = 0; i < SOURCES; i++)
            open += slots[i]->received < TOTAL || slots[i]->received < written[i];
    }
    for (int32_t i = 0; i < SOURCES; i++) {
        close(peers[i]);
        const char *failure = end(fixture, slots[i]);
        if (failure != NULL)
            return failure;
    }
    close(late_peer);
    return end(fixture, late);
}

static const char *end_while_exhausted(struct fixture *fixture)
{
    /* The first to end is the last to whom epoll lends a buffer: many wait for a turn before it. */
    enum { SOURCES = 24, FIRST = 15 };
    struct slot *slots[SOURCES];
    int32_t peers[SOURCES];
    uint64_t written[SOURCES] = {0};
    struct vn_event *kept = calloc(KEPT_MAX, sizeof *kept);
    for (int32_t i = 0; i < SOURCES; i++) {
        slots[i] = connect_pair(fixture, &peers[i]);
        vn_ring_receive(fixture->ring, &slots[i]->source);
    }
    int32_t lent = keep_all(fixture, peers, written, slots, SOURCES, kept, KEPT_MAX);
    for (int32_t i = 0; i < SOURCES; i++) {
        int32_t which = (i + FIRST) % SOURCES;
        const char *failure = end(fixture, slots[which]);
        if (failure != NULL)
            return failure;
        close(peers[which]);
    }
    for (int32_t i = 0; i < lent; i++)
        vn_ring_give(fixture->ring, kept[i].buffer);
    free(kept);
    return is_quiet(fixture) ? NULL : "something came after ENDED";
}

static const char *tell_end_of_input_once(struct fixture *fixture)
{
    int32_t peer;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    pour(peer, 0, 10);
    shutdown(peer, SHUT_WR);
    const char *failure = take_pattern(fixture, slot, 10);
    if (failure != NULL)
        return failure;
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    if (!is_quiet(fixture))
        return "the end of input is told twice";
    close(peer);
    if (!is_quiet(fixture))
        return "something is received after the end of input";
    return end(fixture, slot);
}

/* Urgent data has a receive end before it, though more bytes wait behind. */
static const char *pass_urgent_data(struct fixture *fixture)
{
    for (size_t before = 0; before < 12; before++) {
        int32_t peer;
        struct slot *slot = connect_pair(fixture, &peer);
        vn_ring_receive(fixture->ring, &slot->source);
        /* Twice: what came first may not have been received in the same way as what follows. */
        for (uint64_t at = 0; at < 40; at += 20) {
            pour(peer, at, before);
            if (send(peer, "!", 1, MSG_OOB | MSG_NOSIGNAL) != 1)
                return "no urgent data can be sent";
            pour(peer, at + before, 20 - before);
            const char *failure = take_pattern(fixture, slot, at + 20);
            if (failure != NULL)
                return failure;
        }
        close(peer);
        const char *failure = end(fixture, slot);
        if (failure != NULL)
            return failure;
    }
    return NULL;
}

static const char *tell_reset(struct fixture *fixture)
{
    int32_t peer;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    pour(peer, 0, 10);
    const char *failure = take_pattern(fixture, slot, 10);
    if (failure != NULL)
        return failure;
    /* Bytes that nobody reads reset a local socket, the linger option a TCP one. */
    struct linger at_once = {.l_onoff = 1};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    send(slot->source.fd, "unread", 6, MSG_NOSIGNAL);
    close(peer);
    if (!is(next(fixture), VN_RECEIVED, slot, -ECONNRESET))
        return "the reset is not told";
    if (!is_quiet(fixture))
        return "something is received after a reset";
    return end(fixture, slot);
}

static const char *hold(struct fixture *fixture)
{
    enum { BOUND = 4 << 20 };
    int32_t peer;
    uint64_t written = 0;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    written += pour(peer, 0, 100);
    const char *failure = take_pattern(fixture, slot, 100);
    if (failure != NULL)
        return failure;

    vn_ring_pause(fixture->ring, &slot->source);
    for (;;) {
        written += pour(peer, written, 1 << 20);
        struct vn_event event = next_within(fixture, MOMENT);
        if (event.type == NOTHING)
            break;
        if (!is_pattern(event.bytes, (size_t) event.count, slot->received))
            return "bytes are wrong or out of order";
        slot->received += (uint64_t) event.count;
        vn_ring_give(fixture->ring, event.buffer);
        if (slot->received > BOUND)
            return "hold does not stop receiving";
    }
    if (slot->received == written)
        return "nothing was held back";
    vn_ring_receive(fixture->ring, &slot->source);
    if ((failure = take_pattern(fixture, slot, written)) != NULL)
        return failure;
    close(peer);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    return end(fixture, slot);
}

/* What was under way comes before QUIET, and nothing after it. What came later is seen, and lost by
 * nobody. */
static const char *quiesce(struct fixture *fixture)
{
    int32_t peer;
    uint64_t written = 0;
    const char *failure;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    for (int32_t i = 0; i < 20; i++) {
        written += pour(peer, written, 100 * (size_t) (i % 3)); /* nothing, the first time */
        vn_ring_quiesce(fixture->ring, &slot->source);
        struct vn_event event;
        while ((event = next(fixture)).type == VN_RECEIVED && event.count > 0) {
            if (!is_pattern(event.bytes, (size_t) event.count, slot->received))
                return "bytes are wrong or out of order";
            slot->received += (uint64_t) event.count;
            vn_ring_give(fixture->ring, event.buffer);
        }
        if (!is(event, VN_QUIET, slot, 0))
            return "QUIET does not come";
        if (vn_ring_has_input(fixture->ring, &slot->source) != (slot->received < written))
            return "what came is not seen, or what did not";
        written += pour(peer, written, 10);
        if (!is_quiet(fixture))
            return "something comes after QUIET";
        if (!vn_ring_has_input(fixture->ring, &slot->source))
            return "what came since is not seen";
        vn_ring_receive(fixture->ring, &slot->source);
        if ((failure = take_pattern(fixture, slot, written)) != NULL)
            return failure;
    }
    close(peer);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    return end(fixture, slot);
}

/* A QUIET that was not said yet is withdrawn by receiving, and by the end. */
static const char *withdraw_quiet(struct fixture *fixture)
{
    int32_t peer;
    const char *failure;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    for (uint64_t i = 1; i <= 20; i++) {
        if (i % 2 == 0 && !is_quiet(fixture))
            return "an event from nowhere";
        vn_ring_quiesce(fixture->ring, &slot->source);
        vn_ring_receive(fixture->ring, &slot->source);
        if (i % 3 == 0 && !is_quiet(fixture))
            return "it is told though it was withdrawn";
        pour(peer, (i - 1) * 10, 10);
        if ((failure = take_pattern(fixture, slot, i * 10)) != NULL)
            return failure;
    }
    vn_ring_quiesce(fixture->ring, &slot->source);
    vn_ring_end(fixture->ring, &slot->source);
    if (!is(next(fixture), VN_ENDED, slot, 0))
        return "something else than ENDED follows the end";
    release(fixture, slot);
    close(peer);
    return is_quiet(fixture) ? NULL : "something comes after ENDED";
}

static const char *hold_and_go_on_at_random(struct fixture *fixture)
{
    enum { TOTAL = 4 << 20 };
    int32_t peer;
    uint64_t random = 7;
    uint64_t written = 0;
    bool is_held = false;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    while (slot->received < TOTAL) {
        written += pour(peer, written, vn_smaller(next_random(&random) % 9000, TOTAL - written));
        struct vn_event event = next_within(fixture, is_held ? 0 : 20 * SECOND);
        if (event.type == NOTHING && !is_held)
            return "receiving does not go on";
        if (event.type == VN_RECEIVED) {
            if (event.count <= 0 || !is_pattern(event.bytes, (size_t) event.count, slot->received))
                return "bytes are wrong or out of order";
            slot->received += (uint64_t) event.count;
            vn_ring_give(fixture->ring, event.buffer);
        }
        for (uint32_t flips = next_random(&random) % 4; flips > 0; flips--) {
            is_held = !is_held;
            (is_held ? vn_ring_pause : vn_ring_receive)(fixture->ring, &slot->source);
        }
        if (is_held && slot->received == written) {
            is_held = false;
            vn_ring_receive(fixture->ring, &slot->source);
            if (written == TOTAL)
                break;
            written += pour(peer, written, 1);
        }
    }
    close(peer);
    if (is_held)
        vn_ring_receive(fixture->ring, &slot->source);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    return end(fixture, slot);
}

static const char *be_fair(struct fixture *fixture)
{
    enum { FLOODS = 20, WAIT_MAX = 4000 }; /* a few rounds of every buffer that there is */
    struct slot *floods[FLOODS];
    int32_t peers[FLOODS];
    int32_t quiet_peer;
    for (int32_t i = 0; i < FLOODS; i++) {
        floods[i] = connect_pair(fixture, &peers[i]);
        vn_ring_receive(fixture->ring, &floods[i]->source);
    }
    struct slot *quiet = connect_pair(fixture, &quiet_peer);
    vn_ring_receive(fixture->ring, &quiet->source);
    for (int32_t round = 0; round < 50; round++) {
        for (int32_t i = 0; i < FLOODS; i++)
            pour(peers[i], 0, 1 << 20);
        if (round >= 10)
            pour(quiet_peer, 0, 1);
        for (int32_t patience = WAIT_MAX;; patience--) {
            struct vn_event event = next(fixture);
            if (event.type != VN_RECEIVED)
                return "something else than bytes is received";
            vn_ring_give(fixture->ring, event.buffer);
            if (round < 10 || event.source == &quiet->source)
                break;
            pour(peers[patience % FLOODS], 0, 1 << 16);
            if (patience == 0)
                return "the busy sources starve the quiet one";
        }
    }
    for (int32_t i = 0; i < FLOODS; i++) {
        const char *failure = end(fixture, floods[i]);
        if (failure != NULL)
            return failure;
        close(peers[i]);
    }
    close(quiet_peer);
    return end(fixture, quiet);
}

/* ---- Much input ---- */

/* Sources with more input than fits into a buffer, each of which was held back once. */
enum { FLOODS = 12 };

struct flood {
    struct slot *slots[FLOODS];
    int32_t peers[FLOODS];
};

static int32_t buffer_size(const struct fixture *fixture)
{
    return fixture->place.backend >= VN_CHECK_EPOLL ? 16384 : 4096;
}

static void pour_all(const struct flood *flood)
{
    for (int32_t i = 0; i < FLOODS; i++)
        pour(flood->peers[i], 0, 1 << 20);
}

/* One wait, every buffer of which is given back. A slot's marker is whether its last receive filled
 * a buffer. Returns of how many such slots it told, or -1 when something else than bytes came. */
static int32_t hear_once(struct fixture *fixture)
{
    int32_t full = 0;
    int32_t count = vn_ring_wait(fixture->ring, fixture->events, fixture->capacity, 20 * SECOND);
    for (int32_t i = 0; i < count; i++) {
        const struct vn_event *event = &fixture->events[i];
        struct slot *slot = (struct slot *) event->source;
        if (event->type != VN_RECEIVED || event->count <= 0)
            return -1;
        full += slot->marker != 0;
        slot->marker = event->count == buffer_size(fixture);
        slot->received++;
        vn_ring_give(fixture->ring, event->buffer);
    }
    return count > 0 ? full : -1;
}

static void begin_flood(struct fixture *fixture, struct flood *flood)
{
    for (int32_t i = 0; i < FLOODS; i++) {
        flood->slots[i] = connect_pair(fixture, &flood->peers[i]);
        vn_ring_receive(fixture->ring, &flood->slots[i]->source);
    }
    for (int32_t heard = 0; heard < FLOODS;) {
        pour_all(flood);
        hear_once(fixture);
        for (int32_t i = heard = 0; i < FLOODS; i++)
            heard += flood->slots[i]->received > 0;
    }
    for (int32_t i = 0; i < FLOODS; i++)
        vn_ring_pause(fixture->ring, &flood->slots[i]->source);
    for (;;) {
        pour_all(flood);
        struct vn_event event = next_within(fixture, MOMENT);
        if (event.type == NOTHING)
            break;
        vn_ring_give(fixture->ring, event.buffer);
    }
    for (int32_t i = 0; i < FLOODS; i++) {
        flood->slots[i]->received = 0;
        flood->slots[i]->marker = fixture->place.backend < VN_CHECK_EPOLL;
        vn_ring_receive(fixture->ring, &flood->slots[i]->source);
    }
}

static const char *end_flood(struct fixture *fixture, struct flood *flood)
{
    for (int32_t i = 0; i < FLOODS; i++) {
        const char *failure = end(fixture, flood->slots[i]);
        if (failure != NULL)
            return failure;
        close(flood->peers[i]);
    }
    return NULL;
}

/* Turns that the source has had which had fewest. */
static uint64_t fewest_turns(const struct flood *flood)
{
    uint64_t fewest = UINT64_MAX;
    for (int32_t i = 0; i < FLOODS; i++)
        fewest = vn_smaller(fewest, flood->slots[i]->received);
    return fewest;
}

static const char *take_small_shares(struct fixture *fixture)
{
    enum { SHARE = 2, TURNS = 12 };
    struct flood flood;
    begin_flood(fixture, &flood);
    for (int32_t waits = 0; fewest_turns(&flood) < TURNS; waits++) {
        pour_all(&flood);
        int32_t full = hear_once(fixture);
        if (full < 0)
            return "something else than bytes is received";
        if (full > SHARE)
            return "a wait is long where many have much input";
        if (waits > TURNS * FLOODS)
            return "one with much input starves another";
    }
    return end_flood(fixture, &flood);
}

/* It has used up its input twice: what comes then does not wait for those who still flood. */
static const char *pass_the_flood(struct fixture *fixture)
{
    enum { WAITS_MAX = 3 };
    struct flood flood;
    begin_flood(fixture, &flood);
    struct slot *other = flood.slots[0];
    for (int32_t shorts = 0; shorts < 2;) { /* what comes in now is less than what is taken */
        for (int32_t i = 0; i < FLOODS; i++)
            pour(flood.peers[i], 0, i == 0 ? 100 : 1 << 20);
        uint64_t before = other->received;
        if (hear_once(fixture) < 0)
            return "something else than bytes is received";
        if (other->received > before)
            shorts = other->marker ? 0 : shorts + 1;
    }
    for (int32_t round = 0; round < 10; round++) {
        uint64_t before = other->received;
        pour(flood.peers[0], 0, 100);
        for (int32_t waits = 0; other->received == before;) {
            for (int32_t i = 1; i < FLOODS; i++)
                pour(flood.peers[i], 0, 1 << 20);
            struct pollfd input = {.fd = other->source.fd, .events = POLLIN};
            waits += poll(&input, 1, 0) > 0; /* it has arrived */
            if (waits > WAITS_MAX)
                return "one whose input was used up waits for those who flood";
            if (hear_once(fixture) < 0)
                return "something else than bytes is received";
        }
    }
    return end_flood(fixture, &flood);
}

/* A receive that does not fill its buffer between two that do says nothing yet. */
static const char *take_a_buffer_at_a_time(struct fixture *fixture)
{
    int32_t peer;
    int32_t much = buffer_size(fixture);
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    pour(peer, 0, 10);
    const char *failure = take_pattern(fixture, slot, 10);
    if (failure != NULL)
        return failure;
    vn_ring_pause(fixture->ring, &slot->source);
    if (!is_quiet(fixture))
        return "something is received from nobody";
    vn_ring_receive(fixture->ring, &slot->source);
    for (int32_t round = 0; round < 4; round++) {
        size_t count = (size_t) (much * (round % 2 == 0 ? 1 : 5) + 100);
        if (pour(peer, slot->received, count) < count)
            return "the peer does not take what is written";
        for (uint64_t end = slot->received + count; slot->received < end;) {
            struct vn_event event = next(fixture);
            if (event.type != VN_RECEIVED || event.count <= 0)
                return "bytes are missing";
            if (fixture->count != 1)
                return "it gets several buffers in a wait";
            slot->received += (uint64_t) event.count;
            vn_ring_give(fixture->ring, event.buffer);
        }
    }
    close(peer);
    if (!is(next(fixture), VN_RECEIVED, slot, 0))
        return "the end of input is not told";
    return end(fixture, slot);
}

/* Nothing but its turn is what the last one waits for: those before it were held back meanwhile. */
static const char *take_a_turn_behind_held_ones(struct fixture *fixture)
{
    struct flood flood;
    begin_flood(fixture, &flood);
    struct slot *last = flood.slots[FLOODS - 1];
    if (fixture->place.backend >= VN_CHECK_EPOLL && hear_once(fixture) < 0)
        return "something else than bytes is received";
    for (int32_t i = 0; i < FLOODS - 1; i++)
        vn_ring_pause(fixture->ring, &flood.slots[i]->source);
    for (;;) {
        struct vn_event event = next(fixture);
        if (event.type != VN_RECEIVED || event.count <= 0)
            return "its turn does not come";
        vn_ring_give(fixture->ring, event.buffer);
        if (event.source == &last->source)
            break;
    }
    return end_flood(fixture, &flood);
}

static const char *end_before_its_turn(struct fixture *fixture)
{
    struct flood flood;
    begin_flood(fixture, &flood);
    if (hear_once(fixture) < 0)
        return "something else than bytes is received";
    for (int32_t i = 0; i < FLOODS; i++)
        vn_ring_end(fixture->ring, &flood.slots[i]->source);
    for (int32_t i = 0; i < FLOODS; i++) {
        struct vn_event event = next(fixture);
        struct slot *slot = (struct slot *) event.source;
        if (event.type != VN_ENDED || slot->ended++ > 0)
            return "something else than one ENDED for each came";
    }
    if (!is_quiet(fixture))
        return "something came after the last ENDED";
    for (int32_t i = 0; i < FLOODS; i++) {
        release(fixture, flood.slots[i]);
        close(flood.peers[i]);
    }
    return NULL;
}

/* ---- Sending ---- */

/* Ask for the next bytes of a source's pattern, in one vector or three. Returns what send does. */
static int64_t send_some(struct fixture *fixture, struct slot *slot, uint8_t *bytes, size_t count,
                         bool is_split)
{
    size_t third = count / 3;
    slot->vectors[0] = (struct iovec) {bytes, is_split ? third : count};
    slot->vectors[1] = (struct iovec) {bytes + third, third};
    slot->vectors[2] = (struct iovec) {bytes + 2 * third, count - 2 * third};
    slot->message = (struct msghdr) {.msg_iov = slot->vectors, .msg_iovlen = is_split ? 3 : 1};
    return vn_ring_send(fixture->ring, &slot->source, &slot->message);
}

/* Read what is there and check it. */
static bool drink(int32_t peer, uint64_t *at)
{
    uint8_t bytes[32768];
    ssize_t count;
    while ((count = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        if (!is_pattern(bytes, (size_t) count, *at))
            return false;
        *at += (uint64_t) count;
    }
    return true;
}

/* The peer reads nothing until a send is stuck, and a little at a time from then on. */
static const char *send_to_a_slow_reader(struct fixture *fixture)
{
    enum { TOTAL = 8 << 20, MOST = 900001 };
    int32_t peer;
    uint64_t sent = 0;
    uint64_t seen = 0;
    uint32_t stuck = 0;
    int32_t room = 65536;
    uint8_t *bytes = malloc(MOST);
    struct slot *slot = connect_pair(fixture, &peer);
    setsockopt(slot->source.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    for (bool is_split = false; sent < TOTAL; is_split = !is_split) {
        size_t count = vn_smaller(MOST, TOTAL - sent);
        fill(bytes, count, sent);
        int64_t taken = send_some(fixture, slot, bytes, count, is_split);
        if (taken == 0) {
            struct vn_event event = next_within(fixture, MOMENT);
            if (event.type == NOTHING) {
                stuck++;
                if (!drink(peer, &seen))
                    return "bytes are wrong or out of order";
                event = next(fixture);
            }
            if (event.type != VN_SENT || event.source != &slot->source || event.count <= 0)
                return "SENT does not come";
            taken = event.count;
        }
        if (taken < 0 || (uint64_t) taken > count)
            return "more was taken than asked, or none";
        sent += (uint64_t) taken;
    }
    if (stuck == 0)
        return "the peer was never too slow";
    while (seen < TOTAL) {
        struct pollfd input = {.fd = peer, .events = POLLIN};
        if (poll(&input, 1, 20000) <= 0 || !drink(peer, &seen))
            return "bytes are lost, wrong or out of order";
    }
    free(bytes);
    close(peer);
    return end(fixture, slot);
}

static const char *tell_that_sending_failed(struct fixture *fixture)
{
    int32_t peer;
    uint8_t byte = 0;
    struct slot *slot = connect_pair(fixture, &peer);
    struct linger at_once = {.l_onoff = 1};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(peer);
    int64_t taken = send_some(fixture, slot, &byte, 1, false);
    if (taken == 0) {
        struct vn_event event = next(fixture);
        if (event.type != VN_SENT || event.source != &slot->source)
            return "SENT does not come";
        taken = event.count;
    }
    if (taken != -EPIPE && taken != -ECONNRESET)
        return "the failure is not told";
    return end(fixture, slot);
}

/* ---- Ending ---- */

static const char *end_once(struct fixture *fixture)
{
    int32_t peer;
    for (int32_t i = 0; i < 4; i++) {
        struct slot *slot = connect_pair(fixture, &peer);
        if (i >= 1)
            vn_ring_receive(fixture->ring, &slot->source);
        if (i >= 2 && !is_quiet(fixture))
            return "something is received from nobody";
        if (i >= 3) {
            pour(peer, 0, 10);
            const char *failure = take_pattern(fixture, slot, 10);
            if (failure != NULL)
                return failure;
            if (!is_quiet(fixture))
                return "something is received from nobody";
        }
        int32_t fd = slot->source.fd;
        vn_ring_end(fixture->ring, &slot->source);
        if (!is(next(fixture), VN_ENDED, slot, 0))
            return "ENDED does not come";
        uint8_t byte;
        if (!is_quiet(fixture))
            return "something came after ENDED";
        if (fcntl(fd, F_GETFD) != -1)
            return "the descriptor is open after ENDED";
        if (recv(peer, &byte, 1, 0) != 0)
            return "the peer does not see the end";
        release(fixture, slot);
        close(peer);
    }
    return NULL;
}

static const char *end_once_under_flood(struct fixture *fixture)
{
    enum { SOURCES = 32, ROUNDS = 20 };
    uint64_t random = 3;
    for (int32_t round = 0; round < ROUNDS; round++) {
        struct slot *slots[SOURCES];
        int32_t peers[SOURCES];
        bool is_ending[SOURCES] = {false};
        int32_t open = SOURCES;
        for (int32_t i = 0; i < SOURCES; i++) {
            slots[i] = connect_pair(fixture, &peers[i]);
            slots[i]->marker = (uint64_t) i;
            vn_ring_receive(fixture->ring, &slots[i]->source);
        }
        while (open > 0) {
            uint32_t one = next_random(&random) % SOURCES;
            pour(peers[one], 0, next_random(&random) % 50000);
            if (next_random(&random) % 8 == 0 && !is_ending[one]) {
                is_ending[one] = true;
                vn_ring_end(fixture->ring, &slots[one]->source);
            }
            struct vn_event event = next_within(fixture, 0);
            if (event.type == NOTHING)
                continue;
            struct slot *slot = (struct slot *) event.source;
            if (slot->ended > 0)
                return "something came after ENDED";
            if (event.type == VN_RECEIVED && event.count > 0) {
                vn_ring_give(fixture->ring, event.buffer);
            } else if (event.type == VN_ENDED && is_ending[slot->marker]) {
                slot->ended++;
                open--;
            } else {
                return "something else than bytes or ENDED came";
            }
        }
        if (!is_quiet(fixture))
            return "something came after the last ENDED";
        for (int32_t i = 0; i < SOURCES; i++) {
            release(fixture, slots[i]);
            close(peers[i]);
        }
    }
    return NULL;
}

static const char *end_what_it_sends(struct fixture *fixture)
{
    enum { MOST = 8 << 20 };
    int32_t peer;
    uint8_t *bytes = calloc(1, MOST);
    for (int32_t i = 0; i < 4; i++) {
        struct slot *slot = connect_pair(fixture, &peer);
        if (i & 1)
            vn_ring_receive(fixture->ring, &slot->source);
        while (send_some(fixture, slot, bytes, MOST, i & 2) != 0 || !is_quiet(fixture))
            if (slot->ended++ > 1000)
                return "the peer takes everything";
        vn_ring_end(fixture->ring, &slot->source);
        if (!is(next(fixture), VN_ENDED, slot, 0))
            return "ENDED does not come";
        if (!is_quiet(fixture))
            return "something came after ENDED";
        release(fixture, slot);
        close(peer);
    }
    free(bytes);
    return NULL;
}

/* The bytes that a tenant of a slot gets say for which tenant they are. */
static const char *reuse_slots(struct fixture *fixture)
{
    enum { ROUNDS = 3000 };
    uint64_t random = 9;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        int32_t peer;
        struct slot *slot = connect_pair(fixture, &peer);
        slot->marker = round;
        if (slot->source.index != 0)
            return "the slot is not reused";
        vn_ring_receive(fixture->ring, &slot->source);
        uint32_t copies = 1 + next_random(&random) % 400;
        for (uint32_t i = 0; i < copies; i++)
            send(peer, &round, sizeof round, MSG_NOSIGNAL);
        bool is_ended = false;
        for (uint32_t events = next_random(&random) % 3; !is_ended;) {
            if (events-- == 0)
                vn_ring_end(fixture->ring, &slot->source);
            struct vn_event event = next(fixture);
            if (event.type == VN_RECEIVED && event.count > 0) {
                uint64_t marker;
                memcpy(&marker, event.bytes, sizeof marker);
                vn_ring_give(fixture->ring, event.buffer);
                if (event.count % 8 == 0 && marker != slot->marker)
                    return "an event of the tenant before";
                send(peer, &round, sizeof round, MSG_NOSIGNAL);
            } else if (event.type == VN_ENDED) {
                is_ended = true;
            } else {
                return "something else than bytes or ENDED came";
            }
        }
        release(fixture, slot);
        close(peer);
    }
    return NULL;
}

/* ---- Accepting ---- */

/* Take exactly `count` connections, each close-on-exec. */
static const char *take_connections(struct fixture *fixture, struct slot *door, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        struct vn_event event = next(fixture);
        if (event.type != VN_ACCEPTED || event.source != &door->source || event.count < 0)
            return "a connection is not accepted";
        if (!(fcntl(event.count, F_GETFD) & FD_CLOEXEC))
            return "an accepted descriptor survives exec";
        close(event.count);
    }
    return NULL;
}

static const char *keep_the_accept_budget(struct fixture *fixture)
{
    /* The budget of each call, clients who come then, and how many of all that wait it takes. */
    static const struct {
        uint32_t budget;
        int32_t clients;
        int32_t accepted;
    } steps[] = {{3, 5, 3},  {1, 0, 1},   {0, 2, 0}, {10, 0, 3},
                 {7, 40, 7}, {20, 0, 20}, {0, 0, 0}, {100, 30, 43}};
    struct door door = open_door(fixture);
    struct slot *slot = begin(fixture, door.fd);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int32_t clients[64];
        for (int32_t j = 0; j < steps[i].clients; j++)
            clients[j] = knock(&door);
        vn_ring_accept(fixture->ring, &slot->source, steps[i].budget);
        const char *failure = take_connections(fixture, slot, steps[i].accepted);
        if (failure != NULL)
            return failure;
        if (!is_quiet(fixture))
            return "more is accepted than the budget allows";
        for (int32_t j = 0; j < steps[i].clients; j++)
            close(clients[j]);
    }
    remove_door(&door);
    return end(fixture, slot);
}

/* From a budget so large that the backend accepts wholesale, down through where it begins to
 * count. */
static const char *accept_without_end(struct fixture *fixture)
{
    struct door door = open_door(fixture);
    struct slot *slot = begin(fixture, door.fd);
    vn_ring_accept(fixture->ring, &slot->source, 8192 + 20);
    for (int32_t i = 0; i < 10; i++) {
        int32_t clients[10];
        for (int32_t j = 0; j < 10; j++)
            clients[j] = knock(&door);
        const char *failure = take_connections(fixture, slot, 10);
        if (failure != NULL)
            return failure;
        if (i == 5) /* wholesale again, with single ones in flight */
            vn_ring_accept(fixture->ring, &slot->source, 1000000);
        if (i == 7) /* and the other way */
            vn_ring_accept(fixture->ring, &slot->source, 100);
        for (int32_t j = 0; j < 10; j++)
            close(clients[j]);
    }
    remove_door(&door);
    return end(fixture, slot);
}

static const char *accept_from_a_nonblocking_listener(struct fixture *fixture)
{
    struct door door = open_door(fixture);
    set_nonblocking(door.fd);
    struct slot *slot = begin(fixture, door.fd);
    vn_ring_accept(fixture->ring, &slot->source, 10);
    if (!is_quiet(fixture))
        return "something is accepted from nobody";
    int32_t client = knock(&door);
    const char *failure = take_connections(fixture, slot, 1);
    if (failure != NULL)
        return failure;
    close(client);
    remove_door(&door);
    return end(fixture, slot);
}

static const char *drain_a_listener(struct fixture *fixture)
{
    enum { CLIENTS = 20 };
    for (uint32_t budget = 0; budget <= 10; budget += 5) {
        int32_t clients[CLIENTS];
        struct door door = open_door(fixture);
        struct slot *slot = begin(fixture, door.fd);
        vn_ring_accept(fixture->ring, &slot->source, budget);
        for (int32_t i = 0; i < CLIENTS; i++)
            clients[i] = knock(&door);
        const char *failure = take_connections(fixture, slot, (int32_t) budget);
        if (failure != NULL)
            return failure;
        fixture->capacity = 3;
        vn_ring_end(fixture->ring, &slot->source);
        if ((failure = take_connections(fixture, slot, CLIENTS - (int32_t) budget)) != NULL)
            return failure;
        if (!is(next(fixture), VN_ENDED, slot, 0))
            return "ENDED does not come";
        if (!is_quiet(fixture))
            return "something came after ENDED";
        if (knock(&door) >= 0)
            return "the listener is still open";
        release(fixture, slot);
        for (int32_t i = 0; i < CLIENTS; i++)
            close(clients[i]);
        remove_door(&door);
    }
    return NULL;
}

/* The same socket under several sources, as workers share a local one: no accept blocks,
 * nobody's end stops another. */
static const char *end_an_idle_listener(struct fixture *fixture)
{
    struct door door = open_door(fixture);
    struct slot *slots[3];
    for (int32_t i = 0; i < 3; i++) {
        slots[i] = begin(fixture, i < 2 ? fcntl(door.fd, F_DUPFD_CLOEXEC, 0) : door.fd);
        vn_ring_accept(fixture->ring, &slots[i]->source, i == 0 ? 100000 : 5);
    }
    for (int32_t i = 0; i < 3; i++) {
        int32_t client = knock(&door);
        struct vn_event event = next(fixture);
        if (event.type != VN_ACCEPTED || event.count < 0)
            return "a connection is not accepted";
        close(event.count);
        close(client);
        if (!is_quiet(fixture))
            return "one connection is accepted twice";
        const char *failure = end(fixture, slots[i]);
        if (failure != NULL)
            return failure;
    }
    remove_door(&door);
    return is_quiet(fixture) ? NULL : "something came after ENDED";
}

/* Take every descriptor that is left. Returns how many. */
static uint32_t take_descriptors(int32_t *taken, uint64_t most)
{
    uint32_t count = 0;
    for (int32_t fd = dup(0); fd >= 0 && count < most; fd = dup(0))
        taken[count++] = fd;
    return count;
}

static const char *tell_exhausted_descriptors_once(struct fixture *fixture)
{
    enum { CLIENTS = 3 };
    int32_t clients[CLIENTS];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    int32_t *taken = malloc(sizeof *taken * limit.rlim_cur);
    struct door door = open_door(fixture);
    struct slot *slot = begin(fixture, door.fd);
    for (uint32_t budget = 10; budget <= 10000; budget += 9990) {
        vn_ring_accept(fixture->ring, &slot->source, 0);
        if (!is_quiet(fixture))
            return "something is accepted from nobody";
        for (int32_t i = 0; i < CLIENTS; i++)
            clients[i] = knock(&door);
        uint32_t count = take_descriptors(taken, limit.rlim_cur);
        vn_ring_accept(fixture->ring, &slot->source, budget);
        if (!is(next(fixture), VN_ACCEPTED, slot, -EMFILE))
            return "the failure is not told";
        if (!is_quiet(fixture))
            return "the failure is told twice";
        while (count > 0)
            close(taken[--count]);
        if (!is_quiet(fixture))
            return "accepting goes on by itself after a failure";
        vn_ring_accept(fixture->ring, &slot->source, budget);
        const char *failure = take_connections(fixture, slot, CLIENTS);
        if (failure != NULL)
            return failure;
        for (int32_t i = 0; i < CLIENTS; i++)
            close(clients[i]);
    }
    free(taken);
    remove_door(&door);
    return end(fixture, slot);
}

/* ---- Waking, watching, waiting ---- */

static const char *wakes_be_one(struct fixture *fixture)
{
    for (int32_t round = 0; round < 3; round++) {
        for (int32_t i = 0; i < 100; i++)
            vn_ring_wake(fixture->ring);
        struct vn_event event = next(fixture);
        if (event.type != VN_WOKEN || event.source != NULL)
            return "WOKEN does not come";
        if (!is_quiet(fixture))
            return "many wakes are more than one";
    }
    return NULL;
}

struct waker {
    struct vn_ring *ring;
    atomic_uint posted;
    uint32_t count;
};

static void *wake_often(void *argument)
{
    struct waker *waker = argument;
    for (uint32_t i = 0; i < waker->count; i++) {
        atomic_fetch_add_explicit(&waker->posted, 1, memory_order_relaxed);
        vn_ring_wake(waker->ring);
    }
    return NULL;
}

/* Beside a connection that is never idle. After the last WOKEN nothing may be left in the
 * mailbox. */
static const char *lose_no_wake(struct fixture *fixture)
{
    enum { WAKES = 100000, THREADS = 2 };
    struct waker waker = {.ring = fixture->ring, .count = WAKES};
    pthread_t threads[THREADS];
    int32_t peer;
    uint32_t seen = 0;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_receive(fixture->ring, &slot->source);
    pour(peer, 0, 1000);
    for (int32_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, wake_often, &waker);
    while (seen < THREADS * WAKES) {
        struct vn_event event = next(fixture);
        if (event.type == NOTHING)
            return "a wake is lost";
        if (event.type == VN_WOKEN)
            seen = atomic_load_explicit(&waker.posted, memory_order_relaxed);
        if (event.type == VN_RECEIVED) {
            vn_ring_give(fixture->ring, event.buffer);
            pour(peer, 0, 1000);
        }
    }
    for (int32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    close(peer);
    return end(fixture, slot);
}

static const char *wake_a_sleeper(struct fixture *fixture)
{
    struct waker waker = {.ring = fixture->ring, .count = 1};
    for (int32_t i = 0; i < 200; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, wake_often, &waker);
        struct vn_event event = next_within(fixture, -1);
        pthread_join(thread, NULL);
        if (event.type != VN_WOKEN)
            return "wait without a timeout returned without an event";
    }
    return NULL;
}

static const char *watch(struct fixture *fixture)
{
    int32_t peer;
    uint8_t bytes[8];
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_watch(fixture->ring, &slot->source, POLLIN);
    if (!is_quiet(fixture))
        return "READY comes early";
    for (int32_t i = 0; i < 3; i++) {
        pour(peer, 0, 8);
        if (!is(next(fixture), VN_READY, slot, POLLIN))
            return "READY does not come";
        if (!is_quiet(fixture))
            return "READY comes twice";
        if (i < 2)
            vn_ring_watch(fixture->ring, &slot->source, POLLIN);
        if (i == 0 && !is(next(fixture), VN_READY, slot, POLLIN))
            return "what is ready already is not told";
        if (i == 0)
            vn_ring_watch(fixture->ring, &slot->source, POLLIN);
        /* Input that is read, and gone when the watching begins or not: in the end the state
         * counts. */
        recv(slot->source.fd, bytes, sizeof bytes, 0);
        while (next_within(fixture, MOMENT).type != NOTHING)
            vn_ring_watch(fixture->ring, &slot->source, POLLIN);
    }
    vn_ring_watch(fixture->ring, &slot->source, POLLIN | POLLOUT);
    if (!is(next(fixture), VN_READY, slot, POLLOUT))
        return "a writable descriptor is not told";
    vn_ring_watch(fixture->ring, &slot->source, POLLIN);
    close(peer);
    struct vn_event event = next(fixture);
    if (event.type != VN_READY || !(event.count & (POLLIN | POLLHUP)))
        return "the peer's end is not told";
    return end(fixture, slot);
}

/* A file never blocks. epoll does not take it. */
static const char *watch_a_file(struct fixture *fixture)
{
    int32_t fd = open("/dev/zero", O_RDWR | O_CLOEXEC), file = memfd_create("watched", MFD_CLOEXEC);
    int32_t both[] = {fd, file};
    for (int32_t i = 0; i < 2; i++) {
        struct slot *slot = begin(fixture, both[i]);
        for (int32_t j = 0; j < 3; j++) {
            vn_ring_watch(fixture->ring, &slot->source, POLLIN);
            if (!is(next(fixture), VN_READY, slot, POLLIN))
                return "a file is not readable";
            if (!is_quiet(fixture))
                return "READY comes twice";
        }
        vn_ring_watch(fixture->ring, &slot->source, POLLIN | POLLOUT);
        if (!is(next(fixture), VN_READY, slot, POLLIN | POLLOUT))
            return "a file is not ready for both";
        const char *problem = end(fixture, slot);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

static const char *replace_a_watch(struct fixture *fixture)
{
    int32_t peer;
    struct slot *slot = connect_pair(fixture, &peer);
    vn_ring_watch(fixture->ring, &slot->source, POLLIN);
    if (!is_quiet(fixture))
        return "READY comes early";
    vn_ring_watch(fixture->ring, &slot->source, POLLOUT);
    if (!is(next(fixture), VN_READY, slot, POLLOUT))
        return "the new mask is not watched";
    if (!is_quiet(fixture))
        return "READY comes twice";

    /* Replaced after the kernel has found the old one. */
    vn_ring_watch(fixture->ring, &slot->source, POLLOUT);
    vn_ring_watch(fixture->ring, &slot->source, POLLIN);
    if (!is_quiet(fixture))
        return "the old mask is still watched";
    pour(peer, 0, 1);
    if (!is(next(fixture), VN_READY, slot, POLLIN))
        return "the new mask is not watched";
    close(peer);
    return end(fixture, slot);
}

/* Of a descriptor that somebody else keeps open, as a library does its own. */
static const char *end_a_watch(struct fixture *fixture)
{
    for (int32_t i = 0; i < 3; i++) {
        int32_t peer;
        struct slot *slot = connect_pair(fixture, &peer);
        int32_t copy = fcntl(slot->source.fd, F_DUPFD_CLOEXEC, 0);
        vn_ring_watch(fixture->ring, &slot->source, POLLIN);
        if (i > 0 && !is_quiet(fixture))
            return "READY comes early";
        if (i > 1)
            pour(peer, 0, 1);
        vn_ring_end(fixture->ring, &slot->source);
        if (!is(next(fixture), VN_ENDED, slot, 0))
            return "ENDED does not come";
        pour(peer, 0, 1);
        if (!is_quiet(fixture))
            return "something came after ENDED";
        release(fixture, slot);
        close(copy);
        close(peer);
    }
    return NULL;
}

static const char *keep_the_time(struct fixture *fixture)
{
    static const int64_t spans[] = {1, 1000, 300000, 1700000, 30000000};
    int64_t start = now();
    for (int32_t i = 0; i < 1000; i++)
        if (vn_ring_wait(fixture->ring, fixture->events, EVENTS, 0) != 0)
            return "an event from nowhere";
    if (now() - start > SECOND)
        return "a wait of 0 blocks";
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        start = now();
        if (vn_ring_wait(fixture->ring, fixture->events, EVENTS, spans[i]) != 0)
            return "an event from nowhere";
        if (now() - start < spans[i])
            return "a wait is over early";
        if (now() - start > spans[i] + 2 * SECOND)
            return "a wait is over late";
    }
    return NULL;
}

static const char *have_more_events_than_capacity(struct fixture *fixture)
{
    enum { SOURCES = 100 };
    struct slot *slots[SOURCES];
    int32_t peers[SOURCES];
    for (int32_t capacity = 1; capacity <= 7; capacity += 3) {
        fixture->capacity = capacity;
        for (int32_t i = 0; i < SOURCES; i++) {
            slots[i] = connect_pair(fixture, &peers[i]);
            vn_ring_receive(fixture->ring, &slots[i]->source);
            pour(peers[i], 0, 64);
        }
        vn_ring_wake(fixture->ring);
        for (int32_t i = 0; i < SOURCES + 1; i++) {
            struct vn_event event = next(fixture);
            if (event.type == VN_WOKEN)
                continue;
            struct slot *slot = (struct slot *) event.source;
            if (event.type != VN_RECEIVED || event.count != 64 || slot->received != 0)
                return "an event is lost or comes twice";
            slot->received = 64;
            vn_ring_give(fixture->ring, event.buffer);
        }
        for (int32_t i = 0; i < SOURCES; i++)
            vn_ring_end(fixture->ring, &slots[i]->source);
        for (int32_t i = 0; i < SOURCES; i++) {
            struct vn_event event = next(fixture);
            struct slot *slot = (struct slot *) event.source;
            if (event.type != VN_ENDED || slot->ended++ > 0)
                return "ENDED is lost or comes twice";
        }
        if (!is_quiet(fixture))
            return "an event from nowhere";
        for (int32_t i = 0; i < SOURCES; i++) {
            release(fixture, slots[i]);
            close(peers[i]);
        }
    }
    return NULL;
}

/* Thousands of operations that complete at once: more than any submission or completion queue of
 * the suite, but the server's own, holds. */
static const char *have_more_completions_than_queue(struct fixture *fixture)
{
    enum { SOURCES = 6000 };
    struct slot **slots = calloc(SOURCES, sizeof *slots);
    int32_t wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (int32_t i = 0; i < SOURCES; i++) {
        slots[i] = begin(fixture, fcntl(wakeup, F_DUPFD_CLOEXEC, 0));
        vn_ring_watch(fixture->ring, &slots[i]->source, POLLIN);
    }
    if (!is_quiet(fixture))
        return "READY comes early";
    eventfd_write(wakeup, 1);
    for (int32_t i = 0; i < SOURCES; i++) {
        struct vn_event event = next(fixture);
        struct slot *slot = (struct slot *) event.source;
        if (event.type != VN_READY || slot->received++ > 0)
            return "READY is lost or comes twice";
    }
    for (int32_t i = 0; i < SOURCES; i++)
        vn_ring_end(fixture->ring, &slots[i]->source);
    for (int32_t i = 0; i < SOURCES; i++) {
        struct vn_event event = next(fixture);
        struct slot *slot = (struct slot *) event.source;
        if (event.type != VN_ENDED || slot->ended++ > 0)
            return "ENDED is lost or comes twice";
    }
    if (!is_quiet(fixture))
        return "an event from nowhere";
    for (int32_t i = 0; i < SOURCES; i++)
        release(fixture, slots[i]);
    free(slots);
    close(wakeup);
    return NULL;
}

static const char *close_on_exec(struct fixture *fixture)
{
    enum { DESCRIPTORS = 4096 }; /* more than other tests have open, which this thread inherits */
    struct vn_ring *second;
    bool was_open[DESCRIPTORS];
    int32_t found = 0;
    for (int32_t fd = 0; fd < DESCRIPTORS; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    if (open_ring(&second, &fixture->slab, fixture->place.backend) < 0)
        return "no second ring";
    for (int32_t fd = 0; fd < DESCRIPTORS; fd++) {
        int32_t flags = fcntl(fd, F_GETFD);
        if (was_open[fd] || flags < 0)
            continue;
        found++;
        if (!(flags & FD_CLOEXEC))
            return "a descriptor of the ring survives exec";
    }
    vn_ring_close(second);
    return found >= 2 ? NULL : "the ring has no descriptors";
}

/* ---- The sentences ---- */

static const struct {
    const char *sentence;
    check *check;
} sentences[] = {
    {"bytes arrive in order, then the end of input", deliver_in_order},
    {"a buffer is lent until it is given back", lend_until_given},
    {"receiving goes on after all buffers were lent", go_on_after_exhaustion},
    {"a source ends while all buffers are lent", end_while_exhausted},
    {"the end of input is told once", tell_end_of_input_once},
    {"a reset is told as such", tell_reset},
    {"urgent data does not stop the rest", pass_urgent_data},
    {"a slow reader gets every byte once", send_to_a_slow_reader},
    {"a send to nobody fails without a signal", tell_that_sending_failed},
    {"hold stops, and receive goes on without loss", hold},
    {"hold and receive may alternate at any time", hold_and_go_on_at_random},
    {"a source is quiet once what was under way has come", quiesce},
    {"receiving again or ending withdraws that", withdraw_quiet},
    {"busy sources do not starve a quiet one", be_fair},
    {"much input takes a small share of a wait", take_small_shares},
    {"whose input was used up does not wait for a flood", pass_the_flood},
    {"a source that was held back gets a buffer at a time", take_a_buffer_at_a_time},
    {"a turn comes behind sources that are held back", take_a_turn_behind_held_ones},
    {"a source ends before its turn", end_before_its_turn},
    {"a source ends exactly once", end_once},
    {"a source ends exactly once under a flood", end_once_under_flood},
    {"a source ends while its peer does not read", end_what_it_sends},
    {"a slot's next tenant gets nothing of the last", reuse_slots},
    {"the accept budget is kept", keep_the_accept_budget},
    {"a large accept budget shrinks to a small one", accept_without_end},
    {"a non-blocking listener is fine", accept_from_a_nonblocking_listener},
    {"a listener's end delivers its queue", drain_a_listener},
    {"a shared listener ends without stopping the others", end_an_idle_listener},
    {"exhausted descriptors are told once, and accepting recovers",
     tell_exhausted_descriptors_once},
    {"many wakes are one", wakes_be_one},
    {"no wake is lost under load", lose_no_wake},
    {"a wake ends a wait without a timeout", wake_a_sleeper},
    {"a watched descriptor is told once when ready", watch},
    {"a file is ready", watch_a_file},
    {"a watch replaces the one before", replace_a_watch},
    {"a watched source ends though its descriptor lives on", end_a_watch},
    {"timeouts are kept", keep_the_time},
    {"events beyond the capacity wait", have_more_events_than_capacity},
    {"completions beyond the queue are not lost", have_more_completions_than_queue},
    {"the ring's descriptors are close-on-exec", close_on_exec},
};

enum { SENTENCES = sizeof sentences / sizeof *sentences };

const char *vn_ring_sentence(int32_t index)
{
    return index < SENTENCES ? sentences[index].sentence : NULL;
}

const char *vn_check_ring(int32_t index, vn_ring_place place)
{
    return stage(place, sentences[index].check);
}

/* ---- AUTO ---- */

/* Forbid io_uring to this thread alone, as a container's profile does. */
static bool forbid_uring(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void *open_forbidden(void *argument)
{
    const char **failure = argument;
    struct vn_slab slab;
    struct vn_ring *ring;
    int32_t refusal = 0;
    *failure = "no rules";
    if (!forbid_uring() || vn_slab_open(&slab, sizeof(struct slot), 1) < 0)
        return NULL;
    *failure = "io_uring alone does not fail";
    if (vn_ring_open(&ring, VN_RING_URING, &slab, &refusal) != -EPERM)
        return NULL;
    *failure = "AUTO does not fall back";
    if (vn_ring_open(&ring, VN_RING_AUTO, &slab, &refusal) != 0)
        return NULL;
    *failure = strcmp(ring->ops->name, "epoll") != 0 ? "AUTO took something else than epoll"
               : refusal != -EPERM                   ? "AUTO does not say why"
                                                     : NULL;
    vn_ring_close(ring);
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_falls_back(void)
{
    const char *failure = "no thread";
    pthread_t thread;
    if (pthread_create(&thread, NULL, open_forbidden, &failure) == 0)
        pthread_join(thread, NULL);
    return failure;
}
