// SPDX-License-Identifier: MIT
/* subscription.c - a client joins a topic: first what it missed, then what comes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../serve/response.h"
#include "../system/clock.h"
#include "shard.h"
#include "subscription.h"

/* A few bytes of the hub's own for one subscriber. */
static bool tell(struct vn_subscriber *subscriber, const struct vn_hub *hub, const char *before,
                 uint64_t number)
{
    uint8_t id[VN_MADE_ID_MAX], *at;
    size_t id_count = vn_message_write_id(hub->epoch, number, id);
    size_t before_count = strlen(before);
    struct vn_batch *batch = vn_batch_make_room((uint32_t) (before_count + 4 + id_count + 2), &at);
    if (batch == NULL)
        return false;
    memcpy(at, before, before_count);
    memcpy(at + before_count, "id: ", 4);
    memcpy(at + before_count + 4, id, id_count);
    memcpy(at + before_count + 4 + id_count, "\n\n", 2);
    bool is_appended = vn_subscriber_append(subscriber, batch);
    vn_batch_release(batch);
    return is_appended;
}

static bool replay_batch(struct vn_subscriber *subscriber, struct vn_message *const *messages,
                         uint32_t count, uint32_t bytes)
{
    struct vn_batch *batch = vn_batch_make(messages, count, bytes);
    if (batch == NULL)
        return false;
    batch->is_replayed = true;
    batch->at = vn_clock(); /* it waits from now on */
    bool is_appended = vn_subscriber_append(subscriber, batch);
    vn_batch_release(batch);
    return is_appended;
}

/* With the lock held: the history after `number`. */
static bool replay(struct vn_subscriber *subscriber, const struct vn_topic *topic, uint64_t number)
{
    struct vn_message *batch[VN_BATCH_EVENTS_MAX];
    uint32_t count = 0, bytes = 0;
    for (uint32_t i = 0; i < topic->history_count; i++) {
        struct vn_message *message = vn_topic_history(topic, i);
        uint32_t size = message->chunk.data_count;
        if (message->number <= number)
            continue;
        if (count == VN_BATCH_EVENTS_MAX || (count > 0 && bytes + size > VN_BATCH_BYTES_MAX)) {
            if (!replay_batch(subscriber, batch, count, bytes))
                return false;
            count = 0;
            bytes = 0;
        }
        batch[count++] = message;
        bytes += size;
    }
    return count == 0 || replay_batch(subscriber, batch, count, bytes);
}

/* With the lock held: what a new subscriber gets first. */
static bool greet(struct vn_subscriber *subscriber, struct vn_topic *topic, struct vn_hub *hub,
                  vn_span last_id)
{
    uint64_t number = topic->last;
    vn_topic_expire(topic, vn_clock());
    /* A client that was here before the first event and comes back has missed none, if it can say
     * so. */
    if (last_id.count == 0)
        return tell(subscriber, hub, "", number);
    if (!vn_hub_locate(hub, topic, last_id, &number)) {
        vn_hub_count(&hub->counted.gaps, 1);
        number = topic->lost;
        if (!tell(subscriber, hub, "event: gap\ndata: events were lost\n", number))
            return false;
    }
    return replay(subscriber, topic, number);
}

/* Put a subscriber on its list. Returns 0 or -errno. */
static int32_t join(struct vn_subscriber *subscriber, struct vn_hub_shard *shard, vn_span name,
                    vn_span last_id)
{
    struct vn_hub *hub = shard->hub;
    struct vn_topic *topic;
    pthread_mutex_lock(&hub->lock);
    /* What is in the inbox is for earlier subscribers. The new one has it, or gets it from the
     * history. */
    vn_shard_collect(shard);
    int32_t result = vn_hub_find(hub, name, &topic);
    struct vn_subscription_list *list = result < 0 ? NULL : vn_shard_find_list(shard, topic);
    if (result == 0 && list == NULL)
        result = -ENOMEM;
    if (result == 0) {
        subscriber->list = list;
        vn_list_append(&list->subscribers, &subscriber->link);
        if (!subscriber->wants_frames && !greet(subscriber, topic, hub, last_id))
            result = -ENOMEM; /* it is on the list, and leaves as others do */
    }
    pthread_mutex_unlock(&hub->lock);
    if (subscriber->list != NULL)
        vn_hub_count(&hub->counted.connected, 1);
    return result;
}

void vn_subscription_leave(void *context)
{
    struct vn_subscriber *subscriber = context;
    struct vn_subscription_list *list = subscriber->list;
    vn_subscriber_free(subscriber);
    if (list == NULL)
        return;
    vn_hub_count(&list->hub->counted.connected, (uint64_t) -1);
    if (vn_list_is_empty(&list->subscribers))
        vn_shard_remove_list(list);
}

int32_t vn_subscription_join(struct vn_subscriber *subscriber, struct vn_worker *worker,
                             struct vn_hub *hub, vn_span topic, vn_span last_id)
{
    struct vn_hub_shard *shard = vn_shard_find(worker, hub);
    if (shard == NULL) {
        vn_subscriber_free(subscriber);
        return -ENOMEM;
    }
    int32_t result = join(subscriber, shard, topic, last_id);
    if (result < 0) {
        bool was_listed = subscriber->list != NULL;
        vn_subscription_leave(subscriber);
        if (!was_listed)
            vn_shard_remove_unused(shard);
    }
    return result;
}

int32_t vn_response_subscribe(vn_response *response, vn_hub *hub, vn_span topic, vn_span last_id)
{
    if (!vn_response_is_open(response))
        return vn_response_refusal(response);
    if (topic.count > VN_ID_MAX)
        return -EMSGSIZE;
    struct vn_subscriber *subscriber = vn_subscriber_make(response->exchange);
    int32_t result = subscriber == NULL
                         ? -ENOMEM
                         : vn_subscription_join(subscriber, response->worker, hub, topic, last_id);
    if (result < 0)
        return result;
    return vn_response_stream_events(response, &hub->options.stream, vn_subscriber_produce,
                                     vn_subscription_leave, subscriber);
}
