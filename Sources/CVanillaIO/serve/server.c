// SPDX-License-Identifier: MIT
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cpus.h"

enum {
    /* Left to the rest of the process when the limit is taken from the system's. */
    DESCRIPTORS_SPARE = 64,
    DESCRIPTORS_A_WORKER = 6,
    CONNECTIONS_MOST = 1 << 22, /* all workers, however many descriptors there may be */
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

static void server_free(vn_server *server)
{
    for (uint32_t i = 0; server->posts != NULL && i < server->post_count; i++)
        vn_worker_free(server->posts[i].worker);
    vn_worker_free(server->offline);
    free(server->posts);
    free((void *) (uintptr_t) server->config.host);
    free((void *) (uintptr_t) server->config.unix_path);
    if (server->signals.bell >= 0)
        close(server->signals.bell);
    pthread_mutex_destroy(&server->lock);
    pthread_mutex_destroy(&server->offline_lock);
    pthread_cond_destroy(&server->changed);
    free(server);
}

static bool server_fill(vn_server *server, const vn_config *config)
{
    server->config = *config;
    server->config.host = config->host == NULL ? NULL : strdup(config->host);
    server->config.unix_path = config->unix_path == NULL ? NULL : strdup(config->unix_path);
    if ((config->host != NULL && server->config.host == NULL) ||
        (config->unix_path != NULL && server->config.unix_path == NULL))
        return false;
    server->post_count = config->workers != 0 ? config->workers : vn_cpus_allowed();
    server->posts = calloc(server->post_count, sizeof *server->posts);
    server->offline = vn_worker_make(&server->config);
    if (server->posts == NULL || server->offline == NULL)
        return false;
    for (uint32_t i = 0; i < server->post_count; i++) {
        struct vn_post *post = &server->posts[i];
        *post = (struct vn_post) {.server = server, .number = i, .listener = -1};
        if ((post->worker = vn_worker_make(&server->config)) == NULL)
            return false;
    }
    return true;
}

/* ---- Open and close ---- */

static int32_t server_parse_address(const vn_config *config, struct vn_listener_address *address,
                                    vn_error *error)
{
    if (config->unix_path != NULL) {
        int32_t parsed = vn_listener_parse_path(address, config->unix_path);
        return parsed < 0 ? vn_error_fill(error, VN_FAILED_ADDRESS, -parsed,
                                          "\"%s\" cannot be the path of a unix socket: %s",
                                          config->unix_path, strerror(-parsed))
                          : 0;
    }
    int32_t parsed = vn_listener_parse(address, config->host, config->port);
    return parsed < 0 ? vn_error_fill(error, VN_FAILED_ADDRESS, -parsed,
                                      "\"%s\" is no numeric IPv4 or IPv6 address", config->host)
                      : 0;
}

vn_server *vn_server_open(const vn_config *config, vn_error *error)
{
    struct vn_listener_address address;
    if (vn_config_check(config, error) < 0 || server_parse_address(config, &address, error) < 0)
        return NULL;
    vn_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        vn_error_fill(error, VN_FAILED_MEMORY, ENOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->offline_lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->signals.bell = eventfd(0, EFD_CLOEXEC);
    if (!server_fill(server, config) || server->signals.bell < 0) {
        int32_t code = server->signals.bell < 0 ? EMFILE : ENOMEM;
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
    if (server->offline_began && server->config.handlers.end != NULL) {
        struct vn_worker *before = vn_worker_enter(server->offline);
        server->config.handlers.end(server->offline->context);
        vn_worker_leave(server->offline, before);
    }
    server_free(server);
}

/* ---- A worker's thread ---- */

static uint32_t connections_per_worker(const vn_server *server)
{
    uint64_t total = server->config.limits.connections;
    if (total == 0) {
        struct rlimit limit = {0};
        getrlimit(RLIMIT_NOFILE, &limit);
        uint64_t spare = DESCRIPTORS_SPARE + (uint64_t) DESCRIPTORS_A_WORKER * server->post_count;
        total = limit.rlim_cur > 2 * spare ? limit.rlim_cur - spare : limit.rlim_cur / 2;
    }
    if (total > CONNECTIONS_MOST)
        total = CONNECTIONS_MOST;
    uint64_t each = total / server->post_count;
    return each == 0 ? 1 : (uint32_t) each;
}

static void post_report(struct vn_post *post, int32_t result)
{
    pthread_mutex_lock(&post->server->lock);
    post->result = result;
    pthread_cond_broadcast(&post->server->changed);
    pthread_mutex_unlock(&post->server->lock);
}

static void post_leave(struct vn_post *post)
{
    pthread_mutex_lock(&post->server->lock);
    post->server->running--;
    pthread_cond_broadcast(&post->server->changed);
    vn_bell_ring(post->server->signals.bell);
    pthread_mutex_unlock(&post->server->lock);
}

static void *post_main(void *argument)
{
    struct vn_post *post = argument;
    vn_server *server = post->server;
    struct vn_worker *worker = post->worker;
    const vn_handlers *handlers = &server->config.handlers;
    if (server->config.pins_workers)
        vn_cpus_pin(post->number);

    int32_t listener = post->listener;
    post->listener = -1;
    struct vn_worker *before = vn_worker_enter(worker);
    worker->context = handlers->begin == NULL ? handlers->context
                                              : handlers->begin(handlers->context, post->number);
    int32_t opened = vn_worker_open(worker, server->kind, listener, connections_per_worker(server));
    post_report(post, opened);
    if (opened == 0) {
        vn_worker_run(worker);
        vn_worker_close(worker);
    }
    if (handlers->end != NULL)
        handlers->end(worker->context);
    vn_worker_leave(worker, before);
    post_leave(post);
    return NULL;
}

/* Start one thread and wait until its worker accepts. All signals are the other threads' affair. */
static int32_t post_start(struct vn_post *post)
{
    vn_server *server = post->server;
    sigset_t all, previous;
    sigfillset(&all);
    post->result = 1;
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int32_t created = pthread_create(&post->thread, NULL, post_main, post);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    if (created != 0) {
        close(post->listener);
        post->listener = -1;
        return -created;
    }
    pthread_mutex_lock(&server->lock);
    server->started++;
    server->running++;
    while (post->result == 1)
        pthread_cond_wait(&server->changed, &server->lock);
    int32_t result = post->result;
    pthread_mutex_unlock(&server->lock);
    return result;
}

/* ---- Start ---- */

static void server_close_listeners(vn_server *server)
{
    for (uint32_t i = 0; i < server->post_count; i++) {
        if (server->posts[i].listener >= 0)
            close(server->posts[i].listener);
        server->posts[i].listener = -1;
    }
}

static int32_t server_listen_failed(const vn_server *server, enum vn_listener_step step,
                                    int32_t code, vn_error *error)
{
    static const int32_t steps[] = {
        [VN_LISTENER_ADDRESS] = VN_FAILED_ADDRESS,
        [VN_LISTENER_SOCKET] = VN_FAILED_SOCKET,
        [VN_LISTENER_BIND] = VN_FAILED_BIND,
        [VN_LISTENER_LISTEN] = VN_FAILED_LISTEN,
    };
    const vn_config *config = &server->config;
    if (config->unix_path != NULL)
        return vn_error_fill(error, steps[step], code, "cannot listen on %s: %s", config->unix_path,
                             strerror(code));
    return vn_error_fill(error, steps[step], code, "cannot listen on %s port %u: %s",
                         config->host == NULL ? "any address," : config->host, config->port,
                         strerror(code));
}

/* A listener for each worker: sockets that share a port, or descriptors of one unix domain socket.
 */
static int32_t server_listen(vn_server *server, vn_error *error)
{
    const vn_config *config = &server->config;
    enum vn_listener_step step = VN_LISTENER_ADDRESS;
    int32_t parsed = server_parse_address(config, &server->address, error);
    if (parsed < 0)
        return parsed;
    for (uint32_t i = 0; i < server->post_count; i++) {
        int32_t listener;
        if (i > 0 && config->unix_path != NULL) {
            step = VN_LISTENER_SOCKET;
            listener = fcntl(server->posts[0].listener, F_DUPFD_CLOEXEC, 0);
            listener = listener < 0 ? -errno : listener;
        } else
            listener = vn_listener_open(&server->address, i == 0, config->backlog,
                                        config->unix_mode, &step);
        if (listener < 0) {
            server_close_listeners(server);
            if (i > 0 && config->unix_path != NULL)
                unlink(config->unix_path);
            return server_listen_failed(server, step, -listener, error);
        }
        server->posts[i].listener = listener;
    }
    return 0;
}

/* Which backend it will be: AUTO tries io_uring once, here, so that it is said once. */
static int32_t server_choose(vn_server *server, vn_error *error)
{
    static const enum vn_ring_kind kinds[] = {
        [VN_BACKEND_AUTO] = VN_RING_AUTO,
        [VN_BACKEND_URING] = VN_RING_URING,
        [VN_BACKEND_EPOLL] = VN_RING_EPOLL,
    };
    struct vn_slab slab;
    struct vn_ring *ring;
    int32_t refusal;
    if (vn_slab_open(&slab, sizeof(struct vn_source), 1) < 0)
        return vn_error_fill(error, VN_FAILED_MEMORY, ENOMEM, "out of memory");
    int32_t opened = vn_ring_open(&ring, kinds[server->config.backend], &slab, &refusal);
    if (opened == 0) {
        server->kind = strcmp(ring->ops->name, "io_uring") == 0 ? VN_RING_URING : VN_RING_EPOLL;
        vn_ring_close(ring);
    }
    vn_slab_close(&slab);
    if (opened < 0)
        return vn_error_fill(
            error, VN_FAILED_BACKEND, -opened, "the backend %s is not available: %s",
            server->config.backend == VN_BACKEND_URING ? "io_uring" : "epoll", strerror(-opened));
    if (refusal < 0)
        vn_log(&server->config, VN_LOG_INFO, "io_uring is not available (%s); using epoll",
               strerror(-refusal));
    return 0;
}

static void server_join(vn_server *server)
{
    for (uint32_t i = 0; i < server->started; i++)
        pthread_join(server->posts[i].thread, NULL);
    server->started = 0;
    if (server->config.unix_path != NULL)
        unlink(server->config.unix_path);
}

static void server_stop_all(vn_server *server, uint64_t due)
{
    for (uint32_t i = 0; i < server->started; i++)
        if (server->posts[i].result == 0)
            vn_worker_stop(server->posts[i].worker, due);
}

/* Bind and start all workers with the chosen backend. */
static int32_t server_start_workers(vn_server *server, vn_error *error)
{
    int32_t result = server_listen(server, error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < server->post_count; i++) {
        if ((result = post_start(&server->posts[i])) == 0)
            continue;
        server_stop_all(server, 0);
        server_join(server);
        server_close_listeners(server);
        return vn_error_fill(
            error, server->kind == VN_RING_URING ? VN_FAILED_BACKEND : VN_FAILED_THREAD, -result,
            "worker %u of %u did not start: %s", i + 1, server->post_count, strerror(-result));
    }
    return 0;
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

int32_t vn_server_start(vn_server *server, vn_error *error)
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

    int32_t result = server_choose(server, error);
    if (result == 0)
        result = server_start_workers(server, error);
    /* One ring was granted, but not one for each worker: locked memory may be short. */
    if (result < 0 && server->kind == VN_RING_URING && server->config.backend == VN_BACKEND_AUTO &&
        error != NULL && error->step == VN_FAILED_BACKEND) {
        vn_log(&server->config, VN_LOG_INFO, "%s; using epoll", error->message);
        server->kind = VN_RING_EPOLL;
        result = server_start_workers(server, error);
    }
    if (result == 0) {
        atomic_store(&server->port, vn_listener_port(&server->address));
        atomic_store(&server->backend,
                     server->kind == VN_RING_URING ? VN_BACKEND_URING : VN_BACKEND_EPOLL);
    }
    server_set_state(server, result == 0 ? VN_SERVER_RUNNING : VN_SERVER_IDLE);
    return result;
}

/* ---- Stop and wait ---- */

void vn_server_stop(vn_server *server, uint32_t within)
{
    pthread_mutex_lock(&server->lock);
    uint64_t due = within == 0 ? 0 : vn_clock() + within;
    if (server->state == VN_SERVER_RUNNING)
        server_stop_all(server, due);
    else if (server->state == VN_SERVER_STARTING && due < server->stop_due)
        server->stop_due = due;
    pthread_mutex_unlock(&server->lock);
}

/* Join the threads once all have left; the first who waits does it for everybody. */
static void server_settle(vn_server *server)
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

void vn_server_wait(vn_server *server)
{
    server_settle(server);
}

static bool server_is_started(vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool is_started = server->state == VN_SERVER_RUNNING;
    pthread_mutex_unlock(&server->lock);
    return is_started;
}

static bool server_is_running(vn_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool is_running = server->running > 0;
    pthread_mutex_unlock(&server->lock);
    return is_running;
}

/* Until the last worker has left: a first signal stops within the drain time, a second one at once.
 */
static void server_obey_signals(vn_server *server)
{
    uint32_t obeyed = 0;
    while (server_is_running(server)) {
        uint64_t rung;
        if (read(server->signals.bell, &rung, sizeof rung) < 0 && errno != EINTR)
            return;
        uint32_t count = atomic_load(&server->signals.count);
        if (count > obeyed)
            vn_server_stop(server, count == 1 ? server->config.drain : 0);
        obeyed = count;
    }
}

int32_t vn_server_run(vn_server *server, bool handles_signals, void (*listening)(void *context),
                      void *context, vn_error *error)
{
    vn_error unnamed;
    if (error == NULL)
        error = &unnamed;
    atomic_store(&server->signals.count, 0);
    if (handles_signals) {
        int32_t begun = vn_signals_begin(&server->signals);
        if (begun < 0)
            return vn_error_fill(error, VN_FAILED_STATE, -begun, "cannot handle signals: %s",
                                 strerror(-begun));
    }
    int32_t started = server_is_started(server) ? 0 : vn_server_start(server, error);
    if (started == 0 && listening != NULL)
        listening(context);
    if (started == 0 && handles_signals)
        server_obey_signals(server);
    if (started == 0)
        vn_server_wait(server);
    if (handles_signals)
        vn_signals_end(&server->signals);
    return started;
}

/* ---- What it is doing ---- */

uint16_t vn_server_port(const vn_server *server)
{
    return atomic_load(&server->port);
}

uint8_t vn_server_backend(const vn_server *server)
{
    return atomic_load(&server->backend);
}

uint32_t vn_server_workers(const vn_server *server)
{
    return server->post_count;
}

/* Every field of vn_statistics is a uint64_t. */
static void statistics_add(vn_statistics *sum, const vn_statistics *counted)
{
    uint64_t *to = (uint64_t *) sum;
    const uint64_t *from = (const uint64_t *) counted;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

void vn_server_statistics(const vn_server *server, vn_statistics *statistics)
{
    *statistics = (vn_statistics) {0};
    for (uint32_t i = 0; i < server->post_count; i++)
        statistics_add(statistics, &server->posts[i].worker->counters.counted);
    statistics_add(statistics, &server->offline->counters.counted);
}
