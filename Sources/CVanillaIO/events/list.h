// SPDX-License-Identifier: MIT
/* list.h - the subscriptions to one topic on one worker, and what its subscribers are about to
 * get. */
#ifndef VN_EVENTS_LIST_H
#define VN_EVENTS_LIST_H

#include "hub.h"

struct vn_hub_shard;

struct vn_subscription_list {
    struct vn_link link; /* of the topic; under the hub's lock */
    struct vn_topic *topic;
    struct vn_hub *hub;
    struct vn_hub_shard *shard;
    struct vn_link subscribers; /* the worker's own from here on */
    struct vn_link busy; /* of the lists that have events in this turn */
    struct vn_message **batch;
    uint32_t batch_count;
    uint32_t batch_bytes;
    uint64_t lost; /* events that its part of the inbox had no room for */
    uint64_t inbox_bytes; /* of its entries; under the hub's lock, as is `overrun` */
    uint64_t overrun; /* `lost`, until the worker knows */
};

#endif
