// SPDX-License-Identifier: MIT
#include "handover.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A connection on its way to another worker. It holds a place, so there are never more of them than
 * the server may have connections. */
struct handed {
    vn_task task;
    struct vn_worker *worker;
    const struct vn_transport *transport;
    const struct vn_protocol *protocol;
    int32_t fd;
    uint8_t listener;
};

/* ---- Begin and end ---- */

int32_t vn_handover_init(struct vn_handover *handover, uint32_t count)
{
    handover->takers = calloc(count, sizeof *handover->takers);
    if (handover->takers == NULL)
        return -ENOMEM;
    handover->count = count;
    return -pthread_mutex_init(&handover->lock, NULL);
}

void vn_handover_deinit(struct vn_handover *handover)
{
    if (handover->takers == NULL)
        return;
    pthread_mutex_destroy(&handover->lock);
    free(handover->takers);
}

void vn_handover_reset(struct vn_handover *handover)
{
    handover->next = 0;
    handover->is_over = false;
    for (uint32_t i = 0; i < handover->count; i++)
        handover->takers[i] = (struct vn_taker) {0};
}

/* ---- The worker that takes ---- */

/* A source without a descriptor, which is there for the loop to count. */
struct place {
    struct vn_source source; /* first */
    struct vn_loop *loop;
    struct vn_taker *taker;
};

static void leave(void *context)
{
    struct vn_taker *taker = context;
    if (taker->place == NULL)
        return;
    struct place *place = vn_holder(taker->place, struct place, source);
    taker->place = NULL;
    vn_loop_remove(place->loop, &place->source);
}

static void place_drain(struct vn_source *source, enum vn_drain step)
{
    if (step != VN_DRAIN_BEGIN)
        leave(vn_holder(source, struct place, source)->taker);
}

static const struct vn_kind place_kind = {.drain = place_drain};

void vn_handover_begin(struct vn_worker *worker, uint32_t number)
{
    struct vn_handover *handover = worker->handover;
    struct vn_taker *taker = &handover->takers[number];
    pthread_mutex_lock(&handover->lock);
    if (!handover->is_over) {
        taker->worker = worker;
        taker->over = (vn_task) {.run = leave, .context = taker};
        if (number > 0) {
            taker->place = vn_loop_add_idle(&worker->loop, &place_kind);
            assert(taker->place != NULL); /* the slot was reserved */
            struct place *place = vn_holder(taker->place, struct place, source);
            place->loop = &worker->loop;
            place->taker = taker;
        }
    }
    pthread_mutex_unlock(&handover->lock);
    if (number > 0)
        worker->places_granted = 0; /* each comes with a connection */
}

static void take(void *context)
{
    struct handed handed = *(struct handed *) context;
    struct vn_worker *worker = handed.worker;
    free(context);
    if (worker->loop.is_closed) { /* its time is over, and everybody's here */
        close(handed.fd);
        return;
    }
    worker->places_granted++;
    /* It may be out of slots where others have many, and then the next one takes it. */
    if (worker->connection_count < worker->connection_limit ||
        !vn_handover_give(worker, handed.fd, handed.transport, handed.protocol, handed.listener))
        vn_connection_open(worker, handed.fd, handed.transport, handed.protocol, handed.listener);
}

/* ---- The worker that gives ---- */

bool vn_handover_give(struct vn_worker *worker, int32_t fd, const struct vn_transport *transport,
                      const struct vn_protocol *protocol, uint8_t listener)
{
    struct vn_handover *handover = worker->handover;
    if (worker->connection_count >= worker->places_granted)
        return false;
    struct handed *handed = malloc(sizeof *handed);
    if (handed == NULL)
        return false;
    *handed = (struct handed) {
        .task = {.run = take, .context = handed},
        .transport = transport,
        .protocol = protocol,
        .fd = fd,
        .listener = listener,
    };
    bool is_given = false;
    pthread_mutex_lock(&handover->lock);
    for (uint32_t i = 0; !handover->is_over && !is_given && i < handover->count; i++) {
        struct vn_worker *other = handover->takers[handover->next].worker;
        handover->next = (handover->next + 1) % handover->count;
        if (other == worker)
            break;
        handed->worker = other;
        is_given = other != NULL && vn_mailbox_post(&other->loop.mailbox, &handed->task) == 0;
    }
    pthread_mutex_unlock(&handover->lock);
    if (is_given)
        worker->places_granted--;
    else
        free(handed);
    return is_given;
}

void vn_handover_finish(struct vn_handover *handover)
{
    pthread_mutex_lock(&handover->lock);
    bool was_over = handover->is_over;
    handover->is_over = true;
    for (uint32_t i = 1; !was_over && i < handover->count; i++)
        if (handover->takers[i].worker != NULL)
            vn_mailbox_post(&handover->takers[i].worker->loop.mailbox, &handover->takers[i].over);
    pthread_mutex_unlock(&handover->lock);
}
