// SPDX-License-Identifier: MIT
/* connection.c - longer than most, because all of it reads and writes the same dozen bits, and
 * because the order of the steps in connection_update is what a connection is. */
#include "connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "../system/socket.h"
#include "timeout.h"

enum {
    /* bytes that may wait for something else than more bytes, before receiving pauses */
    INPUT_MAX = 16 * 1024,
    /* sends and calls of a producer in one turn, so that nobody else waits for long */
    FLUSHES_MAX = 16,
    DISCARD_OF_WORK = 1024, /* bytes thrown away that are a piece of work */
    CHECK_EVERY = 1024, /* such work between two looks at the clock */
    /* Turns for which a deadline that has passed waits for input that is unread: as many as a busy
     * loop needs to come to it, and two seconds for a client that drips. */
    LOOKS_MAX = 250,
};

static const struct vn_kind connection_kind;
static void connection_update(struct vn_connection *connection);

static struct vn_connection *connection_of(struct vn_source *source)
{
    return vn_holder(source, struct vn_connection, entry.source);
}

static int32_t descriptor_of(const struct vn_connection *connection)
{
    return connection->entry.source.fd;
}

/* ---- Begin and end ---- */

struct vn_connection *vn_connection_of(struct vn_source *source)
{
    return source->kind == &connection_kind ? connection_of(source) : NULL;
}

struct vn_connection *vn_connection_open(struct vn_worker *worker, int32_t fd,
                                         const struct vn_transport *transport,
                                         const struct vn_protocol *protocol, uint8_t listener)
{
    struct vn_source *source = vn_loop_add(&worker->loop, &connection_kind, fd);
    if (source == NULL) {
        close(fd);
        return NULL;
    }
    struct vn_connection *connection = connection_of(source);
    connection->worker = worker;
    connection->transport = transport;
    connection->protocol = protocol;
    connection->listener = listener;
    connection->since = worker->loop.now;
    vn_list_init(&connection->entry.ready);
    worker->connection_count++;
    vn_count_more(&vn_connection_counters(connection)->accepted, 1);
    vn_count_more(&vn_connection_counters(connection)->open, 1);

    protocol->begin(connection);
    if (transport->begin != NULL && transport->begin(connection) < 0)
        connection->is_cut = true;
    else
        vn_ring_receive(worker->loop.ring, source);
    connection_update(connection);
    return connection;
}

/* What is unsent will not be: those are told who wait for it. */
static void connection_lose_output(struct vn_connection *connection)
{
    if (vn_unlikely(connection->output != NULL && connection->output->marks != NULL))
        vn_records_tell_lost(connection->output);
}

void vn_connection_end(struct vn_connection *connection)
{
    if (connection->is_ending)
        return;
    connection->is_ending = true;
    vn_wheel_remove(&connection->entry.timeout);
    vn_list_remove(&connection->entry.ready);
    connection_lose_output(connection);
    if (!connection->has_failed)
        connection->protocol->end(connection);
    vn_input_free(&connection->input);
    vn_ring_end(connection->worker->loop.ring, &connection->entry.source);
}

static void connection_ended(struct vn_connection *connection)
{
    struct vn_worker *worker = connection->worker;
    assert(connection->input == NULL);
    if (connection->output != NULL)
        vn_output_give(&worker->writer, connection->output);
    if (connection->transport->end != NULL)
        connection->transport->end(connection);
    vn_count_more(&vn_connection_counters(connection)->open, (uint64_t) -1);
    vn_loop_remove(&worker->loop, &connection->entry.source);
    vn_worker_lose_connection(worker);
}

void vn_connection_close(struct vn_connection *connection, bool lingers)
{
    connection->is_closing = true;
    connection->since = connection->worker->loop.now;
    if (vn_connection_unsent(connection) == 0)
        connection->progress = connection->since;
    connection->lingers = connection->lingers || lingers;
    connection->pauses_input = false;
    connection->has_more = false;
    connection->discarded = 0;
}

void vn_connection_fail(struct vn_connection *connection)
{
    if (connection->has_failed || connection->is_ending)
        return;
    connection->has_failed = true;
    connection->goes_on_shortly = false;
    connection->holds_output = false;
    connection_lose_output(connection);
    connection->protocol->end(connection);
    if (connection->output != NULL)
        vn_output_give(&connection->worker->writer, connection->output);
    connection->output = NULL;
    vn_connection_close(connection, true);
}

static bool connection_has_input(const struct vn_connection *connection)
{
    return vn_ring_has_input(connection->worker->loop.ring, &connection->entry.source);
}

/* The transport's last word. Returns as vn_transport.finish. */
static int32_t finish_transport(struct vn_connection *connection)
{
    const struct vn_transport *transport = connection->transport;
    return transport->finish == NULL ? 1 : transport->finish(connection);
}

/* It is idle and ends, with the transport's last word where there is one. FIN leaves at once,
 * however long the ring takes to close. */
vn_cold static void connection_end_idle(struct vn_connection *connection)
{
    bool says_so = connection->protocol->retire != NULL;
    if (says_so)
        connection->protocol->retire(connection);
    if (says_so || finish_transport(connection) == 0) {
        vn_connection_close(connection, false);
        return;
    }
    vn_socket_finish(descriptor_of(connection));
    vn_connection_end(connection);
}

/* It was idle for long enough: end it unless a request has come, which it may have in this moment.
 * Only once the ring receives no more can the socket tell. */
vn_cold static void connection_retire(struct vn_connection *connection)
{
    if (connection->is_retiring)
        return;
    connection->is_retiring = true;
    vn_ring_quiesce(connection->worker->loop.ring, &connection->entry.source);
}

/* A request has come after all. */
vn_cold static void connection_stay(struct vn_connection *connection)
{
    connection->is_retiring = false;
    if (!connection->is_receiving_paused && !connection->is_at_end)
        vn_ring_receive(connection->worker->loop.ring, &connection->entry.source);
}

/* The last answer is sent: close, carefully where more input may be on its way. */
static void connection_finish(struct vn_connection *connection)
{
    int32_t finished = finish_transport(connection);
    if (finished == 0)
        return;
    if (finished < 0) {
        vn_connection_end(connection);
        return;
    }
    if (connection->sent > VN_CLOSE_AT_ONCE_MAX ||
        (!connection->lingers && !connection->is_at_end && connection_has_input(connection)))
        connection->lingers = true;
    if (!connection->lingers || (connection->is_at_end && vn_connection_may_close(connection))) {
        vn_connection_end(connection);
        return;
    }
    if (!connection->is_finished) {
        connection->is_finished = true;
        connection->since = connection->worker->loop.now;
        connection->progress = connection->since;
        vn_socket_finish(descriptor_of(connection));
    }
}

/* ---- Input ---- */

void vn_connection_count_work(struct vn_connection *connection, uint32_t work)
{
    struct vn_loop *loop = &connection->worker->loop;
    uint32_t turn = (uint32_t) loop->turn;
    uint32_t before = connection->work;
    if (connection->worked_in != turn) {
        before = 0;
        vn_budget_begin_share(&loop->budget);
    }
    connection->worked_in = turn;
    connection->work = before + work;
    if (before / CHECK_EVERY != connection->work / CHECK_EVERY)
        vn_budget_check(&loop->budget);
}

/* Bytes that come after the last answer. They are read so that the client sees that answer and no
 * reset (RFC 9112, section 9.6), however many they are: a proxy that is sending a body reads the
 * answer when it has sent all. */
static void connection_discard(struct vn_connection *connection, size_t count)
{
    connection->lingers = true;
    vn_connection_count_work(connection, (uint32_t) (count / DISCARD_OF_WORK));
    vn_budget_look(&connection->worker->loop.budget);
    if (connection->is_awaited)
        return;
    connection->discarded +=
        (uint32_t) vn_smaller(count, UINT32_MAX - (size_t) connection->discarded);
    if (vn_connection_unsent(connection) == 0)
        connection->progress = connection->worker->loop.now;
}

/* Use what can be used; returns how much that was. */
static size_t connection_use(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    connection->is_blocked = false;
    size_t used =
        connection->is_closing ? 0 : connection->protocol->received(connection, bytes, count);
    if (vn_likely(used == count || !connection->is_closing || connection->is_cut))
        return used;
    if (vn_connection_is_over_budget(connection)) {
        connection->is_blocked = true;
        return used;
    }
    connection_discard(connection, count - used);
    return count;
}

/* Go on with the bytes that wait. */
static void connection_use_input(struct vn_connection *connection)
{
    struct vn_input *input = connection->input;
    if (input == NULL) {
        connection->is_blocked = false;
        return;
    }
    size_t used = connection_use(connection, input->bytes + input->at, input->count - input->at);
    input->at += (uint32_t) used;
    if (input->at == input->count)
        vn_input_free(&connection->input);
}

void vn_connection_received(struct vn_connection *connection, uint8_t *bytes, size_t count)
{
    if (vn_likely(connection->input == NULL)) {
        size_t used = connection_use(connection, bytes, count);
        if (vn_unlikely(used < count) &&
            !vn_input_append(&connection->input, bytes + used, count - used))
            connection->is_cut = true;
    } else if (!vn_input_append(&connection->input, bytes, count))
        connection->is_cut = true;
    else if (!connection->is_blocked)
        connection_use_input(connection);
}

void vn_connection_input_ended(struct vn_connection *connection)
{
    connection->is_at_end = true;
    if (!connection->is_closing)
        connection->protocol->input_ended(connection);
}

/* Whether the bytes that wait can be used, in this turn or the next. */
static bool connection_can_use(const struct vn_connection *connection)
{
    return connection->is_closing ||
           (!connection->pauses_input && !vn_connection_is_full(connection) &&
            connection->protocol->can_receive(connection));
}

/* Have the ring receive or not. */
static void connection_steer(struct vn_connection *connection)
{
    const struct vn_input *input = connection->input;
    struct vn_ring *ring = connection->worker->loop.ring;
    bool pauses;
    if (connection->is_at_end)
        return;
    if (connection->is_closing)
        pauses = !connection->lingers;
    else if (connection->pauses_input || vn_connection_is_full(connection))
        pauses = true;
    else
        pauses = connection->is_blocked && input != NULL &&
                 input->count - input->at >
                     (connection->is_receiving_paused ? INPUT_MAX / 2 : INPUT_MAX);
    if (vn_likely(pauses == connection->is_receiving_paused))
        return;
    connection->is_receiving_paused = pauses;
    if (pauses)
        vn_ring_pause(ring, &connection->entry.source);
    else {
        if (!connection->is_closing)
            connection->protocol->input_resumed(connection);
        vn_ring_receive(ring, &connection->entry.source);
    }
}

/* ---- Output ---- */

struct vn_output *vn_connection_output(struct vn_connection *connection)
{
    if (connection->output == NULL) {
        uint64_t now = connection->worker->loop.now;
        connection->output = vn_output_take(&connection->worker->writer);
        connection->progress = now;
        if (connection->output != NULL)
            connection->output->stall = (struct vn_stall) {.looked = now};
    }
    return connection->output;
}

/* Returns as vn_ring_send. */
static int64_t connection_pass_on(struct vn_connection *connection, const struct msghdr *message)
{
    const struct vn_transport *transport = connection->transport;
    if (vn_unlikely(transport->send != NULL))
        return transport->send(connection, message);
    int64_t sent = vn_ring_send(connection->worker->loop.ring, &connection->entry.source, message);
    if (sent > 0)
        vn_connection_count_sent(connection, (uint64_t) sent);
    return sent;
}

/* More of the output was sent. */
static inline void output_sent(struct vn_output *output, size_t count)
{
    vn_output_sent(output, count);
    if (vn_unlikely(output->marks != NULL))
        vn_records_tell_sent(output);
}

/* Send what is unsent. Returns false when the client is gone. */
vn_flat static bool connection_flush(struct vn_connection *connection)
{
    struct vn_worker *worker = connection->worker;
    struct vn_budget *budget = &worker->loop.budget;
    struct vn_output *output = connection->output;
    if (output != NULL && vn_unlikely(connection->holds_output))
        return true;
    for (int round = 0; output != NULL && !output->is_sending; round++) {
        if (output->unsent == 0) {
            /* It comes at once, and the stall goes on being measured; or it is held. */
            if (connection->has_more || output->holds)
                return true;
            vn_output_give(&worker->writer, output);
            connection->output = NULL;
            return true;
        }
        if (round == FLUSHES_MAX || (budget->is_over && output->unsent > VN_SEND_OVER_BUDGET_MAX))
            return true;
        vn_output_prepare(output);
        vn_budget_count_sending(budget, output->unsent);
        int64_t sent = connection_pass_on(connection, &output->message);
        if (sent < 0)
            return false;
        if (sent == 0) {
            output->is_sending = true;
            return true;
        }
        output_sent(output, (size_t) sent);
    }
    return true;
}

void vn_connection_sent(struct vn_connection *connection, int32_t count)
{
    struct vn_output *output = connection->output;
    if (count < 0) {
        connection->is_cut = true;
        return;
    }
    output->is_sending = false;
    output_sent(output, (size_t) count);
    if (output->unsent == 0 && connection->input == NULL && !connection->is_closing)
        connection->protocol->output_sent(connection);
}

/* Have the protocol write more, and send it, until the socket is full or it was enough for one
 * turn. Returns false when the connection must end. */
static bool connection_send(struct vn_connection *connection)
{
    for (int round = 0; round < FLUSHES_MAX; round++) {
        if (connection->has_more && vn_connection_unsent(connection) == 0 &&
            !connection->protocol->produce(connection))
            return false;
        if (!connection_flush(connection))
            return false;
        if (!connection->has_more || vn_connection_unsent(connection) > 0)
            return true;
    }
    return true;
}

/* ---- Deadlines ---- */

/* Whether the client takes its bytes, and fast enough. */
static bool connection_is_read(struct vn_connection *connection)
{
    struct vn_output *output = connection->output;
    const vn_deadlines *deadlines = &connection->worker->config->deadlines;
    uint64_t in_flight = vn_socket_in_flight(descriptor_of(connection));
    uint64_t taken = connection->sent > in_flight ? connection->sent - in_flight : 0;
    uint64_t now = connection->worker->loop.now;
    bool is_postponed = in_flight == 0 && !output->is_sending; /* by this server */
    if (vn_stall_note(&output->stall, now, taken, is_postponed) || is_postponed)
        connection->progress = now;
    return now - connection->progress < deadlines->write_stall &&
           vn_stall_is_fast(&output->stall, now, deadlines->write_stall, deadlines->write_rate);
}

/* The server stops: until when the client of an idle connection may ask once more. With the answer
 * it learns that the connection closes; a request that met the close on its way would be lost. */
vn_cold static uint64_t connection_grace_end(const struct vn_connection *connection)
{
    const struct vn_worker *worker = connection->worker;
    uint64_t begun = worker->loop.drain_begun;
    return vn_worker_lame_duck(worker) + (connection->since > begun ? connection->since : begun);
}

/* What the client has to do, and until when; 0: without end. */
static uint64_t connection_deadline(const struct vn_connection *connection,
                                    enum vn_timeout_kind *kind)
{
    if (vn_connection_unsent(connection) > 0) {
        *kind = VN_TIMEOUT_WRITE;
        return vn_stall_deadline(&connection->output->stall, connection->progress,
                                 connection->worker->config->deadlines.write_stall);
    }
    if (connection->is_closing) {
        *kind = VN_TIMEOUT_LINGER;
        return vn_connection_linger_deadline(connection);
    }
    uint64_t due = connection->protocol->deadline(connection, kind);
    if (vn_likely(!connection->worker->loop.is_draining) ||
        !connection->protocol->is_idle(connection))
        return due;
    uint64_t end = connection_grace_end(connection);
    if (due == 0 || end < due)
        *kind = VN_TIMEOUT_LAME_DUCK;
    return vn_sooner(due, end);
}

static void connection_set_deadline(struct vn_connection *connection)
{
    enum vn_timeout_kind kind;
    uint64_t due = connection_deadline(connection, &kind);
    vn_wheel_set(&connection->worker->loop.wheel, &connection->entry.timeout, due);
}

/* Whether what a deadline waited for may lie here unread: in the socket, or among the bytes that
 * wait for this connection's turn. Then that is read first. */
static bool connection_has_unread(struct vn_connection *connection, enum vn_timeout_kind kind)
{
    bool is_due_from_client =
        kind == VN_TIMEOUT_HEAD || kind == VN_TIMEOUT_BODY || kind == VN_TIMEOUT_LINGER;
    if (!is_due_from_client || connection->is_at_end || connection->looks == LOOKS_MAX)
        return false;
    bool has_unread = (connection->is_blocked && connection_can_use(connection)) ||
                      vn_socket_has_input(descriptor_of(connection));
    connection->looks += has_unread;
    return has_unread;
}

/* Whether it is silence, before a request or between two. An answer to that, 408, would be taken
 * for the answer to a request that crosses it. */
static bool is_idleness(enum vn_timeout_kind kind)
{
    return kind == VN_TIMEOUT_IDLE || kind == VN_TIMEOUT_SILENCE || kind == VN_TIMEOUT_LAME_DUCK;
}

/* The ring receives no more, and what had come before was delivered. */
vn_cold static void connection_quiet(struct vn_connection *connection)
{
    enum vn_timeout_kind kind;
    if (!connection->is_retiring) /* something has come */
        return;
    uint64_t due = connection_deadline(connection, &kind);
    if (due == 0 || due > connection->worker->loop.now || !is_idleness(kind))
        connection_stay(connection);
    else if (connection_has_input(connection)) /* it retires no more when that is received */
        vn_ring_receive(connection->worker->loop.ring, &connection->entry.source);
    else {
        vn_timeout_count(&connection->worker->counted, kind);
        if (vn_connection_may_close(connection))
            connection_end_idle(connection);
        else {
            connection_stay(connection);
            vn_connection_close(connection, true);
        }
    }
}

static void connection_expire(struct vn_source *source)
{
    struct vn_connection *connection = connection_of(source);
    enum vn_timeout_kind kind;
    uint64_t due = connection_deadline(connection, &kind);
    bool is_early = due == 0 || due > connection->worker->loop.now;
    if (is_early || (vn_connection_unsent(connection) > 0 && connection_is_read(connection)) ||
        connection_has_unread(connection, kind) ||
        (kind == VN_TIMEOUT_LINGER && vn_connection_await(connection, &kind))) {
        connection_update(connection);
        return;
    }
    if (is_idleness(kind)) {
        connection_retire(connection);
        return;
    }
    vn_timeout_count(&connection->worker->counted, kind);
    switch (kind) {
    case VN_TIMEOUT_WRITE:
        vn_socket_abandon_output(descriptor_of(connection));
        connection->is_cut = true;
        break;
    case VN_TIMEOUT_LINGER:
        connection->is_cut = true;
        break;
    default:
        connection->protocol->expired(connection, kind);
        break;
    }
    connection_update(connection);
}

/* ---- What now ---- */

/* Whether it has to go on in the next turn although nothing may come. */
static bool connection_needs_turn(const struct vn_connection *connection)
{
    return (connection->is_blocked && connection_can_use(connection)) ||
           (connection->has_more && vn_connection_unsent(connection) == 0) ||
           (vn_connection_unsent(connection) > 0 && !connection->output->is_sending);
}

/* After everything that happens: send, close, steer, and set the deadline. */
static void connection_update(struct vn_connection *connection)
{
    if (connection->is_ending)
        return;
    if (vn_unlikely(connection->is_at_end) && !connection->is_blocked && !connection->is_cut &&
        !connection->is_closing)
        connection->protocol->input_over(connection);
    /* A connection that closes without lingering asks for no more input before it sends: see
     * ring.h. */
    if (vn_unlikely(connection->is_closing))
        connection_steer(connection);
    if (vn_unlikely(connection->is_cut) || !connection_send(connection)) {
        vn_connection_end(connection);
        return;
    }
    if (vn_unlikely(connection->is_closing) && connection->output == NULL) {
        connection_finish(connection);
        if (connection->is_ending)
            return;
    }
    if (connection_needs_turn(connection))
        vn_loop_wake(&connection->worker->loop, &connection->entry);
    connection_steer(connection);
    connection_set_deadline(connection);
}

void vn_connection_resume(struct vn_connection *connection)
{
    if (!connection->is_ending)
        vn_loop_resume(&connection->worker->loop, &connection->entry);
}

static void connection_drain(struct vn_source *source, enum vn_drain step)
{
    struct vn_connection *connection = connection_of(source);
    if (step != VN_DRAIN_BEGIN)
        vn_connection_end(connection);
    else if (!connection->is_ending) {
        if (!connection->is_closing)
            connection->protocol->drain(connection);
        connection_expire(source); /* its deadline is another from now on */
    }
}

/* Its turn. */
static void connection_take_turn(struct vn_connection *connection)
{
    const struct vn_budget *budget = &connection->worker->loop.budget;
    if (!connection->is_closing)
        connection->protocol->go_on(connection);
    vn_budget_look(&connection->worker->loop.budget);
    bool goes_on = connection->is_blocked && connection_can_use(connection) &&
                   !vn_connection_is_over_budget(connection);
    /* What a turn over its budget left goes first, before more is added to it in a turn that may be
     * as long. Little of one that kept to it leaves with the next answers, in one send. */
    bool holds =
        goes_on && !budget->is_over && vn_connection_unsent(connection) <= VN_SEND_OVER_BUDGET_MAX;
    if (vn_unlikely(connection->output != NULL) && !holds && !connection_flush(connection))
        connection->is_cut = true;
    else if (goes_on)
        connection_use_input(connection);
    connection_update(connection);
}

static void connection_go_on(struct vn_source *source)
{
    struct vn_connection *connection = connection_of(source);
    uint64_t due =
        connection->goes_on_shortly ? connection->protocol->go_on_shortly(connection) : 0;
    if (vn_likely(due != 0))
        vn_wheel_set(&connection->worker->loop.wheel, &connection->entry.timeout, due);
    else
        connection_take_turn(connection);
}

void vn_connection_go_on(struct vn_connection *connection)
{
    vn_list_remove(&connection->entry.ready);
    connection_take_turn(connection);
}

/* The ring took bytes, or failed. */
static void connection_took(struct vn_connection *connection, int32_t count)
{
    if (vn_unlikely(connection->transport->sent != NULL)) {
        connection->transport->sent(connection, count);
        return;
    }
    if (vn_likely(count >= 0))
        vn_connection_count_sent(connection, (uint64_t) count);
    vn_connection_sent(connection, count);
}

static void connection_end_received(struct vn_connection *connection)
{
    if (connection->transport->input_ended == NULL)
        vn_connection_input_ended(connection);
    else
        connection->transport->input_ended(connection);
}

static void connection_event(struct vn_source *source, const struct vn_event *event)
{
    struct vn_connection *connection = connection_of(source);
    bool has_bytes = event->type == VN_RECEIVED && event->count > 0;
    if (vn_unlikely(connection->is_ending)) { /* by an earlier event of the same batch */
        if (has_bytes)
            vn_ring_give(connection->worker->loop.ring, event->buffer);
        else if (event->type == VN_ENDED)
            connection_ended(connection);
        return;
    }
    if (vn_likely(has_bytes)) {
        size_t count = (size_t) event->count;
        if (vn_unlikely(connection->is_retiring))
            connection_stay(connection);
        vn_count_more(&vn_connection_counters(connection)->bytes_received, count);
        if (vn_likely(connection->transport->received == NULL))
            vn_connection_received(connection, event->bytes, count);
        else
            connection->transport->received(connection, event->bytes, count);
        vn_ring_give(connection->worker->loop.ring, event->buffer);
    } else if (event->type == VN_SENT)
        connection_took(connection, event->count);
    else if (event->type == VN_RECEIVED && event->count == 0)
        connection_end_received(connection);
    else if (event->type == VN_QUIET)
        connection_quiet(connection);
    else
        connection->is_cut = true;
    connection_update(connection);
}

static const struct vn_kind connection_kind = {
    .event = connection_event,
    .go_on = connection_go_on,
    .expire = connection_expire,
    .drain = connection_drain,
    .ahead_at = offsetof(struct vn_connection, state.ahead),
};
