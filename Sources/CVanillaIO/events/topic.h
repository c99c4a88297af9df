// SPDX-License-Identifier: MIT
/* topic.h - a topic of a hub and its history. Under the hub's lock. */
#ifndef VN_EVENTS_TOPIC_H
#define VN_EVENTS_TOPIC_H

#include "../base/list.h"
#include "../include/vn_hub.h"
#include "message.h"

struct vn_topic {
    struct vn_topic *next; /* in its bucket */
    struct vn_link lists; /* a struct vn_subscription_list for each shard with subscribers */
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

/* An empty one; NULL when memory ran out. `last` is the number of the last event that may have been
 * published here before. */
struct vn_topic *vn_topic_make(vn_span name, const vn_topic_options *options, uint64_t last);
void vn_topic_free(struct vn_topic *topic);

/* Have room for one more event. Returns false when memory ran out. */
bool vn_topic_reserve(struct vn_topic *topic);

/* Keep an event, for which there is room, as far as the options allow. */
void vn_topic_append(struct vn_topic *topic, struct vn_message *message);

/* Drop what is older than the options allow. `now` is milliseconds. */
void vn_topic_expire(struct vn_topic *topic, uint64_t now);

/* The number of an event in the history by its own id. Returns false when it is not there. */
bool vn_topic_find(const struct vn_topic *topic, vn_span id, uint64_t *number);

static inline struct vn_message *vn_topic_history(const struct vn_topic *topic, uint32_t i)
{
    return topic->history[(topic->history_first + i) % topic->history_capacity];
}

#endif
