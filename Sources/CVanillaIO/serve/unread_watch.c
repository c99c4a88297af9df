// SPDX-License-Identifier: MIT
#include "unread_watch.h"

#include <stdlib.h>

#include "../system/socket.h"
#include "connection.h"
#include "log.h"

enum {
    SLOW_LOOK = 1000, /* milliseconds between two looks while little leaves */
    STEPS = 64, /* of the limit: output that is worth a look, of all workers */
    MUCH = 2, /* the part of the limit from which on each connection is remembered */
    SHARES = 8, /* of the limit: ended down to one below it */
    STALLED = 1000, /* milliseconds without taking a byte until a client may be ended */
    EXCESS = 4, /* the part beyond the limit from which on nobody is given that time */
    LOG_EVERY = 60000, /* milliseconds */
};

/* ---- Looking ---- */

static uint64_t bytes_sent(const struct vn_worker *worker)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < worker->config->listener_count; i++)
        sum += worker->listeners[i].counted.bytes_sent;
    return sum;
}

static struct vn_connection *connection_at(const struct vn_worker *worker, uint32_t index)
{
    const struct vn_slab *slab = &worker->loop.sources;
    struct vn_connection *connection =
        vn_slab_is_taken(slab, index) ? vn_connection_of(vn_slab_slot(slab, index)) : NULL;
    return connection == NULL || connection->is_ending ? NULL : connection;
}

/* One that had taken everything, and was sent nothing since, need not be asked about. */
static bool is_worth_a_look(const struct vn_worker *worker, const struct vn_connection *connection)
{
    return connection->output != NULL || connection->has_in_flight ||
           connection->progress >= worker->unread.looked;
}

static struct vn_seen look_at(const struct vn_worker *worker, struct vn_connection *connection)
{
    if (connection == NULL || !is_worth_a_look(worker, connection))
        return (struct vn_seen) {0};
    const struct vn_output *output = connection->output;
    uint64_t in_flight = vn_socket_in_flight(connection->entry.source.fd);
    connection->has_in_flight = in_flight > 0;
    return (struct vn_seen) {
        .generation = connection->entry.source.generation,
        .bytes = in_flight + (output == NULL ? 0 : vn_output_copied(output)),
        .taken = connection->sent - vn_smaller(in_flight, connection->sent),
        .sent = connection->progress,
        .is_postponed = in_flight == 0 && output != NULL && !output->is_sending,
    };
}

/* Look at all connections. Returns what is unread on all workers. */
static uint64_t look(struct vn_worker *worker)
{
    struct vn_unread *unread = &worker->unread;
    uint64_t sum = 0, now = worker->loop.now;
    for (uint32_t i = 0; i < worker->loop.sources.fresh; i++) {
        struct vn_seen seen = look_at(worker, connection_at(worker, i));
        sum += seen.bytes;
        if (unread->seen != NULL)
            vn_unread_note(&unread->seen[i], &seen, now);
    }
    unread->looked = now;
    return vn_unread_share(unread, sum);
}

/* ---- Ending ---- */

static void report(const struct vn_worker *worker, uint64_t count)
{
    static uint64_t logged; /* milliseconds; 0: never */
    uint64_t now = vn_clock(), before = __atomic_load_n(&logged, __ATOMIC_RELAXED);
    if (before != 0 && now - before < LOG_EVERY)
        return;
    if (__atomic_compare_exchange_n(&logged, &before, now, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        vn_log(worker->config, VN_LOG_WARNING,
               "limits.unread, %llu bytes, is reached: %llu connections were ended whose clients "
               "take nothing, and more may be",
               (unsigned long long) worker->unread.limit, (unsigned long long) count);
}

/* End those whose clients have taken nothing since `until`, until `bytes` are free. The kernel
 * forgets what they were sent. Returns how many bytes are free. */
static uint64_t end_stalled(struct vn_worker *worker, uint64_t until, uint64_t bytes)
{
    uint64_t sum = 0;
    uint32_t count = (uint32_t) vn_smaller(worker->loop.sources.fresh, worker->unread.capacity);
    struct vn_stalled *stalled = vn_unread_choose(worker->unread.seen, &count, until, bytes);
    vn_count_more(&worker->counted.ended_unread, count);
    for (uint32_t i = 0; i < count; i++) {
        struct vn_connection *connection = connection_at(worker, stalled[i].index);
        if (connection == NULL) /* that of another has ended it */
            continue;
        vn_socket_abandon_output(connection->entry.source.fd);
        vn_connection_end(connection);
        worker->unread.seen[stalled[i].index] = (struct vn_seen) {0};
        sum += stalled[i].bytes;
    }
    if (count > 0)
        report(worker, count);
    free(stalled);
    return sum;
}

/* Each worker ends its part of what is too much, so that it does not matter which comes first. */
static void enforce(struct vn_worker *worker, uint64_t sum)
{
    struct vn_unread *unread = &worker->unread;
    uint64_t limit = unread->limit, now = worker->loop.now;
    if (sum <= limit || unread->seen == NULL)
        return;
    double part = (double) unread->bytes / (double) sum;
    double surplus = (double) (sum - (limit - limit / SHARES)) * part;
    uint64_t ended = end_stalled(worker, now > STALLED ? now - STALLED : 0, (uint64_t) surplus);
    if (sum - ended > limit + limit / EXCESS) {
        surplus = (double) (sum - ended - limit) * part;
        ended += end_stalled(worker, now - 1, (uint64_t) surplus);
    }
    vn_unread_share(unread, unread->bytes - ended);
}

/* ---- When ---- */

/* A look costs a call for each connection that was sent something: not more often than it can
 * matter. */
static bool look_is_due(const struct vn_worker *worker, uint64_t sent)
{
    const struct vn_unread *unread = &worker->unread;
    return sent - unread->sent_at_look >= unread->step ||
           worker->loop.now - unread->looked >= SLOW_LOOK || unread->seen != NULL;
}

static void unread_expire(struct vn_source *source)
{
    struct vn_worker *worker = vn_holder(source, struct vn_worker, unread.entry.source);
    struct vn_unread *unread = &worker->unread;
    uint64_t sent = bytes_sent(worker);
    bool is_quiet = sent == unread->sent_before, is_due = look_is_due(worker, sent);
    unread->sent_before = sent;
    if (is_due) {
        uint64_t sum = __atomic_load_n(unread->sum, __ATOMIC_RELAXED);
        vn_unread_remember(unread, sum > unread->limit / MUCH, worker->loop.sources.fresh);
        enforce(worker, look(worker));
        unread->sent_at_look = sent;
    }
    /* From here on the next answer is the first one of its second: vn_worker_write_date. */
    bool is_over = is_quiet && is_due && unread->bytes == 0 && unread->seen == NULL &&
                   worker->date_second != worker->loop.second;
    if (is_over)
        unread->is_planned = false;
    else
        vn_unread_plan(unread, &worker->loop,
                       is_quiet && unread->seen == NULL ? SLOW_LOOK : VN_UNREAD_LOOK);
}

static const struct vn_kind unread_kind = {.expire = unread_expire};

/* ---- Begin and end ---- */

void vn_unread_watch_begin(struct vn_worker *worker, uint32_t workers)
{
    uint64_t limit = worker->config->limits.unread;
    if (limit == 0)
        limit = vn_socket_memory() / 2;
    if (limit > 0)
        worker->unread = (struct vn_unread) {.entry.source.kind = &unread_kind,
                                             .sum = &vn_unread_of_process,
                                             .limit = limit,
                                             .step = limit / STEPS / workers};
}

void vn_unread_watch_end(struct vn_worker *worker)
{
    if (worker->unread.limit == 0)
        return;
    vn_unread_share(&worker->unread, 0);
    vn_unread_remember(&worker->unread, false, 0);
    vn_wheel_remove(&worker->unread.entry.timeout);
    worker->unread = (struct vn_unread) {.is_planned = true};
}
