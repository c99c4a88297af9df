// SPDX-License-Identifier: MIT
#include "include/stop_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "live_server.h"

/* Clients and the server's ends of their connections are descriptors of one process. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- What lies in a socket ---- */

enum { CROWD = 700 }; /* more than a turn takes up */

/* Connections that were served once, and a worker that a last one keeps busy. */
struct scene {
    struct stage stage;
    vn_server *server;
    int idle[CROWD];
    int busy;
};

static const char *scene_open(struct scene *scene, vn_config *config)
{
    vn_error error;
    raise_descriptor_limit();
    stage_init(&scene->stage);
    config->handlers.context = &scene->stage;
    scene->server = vn_server_open(config, &error);
    if (scene->server == NULL || vn_server_start(scene->server, &error) < 0)
        return failed("%s", error.message);
    uint16_t port = vn_server_port(scene->server, 0);
    for (int i = 0; i < CROWD; i++) {
        scene->idle[i] = dial(port);
        if (scene->idle[i] < 0 || !says_hello(scene->idle[i]))
            return failed("connection %d was not served", i);
    }
    scene->busy = dial(port);
    ask(scene->busy, get_block);
    sem_wait(&scene->stage.entered);
    return NULL;
}

/* All of them ask while the worker looks elsewhere; each has to be answered. */
static void scene_ask(struct scene *scene)
{
    for (int i = 0; i < CROWD; i++)
        ask(scene->idle[i], get);
}

static const char *scene_close(struct scene *scene)
{
    char answer[1024];
    int lost = 0;
    for (int i = 0; i < CROWD; i++) {
        if (hear(scene->idle[i], answer, WAIT_MAX) <= 0 || strstr(answer, "200 OK") == NULL)
            lost++;
        close(scene->idle[i]);
    }
    close(scene->busy);
    vn_server_close(scene->server);
    return lost == 0 ? NULL : failed("%d of %d requests were lost", lost, CROWD);
}

const char *vn_check_stop_answers_what_has_come(uint8_t backend)
{
    struct scene scene;
    vn_config config = config_of(&scene.stage, backend);
    const char *problem = scene_open(&scene, &config);
    if (problem != NULL)
        return problem;
    scene_ask(&scene);
    vn_server_stop(scene.server, WAIT_MAX);
    sem_post(&scene.stage.leave);
    vn_server_wait(scene.server);
    return scene_close(&scene);
}

const char *vn_check_idle_end_answers_what_has_come(uint8_t backend)
{
    enum { IDLE = 1500 };
    struct scene scene;
    vn_config config = config_of(&scene.stage, backend);
    config.deadlines.idle = IDLE;
    const char *problem = scene_open(&scene, &config);
    if (problem != NULL)
        return problem;
    scene_ask(&scene);
    for (uint64_t over = milliseconds() + IDLE + 100; milliseconds() < over;)
        usleep(10000);
    sem_post(&scene.stage.leave);
    return scene_close(&scene);
}

/* ---- Restarts ---- */

static const char get_close[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

struct caller {
    int fd; /* -1: not connected */
    uint32_t served; /* requests on this connection */
    size_t heard; /* bytes of the answer that is under way */
    char answer[512];
};

struct crowd {
    uint16_t port;
    uint32_t count;
    const char *request;
    int epoll;
    struct caller *callers;
    _Atomic uint64_t answered;
    _Atomic uint64_t lost;
    _Atomic uint64_t lost_first; /* of them on a new connection */
    atomic_bool stops;
};

/* Returns false when it is refused: nothing was asked of anybody then. */
static bool caller_connect(struct crowd *crowd, struct caller *caller)
{
    caller->fd = dial(crowd->port);
    if (caller->fd < 0)
        return false;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = caller};
    epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, caller->fd, &event);
    caller->served = 0;
    caller->heard = 0;
    ask(caller->fd, crowd->request);
    return true;
}

static void caller_leave(struct caller *caller)
{
    close(caller->fd);
    caller->fd = -1;
}

/* Each asks again as soon as it has its answer, on the same connection while it may. */
static void caller_hear(struct crowd *crowd, struct caller *caller)
{
    ssize_t count = recv(caller->fd, caller->answer + caller->heard,
                         sizeof caller->answer - 1 - caller->heard, MSG_DONTWAIT);
    if (count <= 0) {
        crowd->lost++;
        crowd->lost_first += caller->served == 0;
        caller_leave(caller);
        return;
    }
    caller->heard += (size_t) count;
    caller->answer[caller->heard] = '\0';
    if (strstr(caller->answer, "Hello") == NULL)
        return;
    crowd->answered++;
    caller->served++;
    caller->heard = 0;
    if (strstr(caller->answer, "Connection: close\r\n") != NULL)
        caller_leave(caller);
    else
        ask(caller->fd, crowd->request);
}

static void *crowd_run(void *argument)
{
    struct crowd *crowd = argument;
    struct epoll_event events[64];
    while (!crowd->stops) {
        bool is_refused = false;
        uint32_t connected = 0;
        for (uint32_t i = 0; i < crowd->count; i++) {
            if (crowd->callers[i].fd < 0 && !is_refused)
                is_refused = !caller_connect(crowd, &crowd->callers[i]);
            connected += crowd->callers[i].fd >= 0;
        }
        int count = epoll_wait(crowd->epoll, events, 64, connected == 0 ? 1 : 100);
        for (int i = 0; i < count; i++)
            caller_hear(crowd, events[i].data.ptr);
    }
    for (uint32_t i = 0; i < crowd->count; i++)
        if (crowd->callers[i].fd >= 0)
            close(crowd->callers[i].fd);
    return NULL;
}

/* Wait until the crowd has had so many answers more. */
static bool crowd_await(struct crowd *crowd, uint64_t more)
{
    uint64_t until = crowd->answered + more, due = milliseconds() + WAIT_MAX;
    while (crowd->answered < until && milliseconds() < due)
        usleep(1000);
    return crowd->answered >= until;
}

const char *vn_check_restarts_under_load(uint8_t backend, uint32_t workers, uint32_t clients,
                                         bool keeps_alive)
{
    enum { RESTARTS = 4, LONG = 20000 };
    vn_error error;
    struct stage stage;
    struct crowd crowd = {
        .count = clients,
        .request = keeps_alive ? get : get_close,
        .epoll = epoll_create1(EPOLL_CLOEXEC),
    };
    const char *problem = NULL;
    raise_descriptor_limit();
    vn_config config = config_of(&stage, backend);
    config.workers = workers;
    config.lame_duck = LONG; /* it ends when all have heard of the close, however slow they are */
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    config.listeners[0].port = crowd.port = vn_server_port(server, 0);
    crowd.callers = calloc(clients, sizeof *crowd.callers);
    for (uint32_t i = 0; i < clients; i++)
        crowd.callers[i].fd = -1;
    pthread_t thread;
    pthread_create(&thread, NULL, crowd_run, &crowd);
    for (int i = 0; i < RESTARTS && problem == NULL; i++) {
        if (!crowd_await(&crowd, 10 * clients))
            problem = failed("restart %d: the clients are not served", i);
        vn_server_stop(server, 2 * LONG);
        vn_server_close((vn_server_wait(server), server));
        if ((server = vn_server_open(&config, &error)) == NULL ||
            vn_server_start(server, &error) < 0)
            problem = failed("restart %d: %s", i, error.message);
    }
    crowd.stops = true;
    pthread_join(thread, NULL);
    if (server != NULL)
        vn_server_close(server);
    free(crowd.callers);
    close(crowd.epoll);
    if (problem == NULL && crowd.lost > 0)
        problem = failed("%llu of %llu requests were lost, %llu of them on new connections",
                         (unsigned long long) crowd.lost,
                         (unsigned long long) (crowd.lost + crowd.answered),
                         (unsigned long long) crowd.lost_first);
    return problem;
}

/* ---- The grace ---- */

static bool is_open(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    return poll(&readable, 1, 0) == 0;
}

/* Whether it listens no more. A client that asks before is not answered, so none waits for long. */
static bool is_refused(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_refused = false;
    for (uint64_t due = milliseconds() + WAIT_MAX; !is_refused && milliseconds() < due;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
        socklen_t size = sizeof error;
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        connect(fd, (struct sockaddr *) &address, sizeof address);
        poll(&connected, 1, 10);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        is_refused = error == ECONNREFUSED;
        close(fd);
    }
    return is_refused;
}

static const char *check_grace(uint8_t backend, uint32_t lame_duck, uint32_t within, uint32_t want)
{
    struct stage stage;
    vn_error error;
    char answer[1024];
    const char *problem = NULL;
    vn_config config = config_of(&stage, backend);
    config.lame_duck = lame_duck;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    uint16_t port = vn_server_port(server, 0);
    int asks = dial(port), silent = dial(port), fresh = dial(port);
    if (!says_hello(asks) || !says_hello(silent))
        problem = failed("no answer");
    uint64_t begun = milliseconds();
    vn_server_stop(server, within);
    if (problem == NULL && !is_refused(port))
        problem = failed("it accepts though it stops");
    bool was_open = is_open(asks) && is_open(silent) && is_open(fresh);
    if (milliseconds() - begun < want) { /* else this process was kept from running */
        if (problem == NULL && !was_open)
            problem = failed("an idle connection was closed at once");
        ask(asks, get);
        if (problem == NULL &&
            (hear(asks, answer, WAIT_MAX) <= 0 || strstr(answer, "Connection: close\r\n") == NULL))
            problem = failed("a request in the grace got: %s", answer);
    }
    vn_server_wait(server);
    uint64_t took = milliseconds() - begun;
    if (problem == NULL && (took + 10 < want || took > want + WAIT_MAX))
        problem = failed("a grace of %u of %u ms took %llu ms", lame_duck, within,
                         (unsigned long long) took);
    if (problem == NULL &&
        (recv(silent, answer, 1, MSG_DONTWAIT) != 0 || recv(fresh, answer, 1, MSG_DONTWAIT) != 0))
        problem = failed("an idle connection did not end quietly");
    close(asks);
    close(silent);
    close(fresh);
    vn_server_close(server);
    return problem;
}

const char *vn_check_lame_duck(uint8_t backend)
{
    const char *problem = check_grace(backend, 400, 60000, 400);
    return problem != NULL ? problem : check_grace(backend, 60000, 800, 400);
}

/* ---- Those who come after ---- */

/* ThreadSanitizer does not see liburing unmap a ring. A worker of the first server ends while the
 * second one starts, whose ring at the same address it takes for the one that was there. */
#if defined(__SANITIZE_THREAD__)
#define VN_SEES_RINGS false
#elif defined(__has_feature)
#define VN_SEES_RINGS !__has_feature(thread_sanitizer)
#else
#define VN_SEES_RINGS true
#endif

const char *vn_check_successor(uint8_t backend)
{
    if (!VN_SEES_RINGS && backend == VN_BACKEND_URING)
        return NULL;
    struct stage stage;
    vn_error error;
    char folder[] = "/tmp/vanilla-XXXXXX", path[64], answer[1024];
    if (mkdtemp(folder) == NULL)
        return failed("mkdtemp: %s", strerror(errno));
    snprintf(path, sizeof path, "%s/socket", folder);
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.listeners[0].host = NULL;
    config.listeners[0].unix_path = path;
    config.workers = 2;
    vn_server *first = vn_server_open(&config, &error), *second = vn_server_open(&config, &error);
    if (first == NULL || second == NULL || vn_server_start(first, &error) < 0)
        return failed("%s", error.message);
    int busy = dial_path(path);
    ask(busy, get_block);
    sem_wait(&stage.entered);
    vn_server_stop(first, WAIT_MAX);
    const char *problem = NULL;
    if (vn_server_start(second, &error) < 0)
        problem = failed("the second: %s", error.message);
    sem_post(&stage.leave);
    vn_server_wait(first);
    if (problem == NULL && (hear(busy, answer, WAIT_MAX) <= 0 || strstr(answer, "200 OK") == NULL))
        problem = failed("the request in hand got: %s", answer);
    int later = dial_path(path);
    if (problem == NULL && (later < 0 || !says_hello(later)))
        problem = failed("the socket of the second is gone");
    close(busy);
    close(later);
    vn_server_close(first);
    vn_server_stop(second, WAIT_MAX);
    vn_server_close(second);
    if (problem == NULL && access(path, F_OK) == 0)
        problem = failed("the file of the second is left");
    rmdir(folder);
    return problem;
}

struct starter {
    vn_server *server;
    vn_error error;
    int32_t result;
    sem_t said;
    _Atomic uint32_t said_count;
};

static void *start_server(void *argument)
{
    struct starter *starter = argument;
    starter->result = vn_server_start(starter->server, &starter->error);
    return NULL;
}

static void note_log(void *context, int32_t level, const char *line)
{
    struct starter *starter = context;
    if (level != VN_LOG_WARNING || strstr(line, "in use") == NULL)
        return;
    starter->said_count++;
    sem_post(&starter->said);
}

static const char *check_retry(uint8_t backend, bool is_stopped)
{
    struct stage stage;
    struct starter starter = {0};
    pthread_t thread;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(holder, (struct sockaddr *) &address, sizeof address);
    listen(holder, 1);
    getsockname(holder, (struct sockaddr *) &address, &size);
    sem_init(&starter.said, 0, 0);
    vn_config config = config_of(&stage, backend);
    config.listeners[0].port = ntohs(address.sin_port);
    config.bind_retry = 3 * WAIT_MAX;
    config.log = note_log;
    config.log_context = &starter;
    starter.server = vn_server_open(&config, &starter.error);
    pthread_create(&thread, NULL, start_server, &starter);
    uint64_t begun = milliseconds();
    sem_wait(&starter.said);
    usleep(200000); /* several tries */
    if (is_stopped)
        vn_server_stop(starter.server, 0);
    else
        close(holder);
    pthread_join(thread, NULL);
    const char *problem = NULL;
    if (starter.result != (is_stopped ? -EADDRINUSE : 0))
        problem = failed("%d: %s", starter.result, starter.error.message);
    else if (starter.said_count != 1)
        problem = failed("it was said %u times", starter.said_count);
    else if (milliseconds() - begun > 2 * WAIT_MAX)
        problem = failed("it went on trying");
    if (is_stopped)
        close(holder);
    vn_server_close(starter.server);
    return problem;
}

const char *vn_check_bind_retry(uint8_t backend)
{
    const char *problem = check_retry(backend, false);
    return problem != NULL ? problem : check_retry(backend, true);
}
