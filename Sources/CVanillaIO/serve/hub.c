// SPDX-License-Identifier: MIT
#include "hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "../http/digits.h"
#include "desk.h"
#include "worker.h"

enum {
    BUCKETS_LEAST = 64,
    HISTORY_LEAST = 16,
    LINES_MOST = 16 * 1024 * 1024,
    /* buckets of topics looked after when one is made, and when there is no room for it */
    TENDED_FOR_ONE = 4,
    TENDED_WHEN_FULL = 64,
    /* "id: ", LF behind it and behind the event, a chunk's size line and the CRLF at its end */
    FRAME_ROOM = 4 + 1 + 1 + VN_HEX_MAX + 2 + 2,
};

/* ---- Options ---- */

void vn_event_stream_init(vn_event_stream *options)
{
    *options = (vn_event_stream) {
        .heartbeat = 15000, .retry_least = 1000, .retry_most = 5000, .farewell = 2000};
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

/* ---- Messages ---- */

void vn_message_hold(struct vn_message *message)
{
    __atomic_fetch_add(&message->references, 1, __ATOMIC_RELAXED);
}

void vn_message_drop(struct vn_message *message)
{
    if (__atomic_sub_fetch(&message->references, 1, __ATOMIC_ACQ_REL) == 0)
        free(message);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count)
{
    if (count > 0)
        memcpy(at, bytes, count);
    return at + count;
}

/* Room for an event, not numbered yet. */
static struct vn_message *message_make(vn_span lines, vn_span id, vn_span key)
{
    size_t id_count = id.count > 0 ? id.count : VN_MADE_ID_MAX;
    size_t size = 2 * id_count + key.count + lines.count + FRAME_ROOM;
    struct vn_message *message = malloc(sizeof *message + size);
    if (message != NULL) {
        *message = (struct vn_message) {
            .references = 1, .id_count = (uint8_t) id.count, .key_count = (uint8_t) key.count};
        put(message->bytes, id.bytes, id.count);
    }
    return message;
}

/* Frame it, once its number is known. */
static void message_finish(struct vn_message *message, const struct vn_hub *hub, vn_span lines,
                           vn_span key)
{
    if (message->id_count == 0)
        message->id_count = (uint8_t) vn_hub_write_id(hub, message->number, message->bytes);
    uint8_t *at = put(message->bytes + message->id_count, key.bytes, key.count);
    message->payload_count = (uint32_t) (4 + message->id_count + 1 + lines.count + 1);
    message->chunk_at = (uint32_t) (at - message->bytes);
    at = vn_write_hex(at, message->payload_count);
    at = put(at, "\r\n", 2);
    message->payload_at = (uint32_t) (at - message->bytes);
    at = put(at, "id: ", 4);
    at = put(at, message->bytes, message->id_count);
    at = put(at, "\n", 1);
    at = put(at, lines.bytes, lines.count);
    at = put(at, "\n\r\n", 3);
    message->chunk_count = (uint32_t) (at - message->bytes) - message->chunk_at;
}

size_t vn_hub_write_id(const struct vn_hub *hub, uint64_t number, uint8_t *id)
{
    for (int i = 0; i < 8; i++)
        id[i] = (uint8_t) "0123456789abcdef"[hub->epoch >> (28 - 4 * i) & 15];
    id[8] = '-';
    return (size_t) (vn_write_decimal(id + 9, number) - id);
}

/* ---- A topic's history ---- */

static void history_drop(struct vn_topic *topic)
{
    struct vn_message *oldest = vn_topic_history(topic, 0);
    topic->lost = oldest->number;
    topic->history_bytes -= oldest->payload_count;
    topic->history_first = (topic->history_first + 1) % topic->history_capacity;
    topic->history_count--;
    vn_message_drop(oldest);
}

void vn_topic_age(struct vn_topic *topic, uint64_t now)
{
    uint32_t age = topic->options.history_age;
    while (age > 0 && topic->history_count > 0 && now - vn_topic_history(topic, 0)->at > age)
        history_drop(topic);
}

/* Have room for one more. Returns false when memory ran out. */
static bool history_reserve(struct vn_topic *topic)
{
    uint32_t most = topic->options.history_events;
    if (topic->history_count < topic->history_capacity || topic->history_count >= most)
        return true;
    uint32_t capacity = topic->history_capacity == 0 ? HISTORY_LEAST : topic->history_capacity * 2;
    capacity = capacity < most ? capacity : most;
    struct vn_message **grown = malloc(capacity * sizeof(struct vn_message *));
    if (grown == NULL)
        return false;
    for (uint32_t i = 0; i < topic->history_count; i++)
        grown[i] = vn_topic_history(topic, i);
    free(topic->history);
    topic->history = grown;
    topic->history_capacity = capacity;
    topic->history_first = 0;
    return true;
}

static void history_append(struct vn_topic *topic, struct vn_message *message)
{
    const vn_topic_options *options = &topic->options;
    uint64_t size = message->payload_count;
    topic->last = message->number;
    vn_topic_age(topic, message->at);
    while (topic->history_count > 0 && (topic->history_count >= options->history_events ||
                                        topic->history_bytes + size > options->history_bytes))
        history_drop(topic);
    if (options->history_events == 0 || size > options->history_bytes) {
        topic->lost = message->number;
        return;
    }
    uint32_t at = (topic->history_first + topic->history_count) % topic->history_capacity;
    topic->history[at] = message;
    topic->history_count++;
    topic->history_bytes += size;
    vn_message_hold(message);
}

/* An id that the hub made. */
static bool parse_id(const struct vn_hub *hub, vn_span id, uint64_t *number)
{
    uint8_t made[VN_MADE_ID_MAX];
    if (id.count < 10 || id.count > VN_MADE_ID_MAX)
        return false;
    *number = 0;
    for (size_t i = 9; i < id.count; i++) {
        uint8_t digit = (uint8_t) (id.bytes[i] - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    /* Written again it must be the same: one epoch, one spelling. */
    return vn_hub_write_id(hub, *number, made) == id.count &&
           memcmp(made, id.bytes, id.count) == 0 && *number <= hub->number;
}

bool vn_topic_locate(const struct vn_hub *hub, const struct vn_topic *topic, vn_span last_id,
                     uint64_t *number)
{
    if (parse_id(hub, last_id, number))
        return *number >= topic->lost;
    for (uint32_t i = topic->history_count; i-- > 0;) {
        const struct vn_message *message = vn_topic_history(topic, i);
        if (message->id_count == last_id.count &&
            memcmp(message->bytes, last_id.bytes, last_id.count) == 0) {
            *number = message->number;
            return true;
        }
    }
    return false;
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

static void topic_free(struct vn_topic *topic)
{
    while (topic->history_count > 0)
        history_drop(topic);
    free(topic->history);
    free(topic);
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

/* Look after the topics in a few more buckets: drop history that is too old, and remove the topics
 * that nobody subscribes to and that have none left. A little with each call, so that nobody waits
 * for all of them. */
static void tend(struct vn_hub *hub, uint32_t buckets)
{
    uint64_t now = vn_clock();
    for (uint32_t i = 0; i < buckets && i < hub->bucket_count; i++) {
        struct vn_topic **at = &hub->buckets[hub->tended++ & (hub->bucket_count - 1)];
        while (*at != NULL) {
            struct vn_topic *topic = *at;
            vn_topic_age(topic, now);
            if (topic->is_declared || topic->history_count > 0 ||
                !vn_list_is_empty(&topic->seats)) {
                at = &topic->next;
                continue;
            }
            if (topic->last > hub->forgotten)
                hub->forgotten = topic->last;
            *at = topic->next;
            topic_free(topic);
            hub->topic_count--;
        }
    }
    __atomic_store_n(&hub->counted.topics, hub->topic_count, __ATOMIC_RELAXED);
}

static int32_t topic_make(struct vn_hub *hub, vn_span name, struct vn_topic **made)
{
    tend(hub, hub->topic_count == hub->options.topics ? TENDED_WHEN_FULL : TENDED_FOR_ONE);
    if (hub->topic_count == hub->options.topics)
        return -ENOBUFS;
    if (hub->topic_count == hub->bucket_count)
        grow_buckets(hub);
    struct vn_topic *topic = calloc(1, sizeof *topic + name.count);
    if (topic == NULL)
        return -ENOMEM;
    vn_list_init(&topic->seats);
    topic->options = hub->options.topic;
    topic->last = hub->forgotten;
    topic->lost = hub->forgotten;
    topic->name_count = (uint8_t) name.count;
    put(topic->name, name.bytes, name.count);
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
        options->stream.retry_least > options->stream.retry_most)
        return NULL;
    struct vn_hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return NULL;
    hub->buckets = calloc(BUCKETS_LEAST, sizeof(struct vn_topic *));
    if (hub->buckets == NULL || pthread_mutex_init(&hub->lock, NULL) != 0) {
        free(hub->buckets);
        free(hub);
        return NULL;
    }
    hub->bucket_count = BUCKETS_LEAST;
    hub->references = 1;
    hub->options = *options;
    /* A client that comes back after a restart must not find its number taken by another event. */
    if (getrandom(&hub->epoch, sizeof hub->epoch, 0) != sizeof hub->epoch)
        hub->epoch = (uint32_t) time(NULL);
    return hub;
}

void vn_hub_hold(struct vn_hub *hub)
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
            topic_free(topic);
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

static bool is_id(vn_span id)
{
    return id.count <= VN_ID_MAX && (id.count == 0 || (memchr(id.bytes, '\n', id.count) == NULL &&
                                                       memchr(id.bytes, '\r', id.count) == NULL &&
                                                       memchr(id.bytes, '\0', id.count) == NULL));
}

/* With the lock held: number the event, keep it and hand it to every desk. */
static int32_t hub_send(struct vn_hub *hub, struct vn_topic *topic, struct vn_message *message,
                        vn_span lines, vn_span key)
{
    if (!history_reserve(topic) || !vn_seats_reserve(topic))
        return -ENOMEM;
    message->number = ++hub->number;
    message->at = vn_clock();
    message_finish(message, hub, lines, key);
    history_append(topic, message);
    vn_seats_deliver(topic, message);
    vn_hub_count(&hub->counted.published, 1);
    return 0;
}

int32_t vn_hub_publish(vn_hub *hub, vn_span name, vn_span lines, vn_span id, vn_span key)
{
    if (!is_id(id) || key.count > VN_ID_MAX || name.count > VN_ID_MAX)
        return -EINVAL;
    if (lines.count > LINES_MOST)
        return -EMSGSIZE;
    struct vn_message *message = message_make(lines, id, key);
    if (message == NULL)
        return -ENOMEM;
    struct vn_topic *topic;
    pthread_mutex_lock(&hub->lock);
    tend(hub, 1);
    int32_t result = vn_hub_find(hub, name, &topic);
    if (result == 0)
        result = hub_send(hub, topic, message, lines, key);
    pthread_mutex_unlock(&hub->lock);
    vn_message_drop(message);
    return result;
}

void vn_hub_read_statistics(const vn_hub *hub, vn_hub_statistics *statistics)
{
    const uint64_t *from = (const uint64_t *) &hub->counted;
    uint64_t *to = (uint64_t *) statistics;
    for (size_t i = 0; i < sizeof *statistics / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}
