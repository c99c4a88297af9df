// SPDX-License-Identifier: MIT
#include "scripted.h"

#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <string.h>

#include "../CVanillaIOChecks/http_delivery.h"
#include "system.h"

enum {
    DRAWN_MAX = 300, /* random steps */
    QUIET = 400,     /* milliseconds that pass, times up to 31 */
    DRIFT = 2000,    /* nanoseconds by which the clock goes with each look, times up to 31 */
    BUFFERS = 64,
    BUFFER_SIZE = 4096,
    BUFFER_EDGE = 32,
};

struct script script;

static const struct vn_ring_ops *under;
static struct vn_ring_ops over;
static struct vn_worker *stopped;

/* A receive buffer: lent, given back and not to be touched, or with the ring. */
static struct buffer {
    uint8_t *bytes;
    size_t count;
    bool is_lent;
} buffers[BUFFERS];
static uint16_t given_back[BUFFERS];
static uint32_t given_back_count;

/* ---- Steps ---- */

bool scripted_is_over(void)
{
    return script.bytes.count == 0 && (script.random == 0 || script.drawn >= DRAWN_MAX);
}

static uint8_t draw(void)
{
    if (scripted_is_over())
        return 0;
    script.drawn++;
    return script.bytes.count > 0 ? fuzz_take(&script.bytes)
                                  : (uint8_t) (vn_random(&script.random) >> 32);
}

static void break_something(struct vn_loopback_script *memory, uint32_t how)
{
    uint32_t much = how / 4;
    switch (how % 4) {
    case 0:
        if (much % 2 == 0)
            memory->receive_error = -ECONNRESET;
        else
            memory->send_error = -EPIPE;
        break;
    case 1:
        memory->send_fails_after = 1 + much * 120;
        break;
    case 2:
        fuzz_system.fails_in = 1 + much;
        break;
    default:
        memory->stays_open = true;
        return;
    }
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i].is_broken = true;
}

static void stop_worker(uint32_t within)
{
    uint64_t due = fuzz_system.now + within * UINT64_C(1000);
    vn_mailbox_stop(&stopped->loop.mailbox, due);
    if (due < script.stop_due)
        script.stop_due = due;
}

/* The bytes up to the end of the next head that the first client sends, for what depends on whether
 * anything came with it; 0 when there is no such head. */
static uint32_t count_to_head_end(void)
{
    const struct client *client = &clients[0];
    vn_span rest = {client->input.bytes + client->received, client->input.count - client->received};
    const uint8_t *end = rest.count == 0 ? NULL : memmem(rest.bytes, rest.count, "\r\n\r\n", 4);
    return end == NULL ? 0 : (uint32_t) (end + 4 - rest.bytes);
}

/* From outside of the handler. Returns whether the worker hears of that alone. */
static bool call_client(struct client *client, uint32_t how)
{
    switch (how) {
    case 2:
    case 4:
        client_answer_first(client);
        break;
    case 3:
    case 5:
        client_resume(client);
        break;
    default:
        client_answer(client);
        break;
    }
    return how >= 1 && how <= 3;
}

/* What the next wait is like. Returns how long it may take, in milliseconds. */
static uint64_t step_wait(struct vn_loopback_script *memory, bool *is_quiet)
{
    uint8_t byte = draw();
    uint32_t amount = byte >> 3;
    *is_quiet = false;
    memory->receive_max = 0;
    memory->send_max = 0;
    memory->batch = 0;
    memory->is_stalled = false;
    switch (byte & 7) {
    case 1:
        memory->receive_max = amount > 0 ? amount : count_to_head_end();
        break;
    case 2:
        memory->receive_max = amount / 4 + 1;
        memory->send_max = amount * 8 + 1;
        memory->batch = amount % 4 + 2;
        break;
    case 3:
        *is_quiet = true;
        return (uint64_t) amount * QUIET;
    case 4:
        memory->is_stalled = true;
        return (uint64_t) amount * QUIET;
    case 5:
        *is_quiet = call_client(&clients[amount % 2], amount / 2);
        return *is_quiet ? 0 : UINT64_MAX;
    case 6:
        if (script.may_break)
            break_something(memory, amount);
        break;
    case 7:
        if (script.may_break)
            stop_worker(amount);
        break;
    default:
        fuzz_system.drift = (uint64_t) amount * DRIFT;
        break;
    }
    return UINT64_MAX;
}

/* What the next send is like. */
static void step_send(struct vn_loopback_script *memory)
{
    uint8_t byte = draw();
    memory->sends_later = (byte & 2) != 0;
    memory->send_max = (byte & 1) != 0 ? (uint32_t) (byte >> 2) * 4 + 1 : 0;
}

/* ---- The contract ---- */

static void scripted_source_begin(struct vn_ring *ring, struct vn_source *source)
{
    struct client *client = client_of_descriptor(source->fd);
    fuzz_require(!client->is_begun, "a source begins twice");
    client->is_begun = true;
    under->begin(ring, source);
}

static void require_alive(const struct vn_source *source, const char *what)
{
    const struct client *client = client_of_descriptor(source->fd);
    fuzz_require(client->is_begun && !client->is_ending, "%s after the end", what);
}

static void scripted_receive(struct vn_ring *ring, struct vn_source *source)
{
    require_alive(source, "receive");
    under->receive(ring, source);
}

static void scripted_pause(struct vn_ring *ring, struct vn_source *source)
{
    require_alive(source, "pause");
    under->pause(ring, source);
}

static void scripted_quiesce(struct vn_ring *ring, struct vn_source *source)
{
    require_alive(source, "quiesce");
    under->quiesce(ring, source);
}

static int64_t scripted_send(struct vn_ring *ring, struct vn_source *source,
                             const struct msghdr *message)
{
    require_alive(source, "send");
    fuzz_require(!client_of_descriptor(source->fd)->is_finished, "bytes after FIN");
    fuzz_require(message->msg_iovlen > 0, "a send of nothing");
    for (size_t i = 0; i < message->msg_iovlen; i++)
        fuzz_require(message->msg_iov[i].iov_len > 0, "a piece of nothing");
    step_send(vn_loopback_script(ring));
    int64_t sent = under->send(ring, source, message);
    if (sent < 0)
        client_of_descriptor(source->fd)->is_lost = true;
    return sent;
}

static void scripted_end(struct vn_ring *ring, struct vn_source *source)
{
    require_alive(source, "end");
    client_of_descriptor(source->fd)->is_ending = true;
    under->end(ring, source);
}

/* What was given back is not looked at again. */
static void scripted_give(struct vn_ring *ring, uint16_t index)
{
    fuzz_require(index < BUFFERS && buffers[index].is_lent, "a buffer that was not lent");
    struct buffer *buffer = &buffers[index];
    buffer->is_lent = false;
    ASAN_POISON_MEMORY_REGION(buffer->bytes, buffer->count);
    given_back[given_back_count++] = index;
    under->give(ring, index);
}

static void buffer_lend(const struct vn_event *event)
{
    struct buffer *buffer = &buffers[event->buffer];
    fuzz_require(!buffer->is_lent, "a buffer is lent twice");
    *buffer = (struct buffer) {event->bytes, (size_t) event->count, true};
    if (buffer->count + BUFFER_EDGE <= BUFFER_SIZE)
        ASAN_POISON_MEMORY_REGION(buffer->bytes + buffer->count, BUFFER_EDGE);
}

static void buffers_return(void)
{
    while (given_back_count > 0) {
        const struct buffer *buffer = &buffers[given_back[--given_back_count]];
        size_t edge = buffer->count + BUFFER_EDGE <= BUFFER_SIZE ? BUFFER_EDGE : 0;
        ASAN_UNPOISON_MEMORY_REGION(buffer->bytes, buffer->count + edge);
    }
}

static void check_event(const struct vn_event *event)
{
    if (event->source == NULL)
        return;
    struct client *client = client_of_descriptor(event->source->fd);
    fuzz_require(event->type == VN_ENDED || !client->is_ending, "an event after the end");
    if (event->type != VN_ENDED && event->count < 0)
        client->is_lost = true;
    if (event->type == VN_RECEIVED && event->count > 0) {
        client->received += (size_t) event->count;
        buffer_lend(event);
    }
}

/* Who is gone is not waited for. */
static void check_lost(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        fuzz_require(!clients[i].is_lost || clients[i].is_ending, "a lost client is kept");
}

/* Nothing happens but that the worker was woken. */
static int32_t wait_quietly(struct vn_event *events, int64_t timeout)
{
    if (!fuzz_system.is_rung) {
        fuzz_system.now += timeout > 0 ? (uint64_t) timeout / 1000000 : 0;
        return 0;
    }
    fuzz_system.is_rung = false;
    events[0] = (struct vn_event) {.type = VN_WOKEN};
    return 1;
}

static int32_t scripted_wait(struct vn_ring *ring, struct vn_event *events, int32_t capacity,
                             int64_t timeout)
{
    bool is_quiet;
    check_lost();
    buffers_return();
    uint64_t most = step_wait(vn_loopback_script(ring), &is_quiet);
    if (timeout > 0 && most < (uint64_t) timeout / 1000000)
        timeout = (int64_t) most * 1000000;
    if (is_quiet)
        return wait_quietly(events, timeout);
    int32_t count = under->wait(ring, events, capacity, timeout);
    for (int32_t i = 0; i < count; i++)
        check_event(&events[i]);
    return count;
}

/* ---- Open and begin ---- */

int32_t scripted_open(struct vn_ring **ring, struct vn_slab *slab)
{
    int32_t error = vn_loopback_open(ring, slab);
    if (error < 0)
        return error;
    under = (*ring)->ops;
    over = *under;
    over.begin = scripted_source_begin;
    over.receive = scripted_receive;
    over.pause = scripted_pause;
    over.quiesce = scripted_quiesce;
    over.send = scripted_send;
    over.end = scripted_end;
    over.give = scripted_give;
    over.wait = scripted_wait;
    (*ring)->ops = &over;
    return 0;
}

void scripted_begin(struct vn_ring *ring, struct vn_worker *worker, const struct script *begun)
{
    script = *begun;
    stopped = worker;
    buffers_return();
    fuzz_system.fails_in = 0;
    fuzz_system.drift = fuzz_system.drifted = 0;
    fuzz_system.has_failed = false;
    *vn_loopback_script(ring) = (struct vn_loopback_script) {0};
}
