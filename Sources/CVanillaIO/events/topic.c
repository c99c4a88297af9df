// SPDX-License-Identifier: MIT
#include "topic.h"

#include <stdlib.h>
#include <string.h>

enum { HISTORY_MIN = 16 }; /* events that the first allocation has room for */

struct vn_topic *vn_topic_make(vn_span name, const vn_topic_options *options, uint64_t last)
{
    struct vn_topic *topic = calloc(1, sizeof *topic + name.count);
    if (topic == NULL)
        return NULL;
    vn_list_init(&topic->lists);
    topic->options = *options;
    topic->last = last;
    topic->lost = last;
    topic->name_count = (uint8_t) name.count;
    if (name.count > 0)
        memcpy(topic->name, name.bytes, name.count);
    return topic;
}

static void drop_oldest(struct vn_topic *topic)
{
    struct vn_message *oldest = vn_topic_history(topic, 0);
    topic->lost = oldest->number;
    topic->history_bytes -= oldest->chunk.data_count;
    topic->history_first = (topic->history_first + 1) % topic->history_capacity;
    topic->history_count--;
    vn_message_release(oldest);
}

void vn_topic_free(struct vn_topic *topic)
{
    while (topic->history_count > 0)
        drop_oldest(topic);
    free(topic->history);
    free(topic);
}

void vn_topic_expire(struct vn_topic *topic, uint64_t now)
{
    uint32_t age = topic->options.history_age;
    while (age > 0 && topic->history_count > 0 && now - vn_topic_history(topic, 0)->at > age)
        drop_oldest(topic);
}

bool vn_topic_reserve(struct vn_topic *topic)
{
    uint32_t max = topic->options.history_events;
    if (topic->history_count < topic->history_capacity || topic->history_count >= max)
        return true;
    uint32_t capacity = topic->history_capacity == 0 ? HISTORY_MIN : topic->history_capacity * 2;
    capacity = capacity < max ? capacity : max;
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

void vn_topic_append(struct vn_topic *topic, struct vn_message *message)
{
    const vn_topic_options *options = &topic->options;
    uint64_t size = message->chunk.data_count;
    topic->last = message->number;
    vn_topic_expire(topic, message->at);
    while (topic->history_count > 0 && (topic->history_count >= options->history_events ||
                                        topic->history_bytes + size > options->history_bytes))
        drop_oldest(topic);
    if (options->history_events == 0 || size > options->history_bytes) {
        topic->lost = message->number;
        return;
    }
    uint32_t at = (topic->history_first + topic->history_count) % topic->history_capacity;
    topic->history[at] = message;
    topic->history_count++;
    topic->history_bytes += size;
    vn_message_retain(message);
}

bool vn_topic_find(const struct vn_topic *topic, vn_span id, uint64_t *number)
{
    for (uint32_t i = topic->history_count; i-- > 0;) {
        const struct vn_message *message = vn_topic_history(topic, i);
        if (message->id_count == id.count && memcmp(message->bytes, id.bytes, id.count) == 0) {
            *number = message->number;
            return true;
        }
    }
    return false;
}
