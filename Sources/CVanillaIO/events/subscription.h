// SPDX-License-Identifier: MIT
/* subscription.h - how a subscriber comes to its topic, and leaves it. */
#ifndef VN_EVENTS_SUBSCRIPTION_H
#define VN_EVENTS_SUBSCRIPTION_H

#include "../serve/worker.h"
#include "subscriber.h"

/* Have a subscriber get a topic's events; after `last_id` those that it missed. On failure it is
 * freed. Returns 0, -ENOBUFS or -ENOMEM. */
int32_t vn_subscription_join(struct vn_subscriber *subscriber, struct vn_worker *worker,
                             struct vn_hub *hub, vn_span topic, vn_span last_id);

/* It leaves, and is freed: what it belongs to is over, or never began. */
void vn_subscription_leave(void *subscriber);

#endif
