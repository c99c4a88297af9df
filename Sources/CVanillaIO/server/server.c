// SPDX-License-Identifier: MIT
/* server.c - a server's life: open, start, stop, wait, close. */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../serve/log.h"
#include "../system/cpus.h"
#include "../system/descriptors.h"
#include "../system/listener.h"
#include "../system/memory.h"
#include "../system/wakeup.h"
#include "config.h"
#include "error.h"
#include "hooks.h"
#include "listeners.h"
#include "offline.h"
#include "threads.h"

/* ---- Open and close ---- */

static void server_free(vn_server *server)
{
    for (uint32_t i = 0; server->threads != NULL && i < server->thread_count; i++)
        vn_worker_free(server->threads[i].worker);
    vn_worker_free(server->offline);
    free(server->threads);
    vn_handover_deinit(&server->handover);
    vn_config_free(&server->config);
    if (server->signals.signal_fd >= 0)
        close(server->signals.signal_fd);
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->offline_lock);
    pthread_cond_destroy(&server->changed);
    free(server);
}

static bool make_threads(vn_server *server, uint32_t count)
{
    server->threads = calloc(count, sizeof *server->threads);
    if (server->threads == NULL)
        return false;
    server->thread_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct vn_worker_thread *thread = &server->threads[i];
        *thread = (struct vn_worker_thread) {.server = server, .number = i};
        for (uint32_t j = 0; j < VN_LISTENERS_MAX; j++)
            thread->listeners[j] = -1;
        if ((thread->worker = vn_worker_make(&server->config)) == NULL)
            return false;
    }
    return true;
}

/* Returns 0, or a positive errno. */
static int32_t server_fill(vn_server *server, const vn_config *config)
{
    server->signals.signal_fd = -1;
    server->is_balanced = vn_listener_is_balanced();
    if (!vn_config_copy(&server->config, config))
        return ENOMEM;
    server->offline = vn_worker_make(&server->config);
    if (server->offline == NULL ||
        !make_threads(server, config->workers != 0 ? config->workers : vn_cpus_allowed()))
        return ENOMEM;
    int32_t handover = vn_handover_init(&server->handover, server->thread_count);
    if (handover < 0)
        return -handover;
    server->signals.signal_fd = vn_wakeup_descriptor_open();
    return server->signals.signal_fd < 0 ? -server->signals.signal_fd : 0;
}

vn_server *vn_server_open(const vn_config *config, vn_error *error)
{
    vn_descriptor_open_standard();
    if (vn_config_check(config, error) < 0 || vn_listeners_check(config, error) < 0)
        return NULL;
    vn_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        vn_error_fill(error, VN_FAILED_MEMORY, ENOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->offline_lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    int32_t code = server_fill(server, config);
    if (code != 0) {
        vn_error_fill(error, VN_FAILED_MEMORY, code, "%s", strerror(code));
        server_free(server);
        return NULL;
    }
    return server;
}

void vn_server_close(vn_server *server)
{
    vn_server_stop(server, 0);
    vn_server_wait(server);
    if (server->offline_began) {
        struct vn_loop *before = vn_loop_enter(&server->offline->loop);
        vn_offline_end(server);
        vn_loop_leave(&server->offline->loop, before);
    }
    server_free(server);
}

/* ---- Start ---- */

/* Which backend it will be: AUTO tries io_uring once, here, so that it is said once. */
static int32_t server_choose(vn_server *server, vn_error *error)
{
    static const enum vn_ring_backend backends[] = {
        [VN_BACKEND_AUTO] = VN_RING_AUTO,
        [VN_BACKEND_URING] = VN_RING_URING,
        [VN_BACKEND_EPOLL] = VN_RING_EPOLL,
        [VN_BACKEND_KQUEUE] = VN_RING_KQUEUE,
    };
    enum vn_ring_backend backend = backends[server->config.backend];
    struct vn_slab slab;
    struct vn_ring *ring;
    int32_t refusal;
    if (vn_slab_open(&slab, sizeof(struct vn_source), 1) < 0)
        return vn_error_fill(error, VN_FAILED_MEMORY, ENOMEM, "out of memory");
    int32_t opened = vn_ring_open(&ring, backend, &slab, &refusal);
    if (opened == 0) {
        server->ring = VN_RING_URING;
        while (strcmp(ring->ops->name, vn_ring_name(server->ring)) != 0)
            server->ring++;
        vn_ring_close(ring);
    }
    vn_slab_close(&slab);
    if (opened == -ENOTSUP && backend != VN_RING_AUTO)
        return vn_error_fill(error, VN_FAILED_BACKEND, ENOTSUP,
                             "the backend %s is not available: it is one of %s, not of this system",
                             vn_ring_name(backend), vn_ring_systems(backend));
    if (opened < 0)
        return vn_error_fill(
            error, VN_FAILED_BACKEND, -opened, "the backend %s is not available: %s",
            backend == VN_RING_AUTO ? "auto" : vn_ring_name(backend), strerror(-opened));
    if (refusal < 0)
        vn_log(&server->config, VN_LOG_INFO, "io_uring is not available (%s); using epoll",
               strerror(-refusal));
    return 0;
}

static void server_join(vn_server *server)
{
    for (uint32_t i = 0; i < server->started; i++)
        if (!server->threads[i].is_lent)
            pthread_join(server->threads[i].thread, NULL);
    server->started = 0;
}

static void server_stop_all(vn_server *server, uint64_t due)
{
    vn_listeners_unlink(server);
    for (uint32_t i = 0; i < server->started; i++)
        if (server->threads[i].result == 0)
            vn_mailbox_stop(&server->threads[i].worker->loop.mailbox, due);
}

/* All workers leave before they have served. The first one's thread may be this one. */
static void server_give_up(struct vn_server *server, struct vn_loop **before)
{
    vn_threads_enter(server, VN_PHASE_OVER);
    server_stop_all(server, 0);
    if (server->threads[0].is_lent && server->threads[0].is_open)
        vn_thread_work(&server->threads[0], *before);
    server_join(server);
    vn_listeners_close(server);
}

/* All workers, the first one here where `before` is not NULL. */
static int32_t server_open_workers(struct vn_server *server, struct vn_loop **before,
                                   vn_error *error)
{
    for (uint32_t i = 0; i < server->thread_count; i++) {
        struct vn_worker_thread *thread = &server->threads[i];
        bool is_here = i == 0 && before != NULL;
        int32_t result = is_here ? vn_thread_start_here(thread, before) : vn_thread_start(thread);
        if (result == 0)
            continue;
        server_give_up(server, before);
        return vn_error_fill(
            error, server->ring == VN_RING_URING ? VN_FAILED_BACKEND : VN_FAILED_THREAD, -result,
            "worker %u of %u did not start: %s", i + 1, server->thread_count, strerror(-result));
    }
    return 0;
}

static void note_ports(struct vn_server *server)
{
    for (uint32_t i = 0; i < server->config.listener_count; i++)
        atomic_store(&server->ports[i], vn_address_port(&server->addresses[i]));
    static const uint8_t backends[] = {
        [VN_RING_URING] = VN_BACKEND_URING,
        [VN_RING_EPOLL] = VN_BACKEND_EPOLL,
        [VN_RING_KQUEUE] = VN_BACKEND_KQUEUE,
    };
    atomic_store(&server->backend, backends[server->ring]);
}

/* What is done before anybody is served. Hooks know where that will be. */
static int32_t server_run_hooks(struct vn_server *server, struct vn_loop **before, vn_error *error)
{
    note_ports(server);
    int32_t result = vn_threads_serve(server);
    if (result == 0)
        return 0;
    server_give_up(server, before);
    return result == -EINTR
               ? vn_error_fill(error, VN_FAILED_STOPPED, EINTR,
                               "the server was told to stop while it started")
               : vn_error_fill(error, VN_FAILED_HOOKS, ECANCELED, "a hook of the start has failed");
}

/* Bind and start all workers with the chosen backend; the first one here, where `before` is not
 * NULL. */
static int32_t server_start_workers(struct vn_server *server, struct vn_loop **before,
                                    vn_error *error)
{
    int32_t result = vn_listeners_open(server, error);
    if (result < 0)
        return result;
    vn_threads_share_places(server);
    server->has_hooks = vn_hooks_exist(&server->config);
    server->phase = VN_PHASE_OPENING;
    server->serving = server->drained = 0;
    result = server_open_workers(server, before, error);
    return result == 0 && server->has_hooks ? server_run_hooks(server, before, error) : result;
}

static void server_set_state(vn_server *server, enum vn_server_state state)
{
    pthread_mutex_lock(&server->lock);
    server->state = state;
    if (state == VN_SERVER_RUNNING && server->stop_due != UINT64_MAX)
        server_stop_all(server, server->stop_due);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

int32_t vn_server_start_with(vn_server *server, struct vn_loop **before, vn_error *error)
{
    pthread_mutex_lock(&server->lock);
    bool is_idle = server->state == VN_SERVER_IDLE;
    if (is_idle) {
        server->state = VN_SERVER_STARTING;
        server->stop_due = UINT64_MAX;
    }
    pthread_mutex_unlock(&server->lock);
    if (!is_idle)
        return vn_error_fill(error, VN_FAILED_STATE, EALREADY, "the server is running");

    if (!server->config.keeps_descriptor_limit)
        vn_descriptor_raise_limit();
    if (!server->config.keeps_memory)
        vn_memory_tune();
    int32_t result = server_choose(server, error);
    if (result == 0)
        result = server_start_workers(server, before, error);
    /* One ring was granted, but not one for each worker: locked memory may be short. */
    if (result < 0 && server->ring == VN_RING_URING && server->config.backend == VN_BACKEND_AUTO &&
        error != NULL && error->step == VN_FAILED_BACKEND) {
        vn_log(&server->config, VN_LOG_INFO, "%s; using epoll", error->message);
        server->ring = VN_RING_EPOLL;
        result = server_start_workers(server, before, error);
    }
    if (result == 0)
        note_ports(server);
    server_set_state(server, result == 0 ? VN_SERVER_RUNNING : VN_SERVER_IDLE);
    return result;
}

int32_t vn_server_start(vn_server *server, vn_error *error)
{
    return vn_server_start_with(server, NULL, error);
}

/* ---- Stop and wait ---- */

void vn_server_stop(vn_server *server, uint32_t within)
{
    pthread_mutex_lock(&server->lock);
    uint64_t due = within == 0 ? 0 : vn_clock() + within;
    if (server->state == VN_SERVER_RUNNING)
        server_stop_all(server, due);
    else if (server->state == VN_SERVER_STARTING && due < server->stop_due) {
        server->stop_due = due;
        if (server->is_starting_hooks)
            vn_mailbox_stop(&server->threads[0].worker->loop.mailbox, due);
        pthread_cond_broadcast(&server->changed);
    }
    pthread_mutex_unlock(&server->lock);
}

/* Join the threads once all have left; the first thread that waits does it for all. */
void vn_server_wait(vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    while (server->state == VN_SERVER_STARTING ||
           (server->state == VN_SERVER_RUNNING && server->running > 0) ||
           server->state == VN_SERVER_JOINING)
        pthread_cond_wait(&server->changed, &server->lock);
    bool joins = server->state == VN_SERVER_RUNNING;
    if (joins)
        server->state = VN_SERVER_JOINING;
    pthread_mutex_unlock(&server->lock);
    if (!joins)
        return;
    server_join(server);
    server_set_state(server, VN_SERVER_IDLE);
}

/* ---- What it is doing ---- */

bool vn_server_is_started(vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool is_started = server->state == VN_SERVER_RUNNING;
    pthread_mutex_unlock(&server->lock);
    return is_started;
}

bool vn_server_is_running(vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool is_running = server->running > 0;
    pthread_mutex_unlock(&server->lock);
    return is_running;
}

uint16_t vn_server_port(const vn_server *server, uint32_t listener)
{
    return listener < server->config.listener_count ? atomic_load(&server->ports[listener]) : 0;
}

uint8_t vn_server_backend(const vn_server *server)
{
    return atomic_load(&server->backend);
}

uint32_t vn_server_workers(const vn_server *server)
{
    return server->thread_count;
}
