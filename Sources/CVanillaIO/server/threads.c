// SPDX-License-Identifier: MIT
#include "threads.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../loop/file.h"
#include "../loop/watch.h"
#include "../serve/acceptor.h"
#include "../serve/http1.h"
#include "../serve/http2.h"
#include "../serve/preface.h"
#include "../serve/unread_watch.h"
#include "../system/cpus.h"
#include "../system/descriptors.h"
#include "../system/wakeup.h"
#include "hooks.h"
#include "signals.h"

enum {
    /* Left to the rest of the process when the limit is taken from the system's. */
    DESCRIPTORS_LEFT = 64,
    DESCRIPTORS_A_WORKER = 5, /* and one for each listener */
    SLOTS_FEW = 1 << 16,
    SLOTS_PARTS = 4,
    CONNECTIONS_MAX = 1 << 22, /* all workers, however many descriptors there may be */
};

/* ---- Memory ---- */

struct vn_worker *vn_worker_make(const vn_config *config)
{
    struct vn_worker *worker = NULL;
    if (posix_memalign((void **) &worker, _Alignof(struct vn_worker), sizeof *worker) != 0)
        return NULL;
    if (vn_worker_init(worker, config) == 0)
        return worker;
    free(worker);
    return NULL;
}

void vn_worker_free(struct vn_worker *worker)
{
    if (worker == NULL)
        return;
    vn_worker_deinit(worker);
    free(worker);
}

/* ---- Begin ---- */

/* The connections that all workers together may have: at least one for each. */
static uint32_t count_places(const struct vn_server *server)
{
    uint64_t total = server->config.limits.connections;
    if (total == 0) {
        uint64_t limit = vn_descriptor_limit();
        uint64_t each = DESCRIPTORS_A_WORKER + server->config.listener_count;
        uint64_t left = DESCRIPTORS_LEFT + each * server->thread_count;
        total = limit > 2 * left ? limit - left : limit / 2;
    }
    total = total < server->thread_count ? server->thread_count : total;
    return (uint32_t) vn_smaller(total, CONNECTIONS_MAX);
}

/* The slots of a worker, whose memory is there once it is used: for all that the server may have,
 * or several times its part where that is much. */
static uint32_t count_slots(const struct vn_server *server)
{
    uint64_t total = count_places(server);
    uint64_t part = SLOTS_PARTS * total / server->thread_count;
    return (uint32_t) vn_smaller(total, part < SLOTS_FEW ? SLOTS_FEW : part);
}

void vn_threads_share_places(struct vn_server *server)
{
    uint32_t acceptors = server->is_balanced ? server->thread_count : 1;
    server->places.workers = acceptors;
    atomic_store(&server->places.left, count_places(server) - acceptors);
    vn_handover_reset(&server->handover);
    for (uint32_t i = 0; i < server->thread_count; i++) {
        server->threads[i].worker->places = server->thread_count == 1 ? NULL : &server->places;
        server->threads[i].worker->held = &server->held;
        server->threads[i].worker->handover =
            acceptors < server->thread_count ? &server->handover : NULL;
        server->threads[i].worker->said = &server->said;
    }
}

/* Returns 0 or -errno. */
static int32_t open_loop(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    const vn_config *config = &server->config;
    vn_ring_opener *opener = vn_ring_opener_of(server->ring);
    uint32_t beyond = config->listener_count * vn_acceptor_slots(config->backlog);
    return vn_worker_open(thread->worker, opener, vn_acceptor_slot_size(), count_slots(server),
                          VN_WATCHES_MAX, VN_FILES_MAX, beyond);
}

static void close_listeners(struct vn_worker_thread *thread)
{
    for (uint32_t i = 0; i < thread->server->config.listener_count; i++) {
        if (thread->listeners[i] >= 0)
            close(thread->listeners[i]);
        thread->listeners[i] = -1;
    }
}

static const struct vn_protocol *protocol_of(const vn_listener *listener)
{
    if ((listener->protocols & VN_SPEAKS_HTTP2) == 0)
        return &vn_protocol_http1;
    return (listener->protocols & VN_SPEAKS_HTTP1) == 0 ? &vn_protocol_http2
                                                        : &vn_protocol_by_preface;
}

/* Take over the listeners, or what the first worker accepts of them. */
static void open_acceptors(struct vn_worker_thread *thread)
{
    struct vn_worker *worker = thread->worker;
    if (worker->handover != NULL)
        vn_handover_begin(worker, thread->number);
    for (uint32_t i = 0; i < thread->server->config.listener_count; i++) {
        if (thread->listeners[i] < 0)
            continue;
        const vn_listener *listener = &thread->server->config.listeners[i];
        const struct vn_transport *transport = listener->transport;
        const struct vn_lane lane = {transport != NULL ? transport : &vn_transport_plain,
                                     protocol_of(listener), (uint8_t) i};
        vn_acceptor_open(worker, thread->listeners[i], &lane);
        if (lane.transport->opened != NULL)
            lane.transport->opened(lane.transport, worker);
        thread->listeners[i] = -1;
    }
    vn_unread_watch_begin(worker, thread->server->thread_count);
    vn_acceptors_begin(worker);
    thread->serves = true;
}

/* Open the loop, and where there are no hooks to wait for, accept. Returns 0 or -errno. */
static int32_t thread_open(struct vn_worker_thread *thread, struct vn_loop **before)
{
    struct vn_worker *worker = thread->worker;
    const vn_handlers *handlers = &thread->server->config.handlers;
    thread->serves = false;
    *before = vn_loop_enter(&worker->loop);
    worker->context = handlers->begin == NULL ? handlers->context
                                              : handlers->begin(handlers->context, thread->number);
    int32_t opened = open_loop(thread);
    thread->is_open = opened == 0;
    if (!thread->is_open)
        close_listeners(thread);
    else if (!thread->server->has_hooks)
        open_acceptors(thread);
    return opened;
}

static void thread_report(struct vn_worker_thread *thread, int32_t result)
{
    pthread_mutex_lock(&thread->server->lock);
    thread->result = result;
    pthread_cond_broadcast(&thread->server->changed);
    pthread_mutex_unlock(&thread->server->lock);
}

/* ---- Hooks ---- */

static enum vn_phase phase_of(struct vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    enum vn_phase phase = server->phase;
    pthread_mutex_unlock(&server->lock);
    return phase;
}

void vn_threads_enter(struct vn_server *server, enum vn_phase phase)
{
    pthread_mutex_lock(&server->lock);
    server->phase = phase;
    for (uint32_t i = 0; i < server->started; i++)
        vn_mailbox_wake(&server->threads[i].worker->loop.mailbox);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* Turn until the server is so far: what a hook asks of any worker is done. */
static void await_phase(struct vn_worker_thread *thread, enum vn_phase phase)
{
    while (phase_of(thread->server) < phase &&
           vn_loop_turn(&thread->worker->loop, UINT64_MAX) == 0) {
    }
}

/* From here on, until the hooks are done, the first worker's loop learns that the server is to
 * stop. Returns false where it is already. */
static bool let_stop(struct vn_server *server, bool may_be_stopped)
{
    pthread_mutex_lock(&server->lock);
    server->is_starting_hooks = may_be_stopped;
    bool is_to_stop = server->stop_due != UINT64_MAX;
    pthread_mutex_unlock(&server->lock);
    return !is_to_stop;
}

static int32_t run_start_hooks(struct vn_server *server)
{
    struct vn_signal_watch signals = {.server = server};
    if (!let_stop(server, true))
        return -EINTR;
    /* Where there is no descriptor for it they are obeyed later. */
    if (atomic_load(&server->obeys_signals))
        vn_signal_watch_open(&signals, server);
    int32_t result = vn_hooks_start(server->threads[0].worker);
    vn_signal_watch_close(&signals);
    let_stop(server, false);
    return result;
}

static void start_hooks(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    await_phase(thread, VN_PHASE_START_HOOKS);
    if (phase_of(server) != VN_PHASE_START_HOOKS)
        return;
    int32_t result = run_start_hooks(server);
    pthread_mutex_lock(&server->lock);
    server->hooks_result = result;
    pthread_mutex_unlock(&server->lock);
    vn_threads_enter(server, result == 0 ? VN_PHASE_SERVING : VN_PHASE_OVER);
}

/* Accept once the hooks of the start are done, which the first worker does. */
static void thread_serve(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    if (thread->number == 0)
        start_hooks(thread);
    await_phase(thread, VN_PHASE_SERVING);
    if (phase_of(server) != VN_PHASE_SERVING) {
        close_listeners(thread);
        return;
    }
    open_acceptors(thread);
    pthread_mutex_lock(&server->lock);
    server->serving++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

int32_t vn_threads_serve(struct vn_server *server)
{
    vn_threads_enter(server, VN_PHASE_START_HOOKS);
    if (server->threads[0].is_lent)
        thread_serve(&server->threads[0]);
    pthread_mutex_lock(&server->lock);
    while (server->phase != VN_PHASE_OVER && server->serving < server->thread_count)
        pthread_cond_wait(&server->changed, &server->lock);
    int32_t result = server->serving == server->thread_count ? 0 : server->hooks_result;
    pthread_mutex_unlock(&server->lock);
    return result;
}

static bool have_drained(struct vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool have = server->drained == server->thread_count;
    pthread_mutex_unlock(&server->lock);
    return have;
}

/* The worker has no connection and no handler left. The first one does what is to be done when all
 * are so far. */
static void thread_end_serving(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    struct vn_worker *first = server->threads[0].worker;
    vn_worker_await_handlers(thread->worker);
    pthread_mutex_lock(&server->lock);
    server->drained++;
    vn_mailbox_wake(&first->loop.mailbox);
    pthread_mutex_unlock(&server->lock);
    if (thread->number == 0) {
        while (!have_drained(server) && vn_loop_turn(&first->loop, UINT64_MAX) == 0) {
        }
        vn_hooks_stop(first);
        vn_threads_enter(server, VN_PHASE_OVER);
    }
    await_phase(thread, VN_PHASE_OVER);
}

/* ---- Work ---- */

static void thread_leave(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    pthread_mutex_lock(&server->lock);
    server->running--;
    pthread_cond_broadcast(&server->changed);
    vn_wakeup_descriptor_set(server->signals.signal_fd);
    pthread_mutex_unlock(&server->lock);
}

void vn_thread_work(struct vn_worker_thread *thread, struct vn_loop *before)
{
    struct vn_worker *worker = thread->worker;
    const vn_handlers *handlers = &thread->server->config.handlers;
    if (thread->serves) {
        vn_worker_run(worker);
        if (thread->server->has_hooks)
            thread_end_serving(thread);
    }
    if (thread->is_open) {
        vn_worker_close(worker);
        vn_unread_watch_end(worker);
    } else
        vn_loop_end_tasks(&worker->loop);
    if (handlers->end != NULL)
        handlers->end(worker->context);
    vn_loop_forget_tasks(&worker->loop);
    vn_loop_leave(&worker->loop, before);
    thread_leave(thread);
}

static void *thread_main(void *argument)
{
    struct vn_worker_thread *thread = argument;
    struct vn_loop *before;
    if (thread->server->config.pins_workers)
        vn_cpus_pin(thread->number);
    int32_t opened = thread_open(thread, &before);
    thread_report(thread, opened);
    if (opened == 0 && thread->server->has_hooks)
        thread_serve(thread);
    vn_thread_work(thread, before);
    return NULL;
}

/* ---- Start ---- */

static void count_started(struct vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->started++;
    server->running++;
    pthread_mutex_unlock(&server->lock);
}

/* All signals are the other threads' affair. */
static int32_t create(struct vn_worker_thread *thread)
{
    sigset_t all, previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int32_t created = pthread_create(&thread->thread, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    return -created;
}

int32_t vn_thread_start(struct vn_worker_thread *thread)
{
    struct vn_server *server = thread->server;
    thread->result = 1;
    thread->is_lent = false;
    int32_t created = create(thread);
    if (created < 0)
        return created;
    count_started(server);
    pthread_mutex_lock(&server->lock);
    while (thread->result == 1)
        pthread_cond_wait(&server->changed, &server->lock);
    int32_t result = thread->result;
    pthread_mutex_unlock(&server->lock);
    return result;
}

int32_t vn_thread_start_here(struct vn_worker_thread *thread, struct vn_loop **before)
{
    thread->is_lent = true;
    count_started(thread->server);
    int32_t opened = thread_open(thread, before);
    thread_report(thread, opened);
    if (opened < 0)
        vn_thread_work(thread, *before);
    return opened;
}
