// SPDX-License-Identifier: MIT
/* subscriber.h - one client of a topic: what waits for it, within the bounds of the topic. */
#ifndef VN_EVENTS_SUBSCRIBER_H
#define VN_EVENTS_SUBSCRIBER_H

#include "../serve/exchange.h"
#include "batch.h"
#include "list.h"

enum { VN_BATCHES_FEW = 2 }; /* batches that wait and need no memory of their own */

struct vn_subscriber {
    struct vn_link link; /* of its list */
    struct vn_subscription_list *list; /* NULL: it is on none */
    struct vn_exchange *exchange;
    bool wants_frames; /* of WebSocket, and not lines of an event stream */
    uint64_t waiting; /* bytes */
    struct vn_batch **batches; /* that wait: `count` of them from `first` on */
    uint32_t first;
    uint32_t count;
    uint32_t capacity;
    struct vn_batch *few[VN_BATCHES_FEW];
};

/* NULL when memory ran out. */
struct vn_subscriber *vn_subscriber_make(struct vn_exchange *exchange);

/* It leaves its list. */
void vn_subscriber_free(struct vn_subscriber *subscriber);

/* Have a batch wait. Returns false when memory ran out. */
bool vn_subscriber_append(struct vn_subscriber *subscriber, struct vn_batch *batch);

/* The same within the bounds of its topic: beyond them a slow one is disconnected, or loses
 * events. */
void vn_subscriber_hand_out(struct vn_subscriber *subscriber, struct vn_batch *batch);

/* It may come back for what it missed. */
void vn_subscriber_disconnect(struct vn_subscriber *subscriber);

/* Events were dropped before it got them. */
void vn_subscriber_count_dropped(const struct vn_subscriber *subscriber, uint64_t events);

/* The producer of its stream: everything that waits leaves at once. */
int32_t vn_subscriber_produce(void *context, vn_body_writer *writer);

#endif
