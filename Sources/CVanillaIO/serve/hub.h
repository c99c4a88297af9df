// SPDX-License-Identifier: MIT
/* hub.h - topics, what was published in them, and the desks that bring it to subscribers. What is
 * here is shared by all threads, under the hub's lock; a worker's own part is desk.h. */
#ifndef VN_SERVE_HUB_H
#define VN_SERVE_HUB_H

#include <pthread.h>

#include "../base/base.h"
#include "../base/list.h"
#include "../include/vn_hub.h"

enum {
    VN_ID_MAX = 255, /* bytes of an id, a key or a topic's name */
    VN_MADE_ID_MAX = 8 + 1 + 20, /* of an id that the hub makes: its epoch and a number */
};

/* One published event, framed as a chunk: size line, payload, CRLF. Immutable and counted. */
struct vn_message {
    uint32_t references; /* atomic */
    uint64_t number; /* in the hub, from 1 */
    uint64_t at; /* when, milliseconds */
    uint32_t chunk_at; /* in `bytes` */
    uint32_t chunk_count;
    uint32_t payload_at;
    uint32_t payload_count;
    uint8_t id_count; /* `bytes` begin with the id and the key */
    uint8_t key_count;
    uint8_t bytes[];
};

struct vn_topic {
    struct vn_topic *next; /* in its bucket */
    struct vn_link seats; /* a struct vn_seat for each desk with subscribers */
    vn_topic_options options;
    struct vn_message **history; /* a ring */
    uint32_t history_capacity;
    uint32_t history_first;
    uint32_t history_count;
    uint64_t history_bytes;
    uint64_t last; /* number of the last event published here */
    uint64_t lost; /* number of the last event that is not in the history any more */
    bool is_declared;
    uint8_t name_count;
    uint8_t name[];
};

struct vn_hub {
    pthread_mutex_t lock; /* of everything below that is not atomic */
    uint32_t references; /* atomic: the user's, and one for each desk */
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

void vn_hub_hold(struct vn_hub *hub);
void vn_message_hold(struct vn_message *message);
void vn_message_drop(struct vn_message *message);

static inline vn_span vn_message_id(const struct vn_message *message)
{
    return (vn_span) {message->bytes, message->id_count};
}

static inline vn_span vn_message_key(const struct vn_message *message)
{
    return (vn_span) {message->bytes + message->id_count, message->key_count};
}

/* With the lock held: the topic of that name, made when there is none. Returns 0, -ENOBUFS or
 * -ENOMEM. */
int32_t vn_hub_find(struct vn_hub *hub, vn_span name, struct vn_topic **topic);

/* With the lock held: the number up to which the holder of `last_id` has a topic's events, or false
 * when nothing is known of that id. */
bool vn_topic_locate(const struct vn_hub *hub, const struct vn_topic *topic, vn_span last_id,
                     uint64_t *number);

/* With the lock held: drop what is too old. */
void vn_topic_age(struct vn_topic *topic, uint64_t now);

static inline struct vn_message *vn_topic_history(const struct vn_topic *topic, uint32_t i)
{
    return topic->history[(topic->history_first + i) % topic->history_capacity];
}

/* The id that the hub makes of a number. Returns its size; `id` has VN_MADE_ID_MAX bytes. */
size_t vn_hub_write_id(const struct vn_hub *hub, uint64_t number, uint8_t *id);

static inline void vn_hub_count(uint64_t *counter, uint64_t by)
{
    __atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

#endif
