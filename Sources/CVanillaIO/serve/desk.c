// SPDX-License-Identifier: MIT
#include "desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../http/digits.h"
#include "conn.h"

enum {
    INBOX_LEAST = 32,
    INBOX_KEPT = 4096, /* letters; a larger inbox goes back to the allocator */
    BATCH_MOST = 64, /* events, and bytes, joined into one block */
    BATCH_BYTES_MOST = 64 * 1024,
    FEW = 2, /* blocks that wait and need no memory of their own */
    WAITING_MOST = 1024, /* blocks that wait for one subscriber */
};

/* What is lent to subscribers: one event as it was framed, or several joined. Of one worker. */
struct block {
    uint32_t references;
    uint32_t events;
    uint64_t at; /* when the oldest was published */
    struct vn_message *message; /* that holds the bytes; NULL: this block does */
    const uint8_t *chunk;
    uint32_t chunk_count;
    uint32_t payload_at; /* in the chunk */
    uint32_t payload_count;
    bool is_replayed;
    uint8_t bytes[];
};

struct subscriber {
    struct vn_link link; /* of its seat */
    struct vn_seat *seat; /* NULL: not seated */
    struct vn_conn *conn;
    uint64_t waiting; /* bytes */
    struct block **blocks; /* that wait: `count` of them from `first` on */
    uint32_t first;
    uint32_t count;
    uint32_t capacity;
    struct block *few[FEW];
};

/* ---- Blocks ---- */

static void block_drop(void *context)
{
    struct block *block = context;
    if (--block->references > 0)
        return;
    if (block->message != NULL)
        vn_message_drop(block->message);
    free(block);
}

static struct block *block_of_message(struct vn_message *message)
{
    struct block *block = malloc(sizeof *block);
    if (block == NULL)
        return NULL;
    *block = (struct block) {
        .references = 1,
        .events = 1,
        .at = message->at,
        .message = message,
        .chunk = message->bytes + message->chunk_at,
        .chunk_count = message->chunk_count,
        .payload_at = message->payload_at - message->chunk_at,
        .payload_count = message->payload_count,
    };
    vn_message_hold(message);
    return block;
}

/* A block with room for a payload, which is written at the returned place, and its chunk's frame
 * around it. */
static struct block *block_with_room(uint32_t payload_count, uint8_t **payload)
{
    struct block *block = malloc(sizeof *block + payload_count + VN_HEX_MAX + 4);
    if (block == NULL)
        return NULL;
    *block = (struct block) {.references = 1, .at = vn_clock(), .chunk = block->bytes};
    uint8_t *at = vn_write_hex(block->bytes, payload_count);
    *payload = at + 2;
    memcpy(at, "\r\n", 2);
    memcpy(*payload + payload_count, "\r\n", 2);
    block->payload_at = (uint32_t) (*payload - block->bytes);
    block->payload_count = payload_count;
    block->chunk_count = block->payload_at + payload_count + 2;
    return block;
}

static struct block *block_of(struct vn_message **messages, uint32_t count, uint32_t bytes)
{
    if (count == 1)
        return block_of_message(messages[0]);
    uint8_t *at;
    struct block *block = block_with_room(bytes, &at);
    if (block == NULL)
        return NULL;
    block->events = count;
    block->at = messages[0]->at;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(at, messages[i]->bytes + messages[i]->payload_at, messages[i]->payload_count);
        at += messages[i]->payload_count;
    }
    return block;
}

/* ---- What waits for one subscriber ---- */

static struct block **waiting_of(const struct subscriber *subscriber)
{
    return subscriber->blocks + subscriber->first;
}

static void forget_at(struct subscriber *subscriber, uint32_t i)
{
    struct block **waiting = waiting_of(subscriber);
    subscriber->waiting -= waiting[i]->payload_count;
    block_drop(waiting[i]);
    if (i == 0)
        subscriber->first++;
    else
        memmove(waiting + i, waiting + i + 1, (subscriber->count - i - 1) * sizeof(struct block *));
    subscriber->count--;
}

/* Have room for one more: by moving those that wait to the front, or by growing. */
static bool make_room(struct subscriber *subscriber)
{
    if (subscriber->first + subscriber->count < subscriber->capacity)
        return true;
    if (subscriber->first >= subscriber->capacity / 2) {
        memmove(subscriber->blocks, waiting_of(subscriber),
                subscriber->count * sizeof(struct block *));
        subscriber->first = 0;
        return true;
    }
    uint32_t capacity = subscriber->capacity * 4;
    bool is_first = subscriber->blocks == subscriber->few;
    struct block **grown =
        realloc(is_first ? NULL : subscriber->blocks, capacity * sizeof(struct block *));
    if (grown == NULL)
        return false;
    if (is_first)
        memcpy(grown, subscriber->few, sizeof subscriber->few);
    subscriber->blocks = grown;
    subscriber->capacity = capacity;
    return true;
}

static bool append(struct subscriber *subscriber, struct block *block)
{
    if (!make_room(subscriber))
        return false;
    block->references++;
    waiting_of(subscriber)[subscriber->count++] = block;
    subscriber->waiting += block->payload_count;
    return true;
}

/* Give back what a backlog took. */
static void shrink(struct subscriber *subscriber)
{
    if (subscriber->blocks != subscriber->few)
        free(subscriber->blocks);
    subscriber->blocks = subscriber->few;
    subscriber->capacity = FEW;
    subscriber->first = 0;
}

static void count_dropped(const struct subscriber *subscriber, uint64_t events)
{
    vn_hub_count(&subscriber->seat->desk->hub->counted.dropped, events);
}

/* An event that waits and has the key of this one is replaced by it. */
static void replace(struct subscriber *subscriber, const struct block *block)
{
    if (block->message == NULL || block->message->key_count == 0)
        return;
    vn_span key = vn_message_key(block->message);
    for (uint32_t i = 0; i < subscriber->count; i++) {
        const struct vn_message *waiting = waiting_of(subscriber)[i]->message;
        if (waiting == NULL || waiting->key_count != key.count ||
            memcmp(vn_message_key(waiting).bytes, key.bytes, key.count) != 0)
            continue;
        count_dropped(subscriber, 1);
        forget_at(subscriber, i);
        return;
    }
}

/* What a new subscriber is told first stays: it says that events were lost. */
static uint32_t first_to_drop(const struct subscriber *subscriber)
{
    return subscriber->count > 0 && waiting_of(subscriber)[0]->events == 0 ? 1 : 0;
}

/* How many of the oldest blocks have to go, so that this one fits. */
static uint32_t surplus(const struct subscriber *subscriber, const struct block *block)
{
    const vn_topic_options *options = &subscriber->seat->topic->options;
    uint64_t now = subscriber->conn->worker->now;
    uint64_t waiting = subscriber->waiting + vn_conn_unsent(subscriber->conn);
    uint32_t begin = first_to_drop(subscriber), count = 0;
    while (begin + count < subscriber->count) {
        const struct block *oldest = waiting_of(subscriber)[begin + count];
        bool is_old = options->backlog_age > 0 && now > oldest->at + options->backlog_age;
        if (!is_old && waiting + block->payload_count <= options->backlog_bytes &&
            subscriber->count - count < WAITING_MOST)
            break;
        waiting -= oldest->payload_count;
        count++;
    }
    return count;
}

/* Whether there is no room for a block even when nothing else waits here: the socket is full. */
static bool is_stuck(const struct subscriber *subscriber, const struct block *block)
{
    uint64_t unsent = vn_conn_unsent(subscriber->conn);
    return subscriber->count == 0 && unsent > 0 &&
           unsent + block->payload_count > subscriber->seat->topic->options.backlog_bytes;
}

static void disconnect(struct subscriber *subscriber)
{
    vn_hub_count(&subscriber->seat->desk->hub->counted.disconnected, 1);
    subscriber->conn->is_cut = true;
    vn_conn_wake(subscriber->conn);
}

/* Have a block wait for a subscriber, within the bounds of its topic. */
static void hand_out(struct subscriber *subscriber, struct block *block)
{
    struct vn_conn *conn = subscriber->conn;
    uint8_t slow = subscriber->seat->topic->options.slow;
    if (conn->is_cut || conn->answer != VN_ANSWER_STREAM)
        return;
    if (slow == VN_SLOW_KEEP_NEWEST)
        replace(subscriber, block);
    uint32_t too_many = surplus(subscriber, block);
    if (vn_unlikely(too_many > 0 && slow == VN_SLOW_DISCONNECT)) {
        disconnect(subscriber);
        return;
    }
    for (uint32_t begin = first_to_drop(subscriber); vn_unlikely(too_many > 0); too_many--) {
        count_dropped(subscriber, waiting_of(subscriber)[begin]->events);
        forget_at(subscriber, begin);
    }
    if (vn_unlikely(is_stuck(subscriber, block))) {
        if (slow == VN_SLOW_DISCONNECT)
            disconnect(subscriber);
        else
            count_dropped(subscriber, block->events);
        return;
    }
    if (!append(subscriber, block)) {
        disconnect(subscriber);
        return;
    }
    conn->stream_waits = false;
    vn_conn_wake(conn);
}

/* Have a block leave, without a detour where it is the only one. Its reference goes along. */
static bool deliver(struct vn_conn *conn, struct block *block, vn_span bytes, bool is_only)
{
    int64_t sent = is_only ? vn_conn_offer(conn, bytes) : 0;
    if (vn_likely(sent == (int64_t) bytes.count)) {
        block_drop(block);
        return true;
    }
    if (sent < 0 || vn_conn_output(conn) == NULL) {
        block_drop(block);
        return false;
    }
    vn_span rest = {bytes.bytes + sent, bytes.count - (size_t) sent};
    return vn_output_refer(conn->output, rest, block_drop, block) == 0;
}

/* The producer of its stream: everything that waits leaves at once. */
static int32_t produce(void *context, vn_stream *stream)
{
    struct subscriber *subscriber = context;
    struct vn_conn *conn = stream->conn;
    struct vn_hub *hub = subscriber->seat->desk->hub;
    bool is_chunked = conn->exchange->stream_is_chunked;
    uint64_t events = 0, replayed = 0, now = conn->worker->now, lag = 0;
    for (uint32_t i = 0; i < subscriber->count; i++) {
        struct block *block = waiting_of(subscriber)[i];
        vn_span bytes = is_chunked
                            ? (vn_span) {block->chunk, block->chunk_count}
                            : (vn_span) {block->chunk + block->payload_at, block->payload_count};
        if (block->is_replayed)
            replayed += block->events;
        else if (block->events > 0 && now > block->at + lag)
            lag = now - block->at;
        events += block->events;
        if (!deliver(conn, block, bytes, subscriber->count == 1))
            stream->failed = true;
    }
    subscriber->count = 0;
    subscriber->waiting = 0;
    shrink(subscriber);
    if (events > 0) {
        vn_hub_count(&hub->counted.delivered, events);
        if (replayed > 0)
            vn_hub_count(&hub->counted.replayed, replayed);
        __atomic_store_n(&hub->counted.lag_last, lag, __ATOMIC_RELAXED);
        if (lag > __atomic_load_n(&hub->counted.lag_most, __ATOMIC_RELAXED))
            __atomic_store_n(&hub->counted.lag_most, lag, __ATOMIC_RELAXED);
    }
    return VN_STREAM_WAIT;
}

/* ---- A turn's events ---- */

static void seat_flush(struct vn_seat *seat)
{
    struct block *block = block_of(seat->batch, seat->batch_count, seat->batch_bytes);
    struct vn_link *next;
    for (struct vn_link *link = seat->subscribers.next; link != &seat->subscribers; link = next) {
        struct subscriber *subscriber = vn_holder(link, struct subscriber, link);
        next = link->next;
        if (next != &seat->subscribers)
            vn_prefetch(vn_holder(next, struct subscriber, link)->conn, VN_CONN_WARM);
        if (block != NULL)
            hand_out(subscriber, block);
        else
            disconnect(subscriber); /* it may come back for what it missed */
    }
    if (block != NULL)
        block_drop(block);
    for (uint32_t i = 0; i < seat->batch_count; i++)
        vn_message_drop(seat->batch[i]);
    seat->batch_count = 0;
    seat->batch_bytes = 0;
}

/* The worker came late, and what was in the inbox is lost to everybody here. */
vn_cold static void seat_lose(struct vn_seat *seat)
{
    bool is_cut = seat->topic->options.slow == VN_SLOW_DISCONNECT;
    for (struct vn_link *link = seat->subscribers.next; link != &seat->subscribers;
         link = link->next) {
        struct subscriber *subscriber = vn_holder(link, struct subscriber, link);
        if (is_cut)
            disconnect(subscriber);
        else
            count_dropped(subscriber, seat->lost);
    }
    seat->lost = 0;
}

static void seat_take(struct vn_seat *seat, struct vn_message *message, struct vn_link *busy)
{
    bool joins = seat->topic->options.slow != VN_SLOW_KEEP_NEWEST;
    if (seat->batch_count > 0 && (!joins || seat->batch_count == BATCH_MOST ||
                                  seat->batch_bytes + message->payload_count > BATCH_BYTES_MOST))
        seat_flush(seat);
    if (vn_unlikely(seat->lost > 0))
        seat_lose(seat);
    seat->batch[seat->batch_count++] = message;
    seat->batch_bytes += message->payload_count;
    if (vn_list_is_empty(&seat->busy))
        vn_list_append(busy, &seat->busy);
}

/* With the hub's lock held: empty the inbox into `opened`, whose letters are then to be handed
 * out. */
static void desk_take(struct vn_desk *desk)
{
    struct vn_inbox taken = desk->inbox;
    for (uint32_t i = 0; i < taken.count; i++) {
        struct vn_seat *seat = taken.letters[i].seat;
        seat->inbox_bytes = 0;
        seat->lost += seat->overrun;
        seat->overrun = 0;
    }
    desk->inbox = desk->opened;
    desk->inbox.count = 0;
    desk->opened = taken;
}

static void desk_hand_out(struct vn_desk *desk)
{
    struct vn_link busy;
    struct vn_inbox *opened = &desk->opened;
    vn_list_init(&busy);
    for (uint32_t i = 0; i < opened->count; i++)
        seat_take(opened->letters[i].seat, opened->letters[i].message, &busy);
    while (!vn_list_is_empty(&busy)) {
        struct vn_seat *seat = vn_holder(busy.next, struct vn_seat, busy);
        vn_list_remove(&seat->busy);
        seat_flush(seat);
    }
    opened->count = 0;
    if (opened->capacity > INBOX_KEPT) {
        free(opened->letters);
        *opened = (struct vn_inbox) {0};
    }
}

static void desk_open(struct vn_desk *desk)
{
    pthread_mutex_lock(&desk->hub->lock);
    desk_take(desk);
    pthread_mutex_unlock(&desk->hub->lock);
    desk_hand_out(desk);
}

void vn_desks_open(struct vn_worker *worker)
{
    for (struct vn_desk *desk = worker->desks; desk != NULL; desk = desk->next)
        desk_open(desk);
}

/* ---- What publishers do ---- */

bool vn_seats_reserve(const struct vn_topic *topic)
{
    const struct vn_link *seats = &topic->seats;
    for (struct vn_link *link = seats->next; link != seats; link = link->next) {
        struct vn_inbox *inbox = &vn_holder(link, struct vn_seat, link)->desk->inbox;
        if (inbox->count < inbox->capacity)
            continue;
        uint32_t capacity = inbox->capacity == 0 ? INBOX_LEAST : inbox->capacity * 2;
        struct vn_letter_of_seat *grown = realloc(inbox->letters, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        inbox->letters = grown;
        inbox->capacity = capacity;
    }
    return true;
}

/* With the hub's lock held: drop a seat's letters. Returns how many. */
static uint32_t seat_purge(struct vn_seat *seat)
{
    struct vn_inbox *inbox = &seat->desk->inbox;
    uint32_t kept = 0, count = inbox->count;
    for (uint32_t i = 0; i < count; i++) {
        if (inbox->letters[i].seat == seat)
            vn_message_drop(inbox->letters[i].message);
        else
            inbox->letters[kept++] = inbox->letters[i];
    }
    /* An inbox that has become empty was announced, and the wake finds nothing. */
    inbox->count = kept;
    seat->inbox_bytes = 0;
    return count - kept;
}

void vn_seats_deliver(const struct vn_topic *topic, struct vn_message *message)
{
    const struct vn_link *seats = &topic->seats;
    for (struct vn_link *link = seats->next; link != seats; link = link->next) {
        struct vn_seat *seat = vn_holder(link, struct vn_seat, link);
        struct vn_inbox *inbox = &seat->desk->inbox;
        if (seat->inbox_bytes > 0 &&
            seat->inbox_bytes + message->payload_count > topic->options.backlog_bytes)
            seat->overrun += seat_purge(seat);
        seat->inbox_bytes += message->payload_count;
        vn_message_hold(message);
        inbox->letters[inbox->count++] = (struct vn_letter_of_seat) {seat, message};
        if (inbox->count == 1)
            vn_worker_wake(seat->desk->worker);
    }
}

/* ---- Coming and going ---- */

static struct vn_desk *desk_find(struct vn_worker *worker, struct vn_hub *hub)
{
    for (struct vn_desk *desk = worker->desks; desk != NULL; desk = desk->next)
        if (desk->hub == hub)
            return desk;
    struct vn_desk *desk = calloc(1, sizeof *desk);
    if (desk == NULL)
        return NULL;
    desk->hub = hub;
    desk->worker = worker;
    vn_hub_hold(hub);
    desk->next = worker->desks;
    worker->desks = desk;
    return desk;
}

/* With the hub's lock held. */
static struct vn_seat *seat_find(struct vn_desk *desk, struct vn_topic *topic)
{
    for (struct vn_link *link = topic->seats.next; link != &topic->seats; link = link->next) {
        struct vn_seat *seat = vn_holder(link, struct vn_seat, link);
        if (seat->desk == desk)
            return seat;
    }
    struct vn_seat *seat = calloc(1, sizeof *seat);
    struct vn_message **batch = malloc(BATCH_MOST * sizeof(struct vn_message *));
    if (seat == NULL || batch == NULL) {
        free(seat);
        free(batch);
        return NULL;
    }
    *seat = (struct vn_seat) {.topic = topic, .desk = desk, .batch = batch};
    vn_list_init(&seat->subscribers);
    vn_list_init(&seat->busy);
    vn_list_append(&topic->seats, &seat->link);
    desk->seats++;
    return seat;
}

/* Nobody subscribes here any more. */
static void desk_remove(struct vn_desk *desk)
{
    struct vn_desk **at = &desk->worker->desks;
    while (*at != desk)
        at = &(*at)->next;
    *at = desk->next;
    assert(desk->inbox.count == 0 && desk->opened.count == 0);
    free(desk->inbox.letters);
    free(desk->opened.letters);
    vn_hub_close(desk->hub);
    free(desk);
}

/* Its last subscriber has left. */
static void seat_remove(struct vn_seat *seat)
{
    struct vn_desk *desk = seat->desk;
    pthread_mutex_lock(&desk->hub->lock);
    vn_list_remove(&seat->link);
    seat_purge(seat);
    pthread_mutex_unlock(&desk->hub->lock);
    free(seat->batch);
    free(seat);
    if (--desk->seats == 0)
        desk_remove(desk);
}

/* A few bytes of the hub's own for one subscriber. */
static bool tell(struct subscriber *subscriber, const struct vn_hub *hub, const char *before,
                 uint64_t number)
{
    uint8_t id[VN_MADE_ID_MAX], *at;
    size_t id_count = vn_hub_write_id(hub, number, id);
    size_t before_count = strlen(before);
    struct block *block = block_with_room((uint32_t) (before_count + 4 + id_count + 2), &at);
    if (block == NULL)
        return false;
    memcpy(at, before, before_count);
    memcpy(at + before_count, "id: ", 4);
    memcpy(at + before_count + 4, id, id_count);
    memcpy(at + before_count + 4 + id_count, "\n\n", 2);
    bool is_appended = append(subscriber, block);
    block_drop(block);
    return is_appended;
}

/* With the lock held: the history behind `number`. */
static bool replay(struct subscriber *subscriber, const struct vn_topic *topic, uint64_t number)
{
    struct vn_message *batch[BATCH_MOST];
    uint32_t count = 0, bytes = 0;
    for (uint32_t i = 0; i <= topic->history_count; i++) {
        struct vn_message *message = i < topic->history_count ? vn_topic_history(topic, i) : NULL;
        bool is_wanted = message != NULL && message->number > number;
        if (count > 0 && (message == NULL || count == BATCH_MOST ||
                          bytes + message->payload_count > BATCH_BYTES_MOST)) {
            struct block *block = block_of(batch, count, bytes);
            if (block == NULL)
                return false;
            block->is_replayed = true;
            block->at = vn_clock(); /* it waits from now on */
            bool is_appended = append(subscriber, block);
            block_drop(block);
            if (!is_appended)
                return false;
            count = 0;
            bytes = 0;
        }
        if (is_wanted) {
            batch[count++] = message;
            bytes += message->payload_count;
        }
    }
    return true;
}

/* With the lock held: what a new subscriber gets first. */
static bool greet(struct subscriber *subscriber, struct vn_topic *topic, struct vn_hub *hub,
                  vn_span last_id)
{
    uint64_t number = topic->last;
    vn_topic_age(topic, vn_clock());
    /* Who was here before the first event and comes back has missed none, if it can say so. */
    if (last_id.count == 0)
        return tell(subscriber, hub, "", number);
    if (!vn_topic_locate(hub, topic, last_id, &number)) {
        vn_hub_count(&hub->counted.gaps, 1);
        number = topic->lost;
        if (!tell(subscriber, hub, "event: gap\ndata: events were lost\n", number))
            return false;
    }
    return replay(subscriber, topic, number);
}

/* Seat a subscriber. Returns 0 or -errno. */
static int32_t join(struct subscriber *subscriber, struct vn_desk *desk, vn_span name,
                    vn_span last_id)
{
    struct vn_hub *hub = desk->hub;
    struct vn_topic *topic;
    pthread_mutex_lock(&hub->lock);
    /* What is in the inbox is for those who are here already. The new one has it, or gets it from
     * the history. */
    desk_take(desk);
    desk_hand_out(desk);
    int32_t result = vn_hub_find(hub, name, &topic);
    struct vn_seat *seat = result < 0 ? NULL : seat_find(desk, topic);
    if (result == 0 && seat == NULL)
        result = -ENOMEM;
    if (result == 0) {
        subscriber->seat = seat;
        vn_list_append(&seat->subscribers, &subscriber->link);
        if (!greet(subscriber, topic, hub, last_id))
            result = -ENOMEM; /* it is seated, and leaves as others do */
    }
    pthread_mutex_unlock(&hub->lock);
    if (subscriber->seat != NULL)
        vn_hub_count(&hub->counted.connected, 1);
    return result;
}

/* Its exchange is over, or never began. */
static void leave(void *context)
{
    struct subscriber *subscriber = context;
    struct vn_seat *seat = subscriber->seat;
    while (subscriber->count > 0)
        forget_at(subscriber, 0);
    shrink(subscriber);
    if (seat != NULL) {
        vn_list_remove(&subscriber->link);
        vn_hub_count(&seat->desk->hub->counted.connected, (uint64_t) -1);
        if (vn_list_is_empty(&seat->subscribers))
            seat_remove(seat);
    }
    free(subscriber);
}

int32_t vn_response_subscribe(vn_response *response, vn_hub *hub, vn_span topic, vn_span last_id)
{
    struct vn_conn *conn = response->conn;
    if (!vn_response_is_open(response))
        return -EALREADY;
    if (topic.count > VN_ID_MAX)
        return -EMSGSIZE;
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    struct vn_desk *desk = subscriber == NULL ? NULL : desk_find(conn->worker, hub);
    if (desk == NULL) {
        free(subscriber);
        return -ENOMEM;
    }
    subscriber->conn = conn;
    subscriber->blocks = subscriber->few;
    subscriber->capacity = FEW;
    int32_t result = join(subscriber, desk, topic, last_id);
    if (result < 0) {
        bool was_seated = subscriber->seat != NULL;
        leave(subscriber);
        if (!was_seated && desk->seats == 0)
            desk_remove(desk);
        return result;
    }
    return vn_response_stream_events(response, &hub->options.stream, produce, leave, subscriber);
}
