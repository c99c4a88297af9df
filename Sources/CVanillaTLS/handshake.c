// SPDX-License-Identifier: MIT
#include "handshake.h"

#include <stdlib.h>

#include "identity.h"
#include "reload.h"
#include "transport.h"

enum {
    /* Nanoseconds that handshakes may take of a turn, at least; a turn that took longer gives them
     * as long as it took. One is always done. */
    SPAN_MIN = 500000,
    SPAN_MAX = 5000000,
    MILLISECOND = 1000000,
};

static struct vn_tls_connection *holder_of(struct vn_link *link)
{
    return vn_holder(link, struct vn_tls_connection, handshake);
}

/* ---- Deadlines and places ---- */

static void set_timer(struct vn_tls_shard *shard)
{
    if (vn_list_is_empty(&shard->handshakes)) {
        vn_timer_clear(&shard->timer);
        return;
    }
    uint64_t now = shard->worker->loop.now;
    uint64_t due = holder_of(shard->handshakes.next)->began + shard->tls->config.handshake;
    vn_timer_set(shard->worker, &shard->timer, (due > now ? due - now : 0) * MILLISECOND);
}

static void give_up(struct vn_tls_connection *tls, uint64_t *counter)
{
    vn_tls_count(counter);
    vn_tls_count(&tls->shard->counted.failed);
    vn_tls_handshake_end(tls);
    vn_connection_end(tls->connection);
}

/* The oldest handshake's deadline may have passed. */
static void expire(void *context)
{
    struct vn_tls_shard *shard = context;
    uint64_t now = shard->worker->loop.now;
    while (!vn_list_is_empty(&shard->handshakes)) {
        struct vn_tls_connection *oldest = holder_of(shard->handshakes.next);
        if (now < oldest->began + shard->tls->config.handshake)
            break;
        vn_count_more(&shard->worker->counted.timeouts_head, 1);
        give_up(oldest, &shard->counted.late);
    }
    set_timer(shard);
}

void vn_tls_handshake_begin(struct vn_tls_connection *tls)
{
    struct vn_tls_shard *shard = tls->shard;
    tls->began = shard->worker->loop.now;
    if (shard->handshake_count >= shard->tls->config.handshakes)
        give_up(holder_of(shard->handshakes.next), &shard->counted.displaced);
    vn_list_init(&tls->queued);
    vn_list_append(&shard->handshakes, &tls->handshake);
    if (shard->handshake_count++ == 0)
        set_timer(shard);
}

void vn_tls_handshake_end(struct vn_tls_connection *tls)
{
    if (tls->handshake.next == NULL)
        return;
    vn_list_remove(&tls->handshake);
    vn_list_remove(&tls->queued);
    tls->handshake.next = NULL;
    if (--tls->shard->handshake_count == 0)
        set_timer(tls->shard);
    vn_tls_identity_release(tls->identity);
    tls->identity = NULL;
    free(tls->kept);
    tls->kept = NULL;
    tls->kept_count = 0;
}

/* ---- Turns ---- */

void vn_tls_handshake_go_on(struct vn_tls_connection *tls)
{
    uint8_t *kept = tls->kept;
    vn_list_remove(&tls->queued);
    tls->in = kept;
    tls->in_count = tls->kept_count;
    tls->kept = NULL;
    tls->kept_count = 0;
    vn_tls_read(tls);
    tls->has_answered = tls->connection->sent > 0 || tls->wire.count > 0;
    free(kept);
}

static void run(void *context)
{
    struct vn_tls_shard *shard = context;
    /* Those that came in this turn may have ended in it, too. */
    if (vn_list_is_empty(&shard->queue))
        return;
    uint64_t now = vn_clock_nanoseconds(), took = now - shard->worker->loop.budget.began;
    uint64_t span = took < SPAN_MIN ? SPAN_MIN : vn_smaller(took, SPAN_MAX);
    bool has_time = true;
    /* Those that came in this turn may have ended in it, too. */
    while (has_time && !vn_list_is_empty(&shard->queue)) {
        struct vn_tls_connection *first =
            vn_holder(shard->queue.next, struct vn_tls_connection, queued);
        vn_tls_handshake_go_on(first);
        vn_connection_resume(first->connection);
        has_time = vn_clock_nanoseconds() - now < span;
    }
    if (!vn_list_is_empty(&shard->queue))
        vn_worker_last(shard->worker, &shard->task);
}

bool vn_tls_handshake_keep(struct vn_tls_connection *tls, const uint8_t *bytes, size_t count)
{
    struct vn_tls_shard *shard = tls->shard;
    uint8_t *grown = realloc(tls->kept, tls->kept_count + count);
    if (grown == NULL)
        return false;
    memcpy(grown + tls->kept_count, bytes, count);
    tls->kept = grown;
    tls->kept_count += count;
    if (vn_list_is_empty(&tls->queued))
        vn_list_append(&shard->queue, &tls->queued);
    vn_worker_last(shard->worker, &shard->task);
    return true;
}

/* ---- What a worker has ---- */

static void stop(void *context)
{
    struct vn_tls_shard *shard = context;
    vn_timer_clear(&shard->timer);
    shard->task.is_queued = false; /* the loop that has it is over */
    vn_tls_reload_stop(shard);
    vn_tls_blocks_free(&shard->blocks);
    pthread_mutex_lock(&shard->tls->lock);
    shard->worker = NULL; /* another one may have it */
    pthread_mutex_unlock(&shard->tls->lock);
}

static struct vn_tls_shard *make_shard(struct vn_tls *tls)
{
    struct vn_tls_shard *shard = calloc(1, sizeof *shard);
    if (shard == NULL)
        return NULL;
    *shard = (struct vn_tls_shard) {.next = tls->shards, .tls = tls};
    shard->task = (vn_task) {.run = run, .context = shard};
    shard->timer = (vn_timer) {.run = expire, .context = shard};
    shard->stop_hook = (vn_stop_hook) {.run = stop, .context = shard};
    vn_list_init(&shard->handshakes);
    vn_list_init(&shard->queue);
    tls->shards = shard;
    return shard;
}

struct vn_tls_shard *vn_tls_shard_of(struct vn_tls *tls, struct vn_worker *worker)
{
    pthread_mutex_lock(&tls->lock);
    struct vn_tls_shard *shard = tls->shards, *unused = NULL;
    while (shard != NULL && shard->worker != worker) {
        unused = shard->worker == NULL ? shard : unused;
        shard = shard->next;
    }
    bool is_new = shard == NULL;
    if (is_new)
        shard = unused != NULL ? unused : make_shard(tls);
    if (is_new && shard != NULL)
        shard->worker = worker;
    pthread_mutex_unlock(&tls->lock);
    if (is_new && shard != NULL)
        vn_worker_on_stop(worker, &shard->stop_hook);
    return shard;
}

void vn_tls_shards_free(struct vn_tls *tls)
{
    for (struct vn_tls_shard *shard = tls->shards, *next; shard != NULL; shard = next) {
        next = shard->next;
        vn_tls_blocks_free(&shard->blocks);
        free(shard);
    }
    tls->shards = NULL;
}

void vn_tls_statistics_of(const vn_tls *tls, vn_tls_statistics *statistics)
{
    *statistics = (vn_tls_statistics) {0};
    pthread_mutex_t *lock = (pthread_mutex_t *) (uintptr_t) &tls->lock;
    pthread_mutex_lock(lock);
    for (const struct vn_tls_shard *shard = tls->shards; shard != NULL; shard = shard->next)
        for (size_t i = 0; i < sizeof *statistics / sizeof(uint64_t); i++)
            ((uint64_t *) statistics)[i] +=
                __atomic_load_n((const uint64_t *) &shard->counted + i, __ATOMIC_RELAXED);
    pthread_mutex_unlock(lock);
}
