// SPDX-License-Identifier: MIT
/* publish.c - an event into its topic, by any thread. It waits for no subscriber. */
#include <errno.h>

#include "../http/scan.h"
#include "../system/clock.h"
#include "hub.h"
#include "shard.h"

enum { LINES_MAX = 16 * 1024 * 1024 };

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Whether a client that comes back can send it as the value of a field, where recipients remove
 * the spaces around it and refuse control bytes (RFC 9110, section 5.5). */
static bool is_id(vn_span id)
{
    if (id.count == 0)
        return true;
    return id.count <= VN_ID_MAX && vn_is_field_value(id) && !is_space(id.bytes[0]) &&
           !is_space(id.bytes[id.count - 1]);
}

/* With the lock held: number the event, keep it and hand it to every shard. */
static int32_t deliver(struct vn_hub *hub, struct vn_topic *topic, struct vn_message *message,
                       vn_span lines, vn_span key)
{
    if (!vn_topic_reserve(topic) || !vn_shards_reserve(topic))
        return -ENOMEM;
    message->number = ++hub->number;
    message->at = vn_clock();
    vn_message_finish(message, hub->epoch, lines, key);
    vn_topic_append(topic, message);
    vn_shards_deliver(topic, message);
    vn_hub_count(&hub->counted.published, 1);
    return 0;
}

int32_t vn_hub_publish(vn_hub *hub, vn_span name, vn_span lines, vn_span id, vn_span key)
{
    if (!is_id(id) || key.count > VN_ID_MAX || name.count > VN_ID_MAX)
        return -EINVAL;
    if (lines.count > LINES_MAX)
        return -EMSGSIZE;
    struct vn_message *message = vn_message_make(lines, id, key);
    if (message == NULL)
        return -ENOMEM;
    struct vn_topic *topic;
    pthread_mutex_lock(&hub->lock);
    vn_hub_tend(hub, 1);
    int32_t result = vn_hub_find(hub, name, &topic);
    if (result == 0)
        result = deliver(hub, topic, message, lines, key);
    pthread_mutex_unlock(&hub->lock);
    vn_message_release(message);
    return result;
}
