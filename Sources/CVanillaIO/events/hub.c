// SPDX-License-Identifier: MIT
#include "hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../system/clock.h"
#include "../system/entropy.h"

enum {
    BUCKETS_MIN = 64,
    /* buckets of topics looked after when one is made, and when there is no room for it */
    TENDED_FOR_ONE = 4,
    TENDED_WHEN_FULL = 64,
};

/* ---- Options ---- */

void vn_event_stream_init(vn_event_stream *options)
{
    *options = (vn_event_stream) {
        .heartbeat = 15000, .retry_min = 1000, .retry_max = 5000, .shutdown_spread = 2000};
}

void vn_hub_options_init(vn_hub_options *options)
{
    *options = (vn_hub_options) {
        .topics = 65536,
        .topic =
            {
                .history_events = 1000,
                .history_bytes = 256 * 1024,
                .history_age = 300000,
                .backlog_bytes = 1024 * 1024,
                .backlog_age = 30000,
            },
    };
    vn_event_stream_init(&options->stream);
}

static bool is_possible(const vn_topic_options *options)
{
    return options->backlog_bytes > 0 && options->backlog_bytes >= options->history_bytes &&
           options->slow <= VN_SLOW_KEEP_NEWEST;
}

/* ---- Topics ---- */

static uint32_t hash_of(vn_span name)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    for (size_t i = 0; i < name.count; i++)
        hash = (hash ^ name.bytes[i]) * 16777619;
    return hash;
}

static struct vn_topic **bucket_of(struct vn_hub *hub, vn_span name)
{
    return &hub->buckets[hash_of(name) & (hub->bucket_count - 1)];
}

static vn_span name_of(const struct vn_topic *topic)
{
    return (vn_span) {topic->name, topic->name_count};
}

/* Twice as many buckets; without memory the old ones do. */
static void grow_buckets(struct vn_hub *hub)
{
    struct vn_topic **before = hub->buckets;
    uint32_t count = hub->bucket_count;
    struct vn_topic **grown = calloc(count * 2, sizeof(struct vn_topic *));
    if (grown == NULL)
        return;
    hub->buckets = grown;
    hub->bucket_count = count * 2;
    for (uint32_t i = 0; i < count; i++)
        for (struct vn_topic *topic = before[i], *next; topic != NULL; topic = next) {
            next = topic->next;
            struct vn_topic **bucket = bucket_of(hub, name_of(topic));
            topic->next = *bucket;
            *bucket = topic;
        }
    free(before);
}

/* Drop history that is too old, and remove the topics that nobody subscribes to and that have none
 * left: a little with each call, so that nobody waits for all of them. */
void vn_hub_tend(struct vn_hub *hub, uint32_t buckets)
{
    uint64_t now = vn_clock();
    for (uint32_t i = 0; i < buckets && i < hub->bucket_count; i++) {
        struct vn_topic **at = &hub->buckets[hub->tended++ & (hub->bucket_count - 1)];
        while (*at != NULL) {
            struct vn_topic *topic = *at;
            vn_topic_expire(topic, now);
            if (topic->is_declared || topic->history_count > 0 ||
                !vn_list_is_empty(&topic->lists)) {
                at = &topic->next;
                continue;
            }
            if (topic->last > hub->forgotten)
                hub->forgotten = topic->last;
            *at = topic->next;
            vn_topic_free(topic);
            hub->topic_count--;
        }
    }
    __atomic_store_n(&hub->counted.topics, hub->topic_count, __ATOMIC_RELAXED);
}

static int32_t topic_make(struct vn_hub *hub, vn_span name, struct vn_topic **made)
{
    vn_hub_tend(hub, hub->topic_count == hub->options.topics ? TENDED_WHEN_FULL : TENDED_FOR_ONE);
    if (hub->topic_count == hub->options.topics)
        return -ENOBUFS;
    if (hub->topic_count == hub->bucket_count)
        grow_buckets(hub);
    struct vn_topic *topic = vn_topic_make(name, &hub->options.topic, hub->forgotten);
    if (topic == NULL)
        return -ENOMEM;
    struct vn_topic **bucket = bucket_of(hub, name);
    topic->next = *bucket;
    *bucket = topic;
    hub->topic_count++;
    __atomic_store_n(&hub->counted.topics, hub->topic_count, __ATOMIC_RELAXED);
    *made = topic;
    return 0;
}

static struct vn_topic *topic_named(struct vn_hub *hub, vn_span name)
{
    for (struct vn_topic *topic = *bucket_of(hub, name); topic != NULL; topic = topic->next)
        if (topic->name_count == name.count && memcmp(topic->name, name.bytes, name.count) == 0)
            return topic;
    return NULL;
}

int32_t vn_hub_find(struct vn_hub *hub, vn_span name, struct vn_topic **topic)
{
    *topic = topic_named(hub, name);
    return *topic != NULL ? 0 : topic_make(hub, name, topic);
}

/* ---- The hub ---- */

vn_hub *vn_hub_open(const vn_hub_options *options)
{
    if (!is_possible(&options->topic) || options->topics == 0 ||
        options->stream.retry_min > options->stream.retry_max)
        return NULL;
    struct vn_hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return NULL;
    hub->buckets = calloc(BUCKETS_MIN, sizeof(struct vn_topic *));
    if (hub->buckets == NULL || pthread_mutex_init(&hub->lock, NULL) != 0) {
        free(hub->buckets);
        free(hub);
        return NULL;
    }
    hub->bucket_count = BUCKETS_MIN;
    hub->references = 1;
    hub->options = *options;
    /* A client that comes back after a restart must not find its number taken by another event. */
    hub->epoch = vn_entropy();
    return hub;
}

void vn_hub_retain(struct vn_hub *hub)
{
    __atomic_fetch_add(&hub->references, 1, __ATOMIC_RELAXED);
}

void vn_hub_close(vn_hub *hub)
{
    if (__atomic_sub_fetch(&hub->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (uint32_t i = 0; i < hub->bucket_count; i++)
        for (struct vn_topic *topic = hub->buckets[i], *next; topic != NULL; topic = next) {
            next = topic->next;
            vn_topic_free(topic);
        }
    pthread_mutex_destroy(&hub->lock);
    free(hub->buckets);
    free(hub);
}

int32_t vn_hub_declare(vn_hub *hub, vn_span name, const vn_topic_options *options)
{
    if (!is_possible(options) || name.count > VN_ID_MAX)
        return -EINVAL;
    pthread_mutex_lock(&hub->lock);
    struct vn_topic *topic = NULL;
    int32_t result = topic_named(hub, name) != NULL ? -EEXIST : topic_make(hub, name, &topic);
    if (result == 0) {
        topic->options = *options;
        topic->is_declared = true;
    }
    pthread_mutex_unlock(&hub->lock);
    return result;
}

bool vn_hub_locate(const struct vn_hub *hub, const struct vn_topic *topic, vn_span last_id,
                   uint64_t *number)
{
    if (vn_message_parse_id(hub->epoch, last_id, number) && *number <= hub->number)
        return *number >= topic->lost;
    return vn_topic_find(topic, last_id, number);
}

void vn_hub_read_statistics(const vn_hub *hub, vn_hub_statistics *statistics)
{
    const uint64_t *from = (const uint64_t *) &hub->counted;
    uint64_t *to = (uint64_t *) statistics;
    for (size_t i = 0; i < sizeof *statistics / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
