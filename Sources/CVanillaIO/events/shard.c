// SPDX-License-Identifier: MIT
#include "shard.h"

#include <stdlib.h>

#include "frames.h"
#include "subscriber.h"

enum {
    INBOX_MIN = 32,
    INBOX_KEPT = 4096, /* entries; a larger inbox goes back to the allocator */
};

/* ---- A turn's events ---- */

/* What carries an exchange lies around it. */
static void prefetch(const struct vn_exchange *exchange)
{
    vn_prefetch((const char *) exchange - 2 * VN_CACHE_LINE, 3 * VN_CACHE_LINE);
}

/* The same events as frames, made for the first subscriber that wants them. */
vn_cold static struct vn_batch *frames_of(const struct vn_subscription_list *list,
                                          struct vn_batch **frames)
{
    if (*frames == NULL)
        *frames = vn_frames_make(list->batch, list->batch_count);
    return *frames;
}

static void hand_out(struct vn_subscriber *subscriber, struct vn_batch *batch)
{
    if (batch != NULL)
        vn_subscriber_hand_out(subscriber, batch);
    else
        vn_subscriber_disconnect(subscriber);
}

static void list_flush(struct vn_subscription_list *list)
{
    struct vn_batch *batch = vn_batch_make(list->batch, list->batch_count, list->batch_bytes);
    struct vn_batch *frames = NULL;
    struct vn_link *next;
    for (struct vn_link *link = list->subscribers.next; link != &list->subscribers; link = next) {
        struct vn_subscriber *subscriber = vn_holder(link, struct vn_subscriber, link);
        next = link->next;
        if (next != &list->subscribers)
            prefetch(vn_holder(next, struct vn_subscriber, link)->exchange);
        hand_out(subscriber,
                 vn_unlikely(subscriber->wants_frames) ? frames_of(list, &frames) : batch);
    }
    if (batch != NULL)
        vn_batch_release(batch);
    if (frames != NULL)
        vn_batch_release(frames);
    for (uint32_t i = 0; i < list->batch_count; i++)
        vn_message_release(list->batch[i]);
    list->batch_count = 0;
    list->batch_bytes = 0;
}

/* The worker came late, and what was in the inbox is lost to everybody here. */
vn_cold static void list_lose(struct vn_subscription_list *list)
{
    bool is_cut = list->topic->options.slow == VN_SLOW_DISCONNECT;
    for (struct vn_link *link = list->subscribers.next; link != &list->subscribers;
         link = link->next) {
        struct vn_subscriber *subscriber = vn_holder(link, struct vn_subscriber, link);
        if (is_cut)
            vn_subscriber_disconnect(subscriber);
        else
            vn_subscriber_count_dropped(subscriber, list->lost);
    }
    list->lost = 0;
}

static void list_take(struct vn_subscription_list *list, struct vn_message *message,
                      struct vn_link *busy)
{
    bool joins = list->topic->options.slow != VN_SLOW_KEEP_NEWEST;
    uint32_t size = message->chunk.data_count;
    if (list->batch_count > 0 && (!joins || list->batch_count == VN_BATCH_EVENTS_MAX ||
                                  list->batch_bytes + size > VN_BATCH_BYTES_MAX))
        list_flush(list);
    if (vn_unlikely(list->lost > 0))
        list_lose(list);
    list->batch[list->batch_count++] = message;
    list->batch_bytes += size;
    if (vn_list_is_empty(&list->busy))
        vn_list_append(busy, &list->busy);
}

/* With the hub's lock held: empty the inbox into `taken`, whose entries are then to be handed
 * out. */
static void shard_take(struct vn_hub_shard *shard)
{
    struct vn_inbox taken = shard->inbox;
    for (uint32_t i = 0; i < taken.count; i++) {
        struct vn_subscription_list *list = taken.entries[i].list;
        list->inbox_bytes = 0;
        list->lost += list->overrun;
        list->overrun = 0;
    }
    shard->inbox = shard->taken;
    shard->inbox.count = 0;
    shard->taken = taken;
}

static void shard_hand_out(struct vn_hub_shard *shard)
{
    struct vn_link busy;
    struct vn_inbox *taken = &shard->taken;
    vn_list_init(&busy);
    vn_unread_expect(&shard->worker->unread, &shard->worker->loop); /* once for all who get it */
    for (uint32_t i = 0; i < taken->count; i++)
        list_take(taken->entries[i].list, taken->entries[i].message, &busy);
    while (!vn_list_is_empty(&busy)) {
        struct vn_subscription_list *list = vn_holder(busy.next, struct vn_subscription_list, busy);
        vn_list_remove(&list->busy);
        list_flush(list);
    }
    taken->count = 0;
    if (taken->capacity > INBOX_KEPT) {
        free(taken->entries);
        *taken = (struct vn_inbox) {0};
    }
}

void vn_shard_collect(struct vn_hub_shard *shard)
{
    shard_take(shard);
    shard_hand_out(shard);
}

/* The task that a publisher posts. */
static void shard_run(void *context)
{
    struct vn_hub_shard *shard = context;
    pthread_mutex_lock(&shard->hub->lock);
    shard->is_announced = false;
    shard_take(shard);
    pthread_mutex_unlock(&shard->hub->lock);
    shard_hand_out(shard);
    vn_shard_remove_unused(shard);
}

/* ---- What publishers do ---- */

bool vn_shards_reserve(const struct vn_topic *topic)
{
    const struct vn_link *lists = &topic->lists;
    for (struct vn_link *link = lists->next; link != lists; link = link->next) {
        struct vn_inbox *inbox = &vn_holder(link, struct vn_subscription_list, link)->shard->inbox;
        if (inbox->count < inbox->capacity)
            continue;
        uint32_t capacity = inbox->capacity == 0 ? INBOX_MIN : inbox->capacity * 2;
        struct vn_inbox_entry *grown = realloc(inbox->entries, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        inbox->entries = grown;
        inbox->capacity = capacity;
    }
    return true;
}

/* With the hub's lock held: drop a list's entries. Returns how many. */
static uint32_t list_purge(struct vn_subscription_list *list)
{
    struct vn_inbox *inbox = &list->shard->inbox;
    uint32_t kept = 0, count = inbox->count;
    for (uint32_t i = 0; i < count; i++) {
        if (inbox->entries[i].list == list)
            vn_message_release(inbox->entries[i].message);
        else
            inbox->entries[kept++] = inbox->entries[i];
    }
    inbox->count = kept;
    list->inbox_bytes = 0;
    return count - kept;
}

void vn_shards_deliver(const struct vn_topic *topic, struct vn_message *message)
{
    const struct vn_link *lists = &topic->lists;
    uint32_t size = message->chunk.data_count;
    for (struct vn_link *link = lists->next; link != lists; link = link->next) {
        struct vn_subscription_list *list = vn_holder(link, struct vn_subscription_list, link);
        struct vn_hub_shard *shard = list->shard;
        if (list->inbox_bytes > 0 && list->inbox_bytes + size > topic->options.backlog_bytes)
            list->overrun += list_purge(list);
        list->inbox_bytes += size;
        vn_message_retain(message);
        shard->inbox.entries[shard->inbox.count++] = (struct vn_inbox_entry) {list, message};
        if (!shard->is_announced)
            shard->is_announced =
                vn_mailbox_post(&shard->worker->loop.mailbox, &shard->collect) == 0;
    }
}

/* ---- Coming and going ---- */

struct vn_hub_shard *vn_shard_find(struct vn_worker *worker, struct vn_hub *hub)
{
    for (struct vn_hub_shard *shard = worker->hub_shards; shard != NULL; shard = shard->next)
        if (shard->hub == hub)
            return shard;
    struct vn_hub_shard *shard = calloc(1, sizeof *shard);
    if (shard == NULL)
        return NULL;
    shard->hub = hub;
    shard->worker = worker;
    shard->collect = (vn_task) {.run = shard_run, .context = shard};
    vn_hub_retain(hub);
    shard->next = worker->hub_shards;
    worker->hub_shards = shard;
    return shard;
}

void vn_shard_remove_unused(struct vn_hub_shard *shard)
{
    if (shard->lists > 0)
        return;
    pthread_mutex_lock(&shard->hub->lock);
    bool is_announced = shard->is_announced;
    pthread_mutex_unlock(&shard->hub->lock);
    if (is_announced)
        return;
    struct vn_hub_shard *first = shard->worker->hub_shards;
    if (first == shard)
        shard->worker->hub_shards = shard->next;
    else {
        while (first->next != shard)
            first = first->next;
        first->next = shard->next;
    }
    assert(shard->inbox.count == 0 && shard->taken.count == 0);
    free(shard->inbox.entries);
    free(shard->taken.entries);
    vn_hub_close(shard->hub);
    free(shard);
}

struct vn_subscription_list *vn_shard_find_list(struct vn_hub_shard *shard, struct vn_topic *topic)
{
    for (struct vn_link *link = topic->lists.next; link != &topic->lists; link = link->next) {
        struct vn_subscription_list *list = vn_holder(link, struct vn_subscription_list, link);
        if (list->shard == shard)
            return list;
    }
    struct vn_subscription_list *list = calloc(1, sizeof *list);
    struct vn_message **batch = malloc(VN_BATCH_EVENTS_MAX * sizeof(struct vn_message *));
    if (list == NULL || batch == NULL) {
        free(list);
        free(batch);
        return NULL;
    }
    *list = (struct vn_subscription_list) {
        .topic = topic, .hub = shard->hub, .shard = shard, .batch = batch};
    vn_list_init(&list->subscribers);
    vn_list_init(&list->busy);
    vn_list_append(&topic->lists, &list->link);
    shard->lists++;
    return list;
}

void vn_shard_remove_list(struct vn_subscription_list *list)
{
    struct vn_hub_shard *shard = list->shard;
    pthread_mutex_lock(&shard->hub->lock);
    vn_list_remove(&list->link);
    list_purge(list);
    pthread_mutex_unlock(&shard->hub->lock);
    free(list->batch);
    free(list);
    shard->lists--;
    vn_shard_remove_unused(shard);
}
