// SPDX-License-Identifier: MIT
/* hub.h - the topics of a hub. What is here is shared by all threads, under the hub's lock; a
 * worker's own part of it is shard.h. */
#ifndef VN_EVENTS_HUB_H
#define VN_EVENTS_HUB_H

#include <pthread.h>

#include "topic.h"

struct vn_hub {
    pthread_mutex_t lock; /* of everything below that is not atomic */
    uint32_t references; /* atomic: the user's, and one for each shard */
    uint32_t epoch; /* of this hub's numbers: an id of another one is unknown */
    vn_hub_options options;
    uint64_t number; /* of the last event */
    uint64_t forgotten; /* number of the last event of any topic that was removed */
    struct vn_topic **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t topic_count;
    uint32_t tended; /* the bucket that is looked after next */
    vn_hub_statistics counted; /* atomic */
};

/* Another reference, which vn_hub_close gives up. */
void vn_hub_retain(struct vn_hub *hub);

/* With the lock held: the topic of that name, made when there is none. Returns 0, -ENOBUFS or
 * -ENOMEM. */
int32_t vn_hub_find(struct vn_hub *hub, vn_span name, struct vn_topic **topic);

/* With the lock held: look after the topics in a few more buckets. */
void vn_hub_tend(struct vn_hub *hub, uint32_t buckets);

/* With the lock held: the number up to which a client that has the event `last_id` has a topic's
 * events, or false when nothing is known of that id. */
bool vn_hub_locate(const struct vn_hub *hub, const struct vn_topic *topic, vn_span last_id,
                   uint64_t *number);

static inline void vn_hub_count(uint64_t *counter, uint64_t by)
{
    __atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

#endif
