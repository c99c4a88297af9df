// SPDX-License-Identifier: MIT
#include "subscriber.h"

#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 1024 }; /* batches that wait for one subscriber */

/* ---- What waits ---- */

static struct vn_batch **waiting_of(const struct vn_subscriber *subscriber)
{
    return subscriber->batches + subscriber->first;
}

struct vn_subscriber *vn_subscriber_make(struct vn_exchange *exchange)
{
    struct vn_subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (subscriber == NULL)
        return NULL;
    subscriber->exchange = exchange;
    subscriber->batches = subscriber->few;
    subscriber->capacity = VN_BATCHES_FEW;
    return subscriber;
}

/* Give back what a backlog took. */
static void shrink(struct vn_subscriber *subscriber)
{
    if (subscriber->batches != subscriber->few)
        free(subscriber->batches);
    subscriber->batches = subscriber->few;
    subscriber->capacity = VN_BATCHES_FEW;
    subscriber->first = 0;
}

static void drop_at(struct vn_subscriber *subscriber, uint32_t i)
{
    struct vn_batch **waiting = waiting_of(subscriber);
    subscriber->waiting -= waiting[i]->chunk.data_count;
    vn_batch_release(waiting[i]);
    if (i == 0)
        subscriber->first++;
    else
        memmove(waiting + i, waiting + i + 1,
                (subscriber->count - i - 1) * sizeof(struct vn_batch *));
    subscriber->count--;
}

void vn_subscriber_free(struct vn_subscriber *subscriber)
{
    if (subscriber->list != NULL)
        vn_list_remove(&subscriber->link);
    while (subscriber->count > 0)
        drop_at(subscriber, 0);
    shrink(subscriber);
    free(subscriber);
}

/* Have room for one more: by moving those that wait to the front, or by growing. */
static bool make_room(struct vn_subscriber *subscriber)
{
    if (subscriber->first + subscriber->count < subscriber->capacity)
        return true;
    if (subscriber->first >= subscriber->capacity / 2) {
        memmove(subscriber->batches, waiting_of(subscriber),
                subscriber->count * sizeof(struct vn_batch *));
        subscriber->first = 0;
        return true;
    }
    uint32_t capacity = subscriber->capacity * 4;
    bool is_first = subscriber->batches == subscriber->few;
    struct vn_batch **grown =
        realloc(is_first ? NULL : subscriber->batches, capacity * sizeof(struct vn_batch *));
    if (grown == NULL)
        return false;
    if (is_first)
        memcpy(grown, subscriber->few, sizeof subscriber->few);
    subscriber->batches = grown;
    subscriber->capacity = capacity;
    return true;
}

bool vn_subscriber_append(struct vn_subscriber *subscriber, struct vn_batch *batch)
{
    if (!make_room(subscriber))
        return false;
    batch->references++;
    waiting_of(subscriber)[subscriber->count++] = batch;
    subscriber->waiting += batch->chunk.data_count;
    return true;
}

/* ---- The bounds of its topic ---- */

void vn_subscriber_count_dropped(const struct vn_subscriber *subscriber, uint64_t events)
{
    vn_hub_count(&subscriber->list->hub->counted.dropped, events);
}

void vn_subscriber_disconnect(struct vn_subscriber *subscriber)
{
    struct vn_exchange *exchange = subscriber->exchange;
    vn_hub_count(&subscriber->list->hub->counted.disconnected, 1);
    exchange->answer = VN_ANSWER_DONE;
    exchange->protocol->cut(exchange);
}

/* An event that waits and has the key of this one is replaced by it. */
static void replace(struct vn_subscriber *subscriber, const struct vn_batch *batch)
{
    if (batch->message == NULL || batch->message->key_count == 0)
        return;
    vn_span key = vn_message_key(batch->message);
    for (uint32_t i = 0; i < subscriber->count; i++) {
        const struct vn_message *waiting = waiting_of(subscriber)[i]->message;
        if (waiting == NULL || waiting->key_count != key.count ||
            memcmp(vn_message_key(waiting).bytes, key.bytes, key.count) != 0)
            continue;
        vn_subscriber_count_dropped(subscriber, 1);
        drop_at(subscriber, i);
        return;
    }
}

/* What a new subscriber is told first stays: it says that events were lost. */
static uint32_t first_to_drop(const struct vn_subscriber *subscriber)
{
    return subscriber->count > 0 && waiting_of(subscriber)[0]->events == 0 ? 1 : 0;
}

/* How many of the oldest batches have to go, so that this one fits beside what is `unsent`. */
static uint32_t surplus(const struct vn_subscriber *subscriber, const struct vn_batch *batch,
                        uint64_t unsent)
{
    const vn_topic_options *options = &subscriber->list->topic->options;
    uint64_t now = vn_loop_clock(&subscriber->exchange->worker->loop);
    uint64_t waiting = subscriber->waiting + unsent;
    uint32_t begin = first_to_drop(subscriber), count = 0;
    while (begin + count < subscriber->count) {
        const struct vn_batch *oldest = waiting_of(subscriber)[begin + count];
        bool is_old = options->backlog_age > 0 && now > oldest->at + options->backlog_age;
        if (!is_old && waiting + batch->chunk.data_count <= options->backlog_bytes &&
            subscriber->count - count < WAITING_MAX)
            break;
        waiting -= oldest->chunk.data_count;
        count++;
    }
    return count;
}

/* Whether there is no room for a batch even when nothing else waits here: the socket is full. */
static bool is_stuck(const struct vn_subscriber *subscriber, const struct vn_batch *batch,
                     uint64_t unsent)
{
    return subscriber->count == 0 && unsent > 0 &&
           unsent + batch->chunk.data_count > subscriber->list->topic->options.backlog_bytes;
}

/* Have room by the topic's policy. Returns false where the batch is not to wait. */
static bool admit(struct vn_subscriber *subscriber, struct vn_batch *batch, uint64_t unsent)
{
    uint8_t slow = subscriber->list->topic->options.slow;
    if (slow == VN_SLOW_KEEP_NEWEST)
        replace(subscriber, batch);
    uint32_t too_many = surplus(subscriber, batch, unsent);
    bool is_full = too_many > 0 || is_stuck(subscriber, batch, unsent);
    if (vn_likely(!is_full))
        return true;
    if (slow == VN_SLOW_DISCONNECT) {
        vn_subscriber_disconnect(subscriber);
        return false;
    }
    for (uint32_t begin = first_to_drop(subscriber); too_many > 0; too_many--) {
        vn_subscriber_count_dropped(subscriber, waiting_of(subscriber)[begin]->events);
        drop_at(subscriber, begin);
    }
    if (!is_stuck(subscriber, batch, unsent))
        return true;
    vn_subscriber_count_dropped(subscriber, batch->events);
    return false;
}

void vn_subscriber_hand_out(struct vn_subscriber *subscriber, struct vn_batch *batch)
{
    struct vn_exchange *exchange = subscriber->exchange;
    if (exchange->answer != VN_ANSWER_STREAM)
        return;
    uint64_t unsent = exchange->protocol->resume_output(exchange);
    bool is_idle = subscriber->count == 0 && unsent == 0; /* within all bounds */
    if ((vn_likely(is_idle) || admit(subscriber, batch, unsent)) &&
        !vn_subscriber_append(subscriber, batch))
        vn_subscriber_disconnect(subscriber);
}

/* ---- Leaving ---- */

/* What one turn of a subscriber's stream delivers. */
struct delivery {
    uint64_t events;
    uint64_t replayed;
    uint64_t lag; /* milliseconds: of the one that waited longest */
};

static void note(struct delivery *delivery, const struct vn_batch *batch, uint64_t now)
{
    delivery->events += batch->events;
    if (vn_unlikely(batch->is_replayed))
        delivery->replayed += batch->events;
    else if (batch->events > 0 && now > batch->at + delivery->lag)
        delivery->lag = now - batch->at;
}

static void count_delivered(vn_hub_statistics *counted, const struct delivery *delivery)
{
    if (delivery->events == 0)
        return;
    vn_hub_count(&counted->delivered, delivery->events);
    if (vn_unlikely(delivery->replayed > 0))
        vn_hub_count(&counted->replayed, delivery->replayed);
    __atomic_store_n(&counted->lag_last, delivery->lag, __ATOMIC_RELAXED);
    if (vn_unlikely(delivery->lag > __atomic_load_n(&counted->lag_max, __ATOMIC_RELAXED)))
        __atomic_store_n(&counted->lag_max, delivery->lag, __ATOMIC_RELAXED);
}

static int32_t write_batch(struct vn_exchange *exchange, struct vn_batch *batch, bool is_only)
{
    return exchange->protocol->write_chunk(exchange, &batch->chunk, is_only, vn_batch_release,
                                           batch);
}

/* Everything that waits, where that is more than one batch. */
static int32_t write_all(struct vn_subscriber *subscriber, struct delivery *delivery, uint64_t now)
{
    int32_t result = 0;
    for (uint32_t i = 0; i < subscriber->count; i++) {
        struct vn_batch *batch = waiting_of(subscriber)[i];
        note(delivery, batch, now);
        int32_t written = write_batch(subscriber->exchange, batch, false);
        result = written < 0 ? written : result;
    }
    shrink(subscriber);
    return result;
}

int32_t vn_subscriber_produce(void *context, vn_body_writer *writer)
{
    struct vn_subscriber *subscriber = context;
    struct vn_exchange *exchange = subscriber->exchange;
    struct delivery delivery = {0};
    uint64_t now = vn_loop_clock(&exchange->worker->loop);
    int32_t result;
    (void) writer; /* its own way: framed long before, and sent without a detour */
    if (vn_likely(subscriber->count == 1)) {
        struct vn_batch *batch = *waiting_of(subscriber);
        note(&delivery, batch, now);
        result = write_batch(exchange, batch, true);
        if (vn_unlikely(subscriber->batches != subscriber->few))
            shrink(subscriber);
        subscriber->first = 0;
    } else
        result = write_all(subscriber, &delivery, now);
    subscriber->count = 0;
    subscriber->waiting = 0;
    count_delivered(&subscriber->list->hub->counted, &delivery);
    return vn_unlikely(result < 0) ? result : VN_PRODUCE_WAIT;
}
