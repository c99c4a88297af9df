// SPDX-License-Identifier: MIT
#include "acceptor.h"

#include <errno.h>
#include <string.h>

#include "../loop/watch.h"
#include "../system/listener.h"
#include "handover.h"
#include "log.h"

enum {
    RETRY = 500, /* milliseconds after descriptors or memory ran out */
    LOG_EVERY = 60000, /* milliseconds between two lines about that */
    LOOK_EVERY = 50, /* milliseconds between two looks for a place */
    /* Milliseconds for the handshakes that are under way when the server stops. */
    HANDSHAKE = 50,
};

struct acceptor {
    struct vn_entry entry; /* first: see kind.h */
    struct vn_link link; /* of the worker's acceptors */
    struct vn_worker *worker;
    struct vn_lane lane;
    uint32_t budget; /* connections that the ring may still accept */
    uint64_t logged; /* milliseconds: when the last line about a refusal was; 0: never */
    bool is_ending;
};

_Static_assert(sizeof(struct acceptor) <= sizeof(struct vn_connection), "they share slots");
_Static_assert(sizeof(struct vn_watch) <= sizeof(struct vn_connection), "they share slots");

uint32_t vn_acceptor_slots(uint32_t backlog)
{
    return 2 + backlog; /* Linux queues one more than it is told */
}

size_t vn_acceptor_slot_size(void)
{
    return sizeof(struct vn_connection);
}

static struct acceptor *acceptor_of(struct vn_source *source)
{
    return vn_holder(source, struct acceptor, entry.source);
}

static uint32_t places_left(const struct vn_worker *worker)
{
    return worker->connection_count < worker->places_granted
               ? worker->places_granted - worker->connection_count
               : 0;
}

/* Have it go on when a connection has ended. */
static void acceptor_wait(struct acceptor *acceptor)
{
    vn_list_remove(&acceptor->entry.ready);
    vn_list_append(&acceptor->worker->waiting_acceptors, &acceptor->entry.ready);
}

static void acceptor_set_budget(struct acceptor *acceptor, uint32_t budget)
{
    acceptor->budget = budget;
    vn_ring_accept(acceptor->worker->loop.ring, &acceptor->entry.source, budget);
}

/* No budget is above an equal part of the places that are left, and none is left at 0: so all of
 * them together accept at most as many as there are places, or one each where there are fewer
 * places than listeners. */
static void bound_budgets(struct vn_worker *worker, uint32_t part)
{
    const struct vn_link *all = &worker->acceptors;
    for (struct vn_link *link = all->next; link != all; link = link->next) {
        struct acceptor *acceptor = vn_holder(link, struct acceptor, link);
        if (acceptor->budget <= part)
            continue;
        acceptor_set_budget(acceptor, part);
        if (part == 0)
            acceptor_wait(acceptor);
    }
}

/* Have the ring accept as many connections as there are places, of which each acceptor gets its
 * part. */
static void acceptor_accept(struct acceptor *acceptor)
{
    struct vn_worker *worker = acceptor->worker;
    uint32_t left = places_left(worker);
    if (worker->loop.is_draining || acceptor->budget > 0)
        return;
    if (left < worker->acceptor_count) {
        vn_worker_take_places(worker);
        left = places_left(worker);
    }
    if (left == 0) {
        acceptor_wait(acceptor);
        if (worker->places != NULL) /* another worker may give some back */
            vn_wheel_set(&worker->loop.wheel, &acceptor->entry.timeout,
                         worker->loop.now + LOOK_EVERY);
        return;
    }
    uint32_t part = left / worker->acceptor_count;
    part = part > 0 ? part : 1;
    vn_list_remove(&acceptor->entry.ready);
    vn_wheel_set(&worker->loop.wheel, &acceptor->entry.timeout, 0);
    bound_budgets(worker, part);
    acceptor_set_budget(acceptor, part);
}

static void acceptor_go_on(struct vn_source *source)
{
    acceptor_accept(acceptor_of(source));
}

static void acceptor_end(struct acceptor *acceptor)
{
    if (acceptor->is_ending)
        return;
    acceptor->is_ending = true;
    acceptor->budget = 0;
    vn_list_remove(&acceptor->entry.ready);
    vn_wheel_remove(&acceptor->entry.timeout);
    vn_ring_end(acceptor->worker->loop.ring, &acceptor->entry.source);
}

static void acceptor_expire(struct vn_source *source)
{
    struct acceptor *acceptor = acceptor_of(source);
    if (acceptor->worker->loop.is_draining)
        acceptor_end(acceptor);
    else
        acceptor_accept(acceptor);
}

/* No descriptors or no memory for another connection: the accept queue keeps what comes, this
 * server serves what it has, and tries again when one of those ends, or after a while. */
vn_cold static void acceptor_refused(struct acceptor *acceptor, int32_t error)
{
    struct vn_worker *worker = acceptor->worker;
    uint64_t now = worker->loop.now;
    acceptor->budget = 0;
    if (worker->loop.is_draining || error == -EINVAL) /* this worker will stop, as another did */
        return;
    vn_count_more(&worker->listeners[acceptor->lane.listener].counted.refused, 1);
    acceptor_wait(acceptor);
    vn_wheel_set(&worker->loop.wheel, &acceptor->entry.timeout, now + RETRY);
    if (acceptor->logged != 0 && now - acceptor->logged < LOG_EVERY)
        return;
    acceptor->logged = now;
    vn_log(worker->config, VN_LOG_WARNING,
           "cannot accept for now: %s; %u connections are open here", strerror(-error),
           worker->connection_count);
}

static void acceptor_accepted(struct acceptor *acceptor, int32_t fd)
{
    struct vn_worker *worker = acceptor->worker;
    const struct vn_lane *lane = &acceptor->lane;
    if (fd < 0) {
        acceptor_refused(acceptor, fd);
        return;
    }
    if (acceptor->budget > 0)
        acceptor->budget--;
    if (worker->handover == NULL ||
        !vn_handover_give(worker, fd, lane->transport, lane->protocol, lane->listener))
        vn_connection_open(worker, fd, lane->transport, lane->protocol, lane->listener);
    if (vn_unlikely(places_left(worker) == 0))
        bound_budgets(worker, 0);
    acceptor_accept(acceptor);
}

static void acceptor_event(struct vn_source *source, const struct vn_event *event)
{
    struct acceptor *acceptor = acceptor_of(source);
    if (event->type == VN_ACCEPTED)
        acceptor_accepted(acceptor, event->count);
    else if (event->type == VN_ENDED) {
        vn_list_remove(&acceptor->link);
        vn_loop_remove(&acceptor->worker->loop, source);
    }
}

/* Nobody new from now on; whoever is connecting gets a moment for that. */
static void acceptor_drain(struct vn_source *source, enum vn_drain step)
{
    struct acceptor *acceptor = acceptor_of(source);
    struct vn_worker *worker = acceptor->worker;
    uint64_t grace = vn_smaller(HANDSHAKE, vn_worker_lame_duck(worker));
    if (step == VN_DRAIN_BEGIN)
        vn_listener_finish(source->fd);
    if (worker->handover != NULL)
        vn_handover_finish(worker->handover);
    if (step != VN_DRAIN_BEGIN || grace == 0)
        acceptor_end(acceptor);
    else
        vn_wheel_set(&worker->loop.wheel, &acceptor->entry.timeout, worker->loop.now + grace);
}

static const struct vn_kind acceptor_kind = {
    .event = acceptor_event,
    .go_on = acceptor_go_on,
    .expire = acceptor_expire,
    .drain = acceptor_drain,
};

void vn_acceptor_open(struct vn_worker *worker, int32_t fd, const struct vn_lane *lane)
{
    struct vn_source *source = vn_loop_add(&worker->loop, &acceptor_kind, fd);
    struct acceptor *acceptor = acceptor_of(source);
    assert(source != NULL); /* slots were reserved */
    acceptor->worker = worker;
    acceptor->lane = *lane;
    vn_list_init(&acceptor->entry.ready);
    vn_list_append(&worker->acceptors, &acceptor->link);
    worker->acceptor_count++;
}

void vn_acceptors_begin(struct vn_worker *worker)
{
    const struct vn_link *all = &worker->acceptors;
    for (struct vn_link *link = all->next; link != all; link = link->next)
        acceptor_accept(vn_holder(link, struct acceptor, link));
}
