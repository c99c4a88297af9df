// SPDX-License-Identifier: MIT
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
    server->signals.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
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

/* On the thread that is to be the worker's, until post_work has returned. */
static int32_t post_open(struct vn_post *post, struct vn_worker **before)
{
    vn_server *server = post->server;
    struct vn_worker *worker = post->worker;
    const vn_handlers *handlers = &server->config.handlers;
    int32_t listener = post->listener;
    post->listener = -1;
    *before = vn_worker_enter(worker);
    worker->context = handlers->begin == NULL ? handlers->context
                                              : handlers->begin(handlers->context, post->number);
    return vn_worker_open(worker, server->kind, listener, connections_per_worker(server));
}

/* Until it was stopped, where it was opened. */
static void post_work(struct vn_post *post, bool is_open, struct vn_worker *before)
{
    struct vn_worker *worker = post->worker;
    const vn_handlers *handlers = &post->server->config.handlers;
    if (is_open) {
        vn_worker_run(worker);
        vn_worker_close(worker);
    }
    if (handlers->end != NULL)
        handlers->end(worker->context);
    vn_worker_forget_tasks(worker);
    vn_worker_leave(worker, before);
    post_leave(post);
}

static void *post_main(void *argument)
{
    struct vn_post *post = argument;
    struct vn_worker *before;
    if (post->server->config.pins_workers)
        vn_cpus_pin(post->number);
    int32_t opened = post_open(post, &before);
    post_report(post, opened);
    post_work(post, opened == 0, before);
    return NULL;
}

/* Start one thread and wait until its worker accepts. All signals are the other threads' affair. */
static int32_t post_start(struct vn_post *post)
{
    vn_server *server = post->server;
    sigset_t all, previous;
    sigfillset(&all);
    post->result = 1;
    post->is_lent = false;
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

/* The same for a worker of the calling thread, which calls post_work next. */
static int32_t post_start_here(struct vn_post *post, struct vn_worker **before)
{
    vn_server *server = post->server;
    post->is_lent = true;
    pthread_mutex_lock(&server->lock);
    server->started++;
    server->running++;
    pthread_mutex_unlock(&server->lock);
    int32_t opened = post_open(post, before);
    post_report(post, opened);
    if (opened < 0)
        post_work(post, false, *before);
    return opened;
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
        if (!server->posts[i].is_lent)
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

/* Bind and start all workers with the chosen backend; the first one here, where `before` is not NULL. */
static int32_t server_start_workers(vn_server *server, struct vn_worker **before, vn_error *error)
{
    int32_t result = server_listen(server, error);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < server->post_count; i++) {
        struct vn_post *post = &server->posts[i];
        bool is_here = i == 0 && before != NULL;
        if ((result = is_here ? post_start_here(post, before) : post_start(post)) == 0)
            continue;
        server_stop_all(server, 0);
        if (i > 0 && server->posts[0].is_lent)
            post_work(&server->posts[0], true, *before);
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

static int32_t server_start(vn_server *server, struct vn_worker **before, vn_error *error)
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
        result = server_start_workers(server, before, error);
    /* One ring was granted, but not one for each worker: locked memory may be short. */
    if (result < 0 && server->kind == VN_RING_URING && server->config.backend == VN_BACKEND_AUTO &&
        error != NULL && error->step == VN_FAILED_BACKEND) {
        vn_log(&server->config, VN_LOG_INFO, "%s; using epoll", error->message);
        server->kind = VN_RING_EPOLL;
        result = server_start_workers(server, before, error);
    }
    if (result == 0) {
        atomic_store(&server->port, vn_listener_port(&server->address));
        atomic_store(&server->backend,
                     server->kind == VN_RING_URING ? VN_BACKEND_URING : VN_BACKEND_EPOLL);
    }
    server_set_state(server, result == 0 ? VN_SERVER_RUNNING : VN_SERVER_IDLE);
    return result;
}

int32_t vn_server_start(vn_server *server, vn_error *error)
{
    return server_start(server, NULL, error);
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

/* The bell may have been rung. A first signal stops within the drain time, a second one at once. */
static void server_obey_bell(vn_server *server)
{
    uint64_t rung;
    ssize_t read_count = read(server->signals.bell, &rung, sizeof rung);
    (void) read_count; /* the count tells what it was about */
    uint32_t count = atomic_load(&server->signals.count);
    if (count > atomic_exchange(&server->signals.obeyed, count))
        vn_server_stop(server, count == 1 ? server->config.drain : 0);
}

/* Until the last worker has left. */
static void server_obey_signals(vn_server *server)
{
    while (server_is_running(server)) {
        struct pollfd bell = {.fd = server->signals.bell, .events = POLLIN};
        poll(&bell, 1, -1);
        server_obey_bell(server);
    }
}

static int32_t server_run_beside(vn_server *server, bool handles_signals,
                                 void (*listening)(void *context), void *context, vn_error *error)
{
    int32_t started = server_is_started(server) ? 0 : vn_server_start(server, error);
    if (started < 0)
        return started;
    if (listening != NULL)
        listening(context);
    if (handles_signals)
        server_obey_signals(server);
    vn_server_wait(server);
    return 0;
}

/* ---- Running on the calling thread ---- */

/* What a worker that runs here needs to hear of signals while it does. */
struct ear {
    vn_server *server;
    vn_watch *watch;
};

static void ear_hears(void *context, uint32_t events)
{
    struct ear *ear = context;
    if ((events & POLLNVAL) != 0)
        return;
    server_obey_bell(ear->server);
    if ((events & POLLIN) != 0)
        vn_watch_for(ear->watch, POLLIN);
    else {
        vn_log(&ear->server->config, VN_LOG_ERROR, "signals cannot be heard any more: it stops");
        vn_server_stop(ear->server, ear->server->config.drain);
    }
}

static int32_t ear_open(struct ear *ear)
{
    int32_t refusal;
    ear->watch = vn_watch_open(ear->server->posts[0].worker, ear->server->signals.bell, ear_hears,
                               ear, &refusal);
    if (ear->watch != NULL)
        vn_watch_for(ear->watch, POLLIN);
    return refusal;
}

static void pipe_signal(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

/* Handlers write to what they like, as on the server's own threads, which take no signals. */
static void pipe_signal_block(sigset_t *before)
{
    sigset_t pipe;
    pipe_signal(&pipe);
    pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void pipe_signal_restore(const sigset_t *before)
{
    static const struct timespec at_once;
    sigset_t pipe;
    pipe_signal(&pipe);
    if (!sigismember(before, SIGPIPE))
        while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int32_t server_run_here(vn_server *server, bool handles_signals,
                               void (*listening)(void *context), void *context, vn_error *error)
{
    struct vn_worker *before;
    struct ear ear = {.server = server};
    sigset_t signals;
    int32_t started = server_start(server, &before, error);
    if (started < 0)
        return started;
    pipe_signal_block(&signals);
    int32_t refusal = handles_signals ? ear_open(&ear) : 0;
    if (refusal < 0) {
        started = vn_error_fill(error, VN_FAILED_STATE, -refusal, "cannot hear of signals: %s",
                                strerror(-refusal));
        vn_server_stop(server, 0);
    } else if (listening != NULL)
        listening(context);
    post_work(&server->posts[0], true, before);
    pipe_signal_restore(&signals);
    if (handles_signals)
        server_obey_signals(server);
    vn_server_wait(server);
    return started;
}

int32_t vn_server_run(vn_server *server, bool handles_signals, void (*listening)(void *context),
                      void *context, vn_error *error)
{
    vn_error unnamed;
    if (error == NULL)
        error = &unnamed;
    atomic_store(&server->signals.count, 0);
    atomic_store(&server->signals.obeyed, 0);
    if (handles_signals) {
        int32_t begun = vn_signals_begin(&server->signals);
        if (begun < 0)
            return vn_error_fill(error, VN_FAILED_STATE, -begun, "cannot handle signals: %s",
                                 strerror(-begun));
    }
    bool is_here = server->config.uses_calling_thread && !server_is_started(server);
    int32_t result = is_here
                         ? server_run_here(server, handles_signals, listening, context, error)
                         : server_run_beside(server, handles_signals, listening, context, error);
    if (handles_signals)
        vn_signals_end(&server->signals);
    return result;
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
