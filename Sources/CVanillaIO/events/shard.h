// SPDX-License-Identifier: MIT
/* shard.h - a worker's part of a hub: the lists of those that subscribed on it.
 *
 * A publisher puts an event into the inbox of each shard with subscribers, once, whatever their
 * number. The worker takes all that is there at once, joins what came in one turn into one batch,
 * and lends it to every subscriber; each sends all that waits for it in one go. */
#ifndef VN_EVENTS_SHARD_H
#define VN_EVENTS_SHARD_H

#include "../serve/worker.h"
#include "list.h"

struct vn_subscriber;

/* An event for the subscribers of a list. */
struct vn_inbox_entry {
    struct vn_subscription_list *list;
    struct vn_message *message;
};

struct vn_inbox {
    struct vn_inbox_entry *entries;
    uint32_t count;
    uint32_t capacity;
};

struct vn_hub_shard {
    struct vn_hub_shard *next; /* of the worker */
    struct vn_hub *hub;
    struct vn_worker *worker;
    uint32_t lists; /* with none left the shard goes */
    struct vn_inbox inbox; /* under the hub's lock, as is `is_announced` */
    bool is_announced; /* the task below was posted and has not run */
    vn_task collect;
    struct vn_inbox taken; /* what is handed out now */
};

/* The shard of a hub on a worker, made when there is none. NULL when memory ran out. */
struct vn_hub_shard *vn_shard_find(struct vn_worker *worker, struct vn_hub *hub);

/* It has no subscriber any more, or never had one: it is freed, now or when its task has run. */
void vn_shard_remove_unused(struct vn_hub_shard *shard);

/* With the hub's lock held: the list of a topic there, made when there is none. NULL when memory
 * ran out. */
struct vn_subscription_list *vn_shard_find_list(struct vn_hub_shard *shard, struct vn_topic *topic);

/* Its last subscriber has left. */
void vn_shard_remove_list(struct vn_subscription_list *list);

/* With the hub's lock held: hand out what is in the inbox. */
void vn_shard_collect(struct vn_hub_shard *shard);

/* With the hub's lock held, for all lists of a topic: have room for one more event in their
 * inboxes. Returns false when memory ran out. */
bool vn_shards_reserve(const struct vn_topic *topic);

/* Put an event there. A list holds no more than one subscriber may wait for: what is in its part of
 * the inbox is dropped then. */
void vn_shards_deliver(const struct vn_topic *topic, struct vn_message *message);

#endif
