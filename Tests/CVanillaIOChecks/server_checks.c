// SPDX-License-Identifier: MIT
#include "include/server_checks.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "live_server.h"

/* ---- Counting ---- */

static int count_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    if (dir == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* What AddressSanitizer keeps at most of freed memory, by its default. */
#if __has_feature(address_sanitizer)
#define QUARANTINE_PAGES (256L << 20 >> 12)
#else
#define QUARANTINE_PAGES 0L
#endif

static long resident_pages(void)
{
    long pages = -1;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        pages = -1;
    if (file != NULL)
        fclose(file);
    return pages;
}

static const char *cycle(const vn_config *config)
{
    vn_error error = {0};
    const char *problem = NULL;
    vn_server *server = vn_server_open(config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0) {
        problem = failed("%s", error.message);
        if (server != NULL)
            vn_server_close(server);
        return problem;
    }
    int fd = dial(vn_server_port(server, 0));
    if (fd < 0 || !says_hello(fd))
        problem = failed("no answer");
    vn_server_stop(server, 5000);
    vn_server_wait(server);
    if (problem == NULL && !is_at_end(fd))
        problem = failed("the connection outlived its server");
    close(fd);
    vn_server_close(server);
    return problem;
}

const char *vn_check_cycles(uint8_t backend, uint32_t cycles)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.workers = 2;
    const char *problem = NULL;
    for (int i = 0; i < 20 && problem == NULL; i++) /* what is allocated once, is by now */
        problem = cycle(&config);
    int threads = count_in("/proc/self/task");
    long pages = resident_pages();
    for (uint32_t i = 0; i < cycles && problem == NULL; i++)
        problem = cycle(&config);
    if (problem != NULL)
        return problem;
    int more_threads = count_in("/proc/self/task") - threads;
    long more_pages = resident_pages() - pages;
    /* Other tests run beside this one, so the bounds allow for them; a leak in every cycle passes
     * any. AddressSanitizer keeps what was freed, and finds what leaked by itself. */
    if (more_threads > (int) cycles / 10 + 16)
        return failed("%d threads more after %u cycles", more_threads, cycles);
    if (more_pages > (long) cycles * 4 + 16384 + QUARANTINE_PAGES)
        return failed("%ld pages more after %u cycles", more_pages, cycles);
    return NULL;
}

/* ---- Limits ---- */

const char *vn_check_connection_limit(uint8_t backend)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.limits.connections = 2;
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    uint16_t port = vn_server_port(server, 0);
    int fds[3] = {dial(port), dial(port), dial(port)};
    const char *problem = NULL;
    char answer[1024];
    if (!says_hello(fds[0]) || !says_hello(fds[1]))
        problem = failed("the connections within the limit were not served");
    ask(fds[2], get);
    if (problem == NULL && hear(fds[2], answer, 200) != -1)
        problem = failed("the third of two connections was served");
    vn_statistics statistics;
    vn_server_statistics(server, &statistics);
    if (problem == NULL && (statistics.open != 2 || statistics.accepted != 2))
        problem = failed("%llu accepted, %llu open", (unsigned long long) statistics.accepted,
                         (unsigned long long) statistics.open);
    close(fds[0]);
    if (problem == NULL && hear(fds[2], answer, WAIT_MAX) <= 0)
        problem = failed("the third connection was not served when there was room");
    close(fds[1]);
    close(fds[2]);
    vn_server_close(server);
    return problem;
}

const char *vn_check_shared_places(uint8_t backend)
{
    enum { WORKERS = 16, PLACES = 64, READY = WORKERS, CLIENTS = 100 };
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.workers = WORKERS;
    config.limits.connections = PLACES;
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    uint16_t port = vn_server_port(server, 0);
    int fds[CLIENTS];
    const char *problem = NULL;
    for (int i = 0; i < PLACES - READY; i++) {
        fds[i] = dial(port);
        if (problem == NULL && (fds[i] < 0 || !says_hello(fds[i])))
            problem = failed("connection %d of %d was not served", i, PLACES);
    }
    char answer[1024];
    for (int i = PLACES - READY; i < CLIENTS; i++)
        ask(fds[i] = dial(port), get);
    vn_statistics statistics;
    for (int i = 0; i < CLIENTS; i++) { /* each that goes makes room */
        vn_server_statistics(server, &statistics);
        if (problem == NULL && statistics.open > PLACES)
            problem = failed("%llu are open", (unsigned long long) statistics.open);
        if (problem == NULL && i >= PLACES - READY && hear(fds[i], answer, WAIT_MAX) <= 0)
            problem = failed("connection %d was not served when others had gone", i);
        close(fds[i]);
    }
    vn_server_close(server);
    return problem;
}

/* ---- Stopping ---- */

const char *vn_check_stop_serves_the_queue(uint8_t backend)
{
    enum { QUEUED = 20 };
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    uint16_t port = vn_server_port(server, 0);
    const char *problem = NULL;
    int idle = dial(port), busy = dial(port), queued[QUEUED];
    if (!says_hello(idle))
        problem = failed("no answer");
    ask(busy, get_block);
    sem_wait(&stage.entered); /* the only worker is in the handler now */
    for (int i = 0; i < QUEUED; i++) {
        queued[i] = dial(port);
        ask(queued[i], get);
    }
    vn_server_stop(server, WAIT_MAX);
    sem_post(&stage.leave);
    vn_server_wait(server);

    char answer[1024];
    if (problem == NULL && (hear(busy, answer, WAIT_MAX) <= 0 || strstr(answer, "200 OK") == NULL))
        problem = failed("the request in hand got no answer: %s", answer);
    for (int i = 0; i < QUEUED; i++) {
        if (problem == NULL && (hear(queued[i], answer, WAIT_MAX) <= 0 ||
                                strstr(answer, "Connection: close\r\n") == NULL))
            problem = failed("connection %d of the accept queue got: %s", i, answer);
        if (problem == NULL && !is_at_end(queued[i]))
            problem = failed("connection %d of the accept queue was not closed", i);
        close(queued[i]);
    }
    if (problem == NULL && !is_at_end(idle))
        problem = failed("the idle connection was not closed");
    close(idle);
    close(busy);
    vn_server_close(server);
    return problem;
}

const char *vn_check_stop_deadline(uint8_t backend)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    int fd = dial(vn_server_port(server, 0));
    ask(fd, get_later);
    sem_wait(&stage.entered);
    uint64_t begun = milliseconds();
    vn_server_stop(server, 60000);
    vn_server_stop(server, 150); /* the nearest counts */
    vn_server_wait(server);
    uint64_t took = milliseconds() - begun;
    const char *problem = NULL;
    if (took < 140 || took > WAIT_MAX)
        problem = failed("stopped after %llu ms", (unsigned long long) took);
    else if (!is_at_end(fd))
        problem = failed("the connection outlived its server");
    close(fd);
    vn_server_close(server);
    return problem;
}

struct runner {
    vn_server *server;
    vn_error error;
    int32_t result;
};

static void *run(void *argument)
{
    struct runner *runner = argument;
    runner->result = vn_server_run(runner->server, true, NULL, NULL, &runner->error);
    return NULL;
}

static void never(int number)
{
    (void) number;
}

/* Connect to a server that another thread is starting. */
static int dial_when_ready(vn_server *server)
{
    uint64_t due = milliseconds() + WAIT_MAX;
    int fd = -1;
    while (fd < 0 && milliseconds() < due) {
        uint16_t port = vn_server_port(server, 0);
        fd = port == 0 ? -1 : dial(port);
        if (fd < 0)
            sched_yield();
    }
    return fd;
}

static const char *check_one_signal(struct stage *stage, const vn_config *config, int number,
                                    bool twice)
{
    vn_error error;
    struct runner runner = {.server = vn_server_open(config, &error)};
    if (runner.server == NULL)
        return failed("%s", error.message);
    pthread_t thread;
    pthread_create(&thread, NULL, run, &runner);
    int fd = dial_when_ready(runner.server);
    ask(fd, get_later);
    sem_wait(&stage->entered);
    uint64_t begun = milliseconds();
    kill(getpid(), number);
    if (twice) /* another one: two of a kind that come at once are one to the kernel */
        kill(getpid(), number == SIGINT ? SIGTERM : SIGINT);
    pthread_join(thread, NULL);
    uint64_t took = milliseconds() - begun;
    const char *problem = NULL;
    if (runner.result != 0)
        problem = failed("%s", runner.error.message);
    else if (!twice && took < config->drain - 10)
        problem = failed("one signal stopped it after %llu ms", (unsigned long long) took);
    else if (twice && took > WAIT_MAX)
        problem = failed("two signals stopped it after %llu ms", (unsigned long long) took);
    close(fd);
    vn_server_close(runner.server);
    return problem;
}

const char *vn_check_signals(uint8_t backend)
{
    struct sigaction before, after, mine = {.sa_handler = never};
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.deadlines.handler = 0;
    sigaction(SIGTERM, &mine, &before);
    const char *problem = NULL;
    for (int here = 0; here < 2 && problem == NULL; here++) {
        config.uses_calling_thread = here == 1;
        config.drain = 150;
        problem = check_one_signal(&stage, &config, SIGTERM, false);
        config.drain = 3600000;
        if (problem == NULL)
            problem = check_one_signal(&stage, &config, SIGINT, true);
    }
    sigaction(SIGTERM, NULL, &after);
    if (problem == NULL && after.sa_handler != never)
        problem = failed("the signal handler of before was not put back");
    sigaction(SIGTERM, &before, NULL);
    return problem;
}

/* ---- On the calling thread ---- */

struct lender {
    struct stage stage;
    vn_config config;
    vn_server *server;
    vn_error error;
    int32_t result;
    sem_t listens;
    bool stops; /* as soon as it listens */
    pthread_t thread; /* the one that runs it */
    pthread_t workers[2];
};

static _Atomic int pipe_signals;

static void count_pipe_signal(int number)
{
    (void) number;
    pipe_signals++;
}

static void *begin_worker(void *context, uint32_t number)
{
    struct lender *lender = context;
    lender->workers[number] = pthread_self();
    return &lender->stage;
}

static void handle_lent(void *context, const vn_request *request, vn_response *response)
{
    pthread_kill(pthread_self(), SIGPIPE); /* as writing where nobody reads does */
    handle(context, request, response);
}

static void lender_listens(void *context)
{
    struct lender *lender = context;
    if (lender->stops)
        vn_server_stop(lender->server, 0);
    sem_post(&lender->listens);
}

static void *lend(void *argument)
{
    struct lender *lender = argument;
    lender->thread = pthread_self();
    lender->result = vn_server_run(lender->server, true, lender_listens, lender, &lender->error);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    if (lender->result == 0 && sigismember(&mask, SIGPIPE))
        lender->result = 1;
    return NULL;
}

static const char *check_lent_run(struct lender *lender, bool stops)
{
    pthread_t thread;
    const char *problem = NULL;
    int clients[8];
    lender->stops = stops;
    pthread_create(&thread, NULL, lend, lender);
    sem_wait(&lender->listens);
    for (int i = 0; i < 8 && !stops && problem == NULL; i++) {
        clients[i] = dial(vn_server_port(lender->server, 0));
        if (!says_hello(clients[i]))
            problem = failed("no answer");
    }
    if (!stops && problem == NULL && !pthread_equal(lender->workers[0], lender->thread))
        problem = failed("the first worker has a thread of its own");
    if (!stops && problem == NULL && lender->config.workers > 1 &&
        pthread_equal(lender->workers[1], lender->thread))
        problem = failed("the second worker has no thread of its own");
    vn_server_stop(lender->server, 0);
    pthread_join(thread, NULL);
    for (int i = 0; i < 8 && !stops; i++)
        close(clients[i]);
    if (problem == NULL && lender->result != 0)
        problem = failed("%d: %s", lender->result, lender->error.message);
    return problem;
}

const char *vn_check_calling_thread(uint8_t backend)
{
    struct sigaction before, counting = {.sa_handler = count_pipe_signal};
    const char *problem = NULL;
    sigaction(SIGPIPE, &counting, &before);
    for (uint32_t workers = 1; workers <= 2 && problem == NULL; workers++) {
        struct lender lender = {0};
        stage_init(&lender.stage);
        sem_init(&lender.listens, 0, 0);
        lender.config = config_of(&lender.stage, backend);
        lender.config.workers = workers;
        lender.config.uses_calling_thread = true;
        lender.config.handlers =
            (vn_handlers) {.context = &lender, .begin = begin_worker, .handle = handle_lent};
        lender.server = vn_server_open(&lender.config, &lender.error);
        if (lender.server == NULL)
            return failed("%s", lender.error.message);
        problem = check_lent_run(&lender, false);
        for (int i = 0; i < 20 && problem == NULL; i++)
            problem = check_lent_run(&lender, true);

        /* Without a thread to lend, and with a port that is in use. */
        if (problem == NULL && vn_server_start(lender.server, &lender.error) < 0)
            problem = failed("%s", lender.error.message);
        struct lender second = {.config = lender.config};
        second.config.listeners[0].port = vn_server_port(lender.server, 0);
        second.config.handlers.context = &second;
        second.server = vn_server_open(&second.config, &second.error);
        if (problem == NULL && vn_server_run(second.server, true, lender_listens, &second,
                                             &second.error) != -EADDRINUSE)
            problem = failed("a port was used twice");
        vn_server_close(second.server);
        vn_server_close(lender.server);
    }
    sigaction(SIGPIPE, &before, NULL);
    if (problem == NULL && pipe_signals != 0)
        problem = failed("a handler's SIGPIPE was delivered");
    return problem;
}

/* ---- Errors ---- */

static const char *expect_error(const vn_config *config, bool at_open, int32_t step, int32_t code)
{
    vn_error error = {0};
    vn_server *server = vn_server_open(config, &error);
    if (at_open != (server == NULL))
        return failed("opened %d: %s", server != NULL, error.message);
    int32_t started = server == NULL ? -error.code : vn_server_start(server, &error);
    const char *problem = NULL;
    if (started != -code || error.step != step || error.code != code || error.message[0] == '\0')
        problem = failed("result %d, step %d, code %d, \"%s\"", started, error.step, error.code,
                         error.message);
    if (server != NULL)
        vn_server_close(server);
    return problem;
}

const char *vn_check_start_errors(uint8_t backend)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend), wrong;
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    const char *problem = NULL;
    if (vn_server_start(server, &error) != -EALREADY || error.step != VN_FAILED_STATE)
        problem = failed("started twice: %s", error.message);

    wrong = config;
    wrong.listeners[0].port = vn_server_port(server, 0);
    if (problem == NULL)
        problem = expect_error(&wrong, false, VN_FAILED_BIND, EADDRINUSE);
    vn_server_close(server);

    wrong = config;
    wrong.listeners[0].host = "256.0.0.1";
    if (problem == NULL)
        problem = expect_error(&wrong, true, VN_FAILED_ADDRESS, EINVAL);
    wrong.listeners[0].host = "192.0.2.1"; /* documentation: RFC 5737 */
    if (problem == NULL)
        problem = expect_error(&wrong, false, VN_FAILED_BIND, EADDRNOTAVAIL);
    wrong = config;
    wrong.limits.field_count = VN_FIELDS_MAX + 1;
    if (problem == NULL)
        problem = expect_error(&wrong, true, VN_FAILED_CONFIG, EINVAL);
    wrong = config;
    wrong.handlers.handle = NULL;
    if (problem == NULL)
        problem = expect_error(&wrong, true, VN_FAILED_CONFIG, EINVAL);
    return problem;
}

/* A worker that gets no descriptor for its ring: `begin` sees to that, for its own thread. */
struct starved {
    vn_worker *worker;
    vn_task task;
    bool has_ended, ran, ran_after_end;
};

static void starved_run(void *context)
{
    struct starved *starved = context;
    starved->ran = true;
    starved->ran_after_end = starved->has_ended;
}

/* The limit of descriptors is the process's, and every other test's; a filter is the thread's. */
static void refuse_rings(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_create1, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

static void *starved_begin(void *context, uint32_t worker)
{
    struct starved *starved = context;
    (void) worker;
    starved->worker = vn_worker_current();
    starved->task = (vn_task) {.run = starved_run, .context = starved};
    vn_worker_post(starved->worker, &starved->task);
    refuse_rings();
    return starved;
}

static void starved_end(void *context)
{
    ((struct starved *) context)->has_ended = true;
}

const char *vn_check_start_without_descriptors(uint8_t backend)
{
    struct stage stage;
    struct starved starved = {.ran = false};
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error = {0};
    config.handlers.context = &starved;
    config.handlers.begin = starved_begin;
    config.handlers.end = starved_end;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL)
        return failed("%s", error.message);
    const char *problem = NULL;
    int32_t started = vn_server_start(server, &error);
    if (started != -EMFILE || !starved.has_ended)
        problem = failed("started: %d, %s", started, error.message);
    else if (!starved.ran || starved.ran_after_end)
        problem =
            failed("what was posted ran %d, after the end %d", starved.ran, starved.ran_after_end);
    else if (vn_worker_post(starved.worker, &starved.task) != -ECANCELED)
        problem = failed("a worker that has ended takes tasks");
    vn_server_close(server);
    return problem;
}

static const char *make_path(char path[64])
{
    snprintf(path, 64, "/tmp/vanilla-XXXXXX");
    return mkdtemp(path) == NULL ? failed("mkdtemp: %s", strerror(errno)) : NULL;
}

const char *vn_check_unix_socket(uint8_t backend)
{
    char folder[64], path[80];
    struct stage stage;
    struct stat status;
    const char *problem = make_path(folder);
    if (problem != NULL)
        return problem;
    snprintf(path, sizeof path, "%s/socket", folder);
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    config.listeners[0].host = NULL;
    config.listeners[0].unix_path = path;
    config.listeners[0].unix_mode = 0640;
    config.workers = 3;

    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    problem = expect_error(&config, false, VN_FAILED_BIND, ENOTSOCK);
    if (problem == NULL && stat(path, &status) != 0)
        problem = failed("a file that is no socket was removed");
    unlink(path);

    for (int round = 0; round < 2 && problem == NULL; round++) {
        vn_error error;
        vn_server *server = vn_server_open(&config, &error);
        if (server == NULL || vn_server_start(server, &error) < 0)
            return failed("%s", error.message);
        if (stat(path, &status) != 0 || (status.st_mode & 0777) != 0640)
            problem = failed("mode %o", status.st_mode);
        for (int i = 0; i < 50 && problem == NULL; i++) {
            int fd = dial_path(path);
            if (fd < 0 || !says_hello(fd))
                problem = failed("no answer over the unix socket");
            close(fd);
        }
        if (problem == NULL)
            problem = expect_error(&config, false, VN_FAILED_BIND, EADDRINUSE);
        vn_server_stop(server, 1000);
        vn_server_close(server);
        if (problem == NULL && stat(path, &status) == 0)
            problem = failed("the socket's file is still there");
        /* A stale one is left for the second round. */
        struct sockaddr_un stale = {.sun_family = AF_UNIX};
        snprintf(stale.sun_path, sizeof stale.sun_path, "%s", path);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(fd, (struct sockaddr *) &stale, sizeof stale) != 0 && problem == NULL)
            problem = failed("bind: %s", strerror(errno));
        close(fd);
    }
    unlink(path);
    rmdir(folder);
    return problem;
}

/* ---- Manners ---- */

const char *vn_check_lingering(uint8_t backend)
{
    enum { BODY = 200 * 1024 };
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    static const char *const refused[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    };
    static const char *const statuses[] = {"413", "400"};
    char *body = calloc(1, BODY), answer[1024];
    const char *problem = NULL;
    for (int i = 0; i < 2 && problem == NULL; i++) {
        int fd = dial(vn_server_port(server, 0));
        ask(fd, refused[i]);
        for (size_t sent = 0; sent < BODY;) {
            ssize_t count = send(fd, body + sent, BODY - sent, MSG_NOSIGNAL);
            if (count <= 0) {
                problem = failed("the client could not send on after %zu bytes: %s", sent,
                                 strerror(errno));
                break;
            }
            sent += (size_t) count;
        }
        if (problem == NULL &&
            (hear(fd, answer, WAIT_MAX) <= 0 || strstr(answer, statuses[i]) == NULL))
            problem = failed("the client heard: %s", answer);
        close(fd);
    }
    free(body);
    vn_server_close(server);
    return problem;
}

struct flooder {
    int fd;
    _Atomic bool stops;
};

static void *flood(void *argument)
{
    struct flooder *flooder = argument;
    char many[sizeof get * 200], sink[65536];
    for (size_t i = 0; i < 200; i++)
        memcpy(many + i * (sizeof get - 1), get, sizeof get - 1);
    size_t count = 200 * (sizeof get - 1), at = 0;
    while (!flooder->stops) {
        ssize_t sent = send(flooder->fd, many + at, count - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            at = (at + (size_t) sent) % count;
        while (recv(flooder->fd, sink, sizeof sink, MSG_DONTWAIT) > 0) {
        }
    }
    return NULL;
}

const char *vn_check_fairness(uint8_t backend)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error;
    vn_server *server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0)
        return failed("%s", error.message);
    struct flooder flooder = {.fd = dial(vn_server_port(server, 0))};
    int fd = dial(vn_server_port(server, 0));
    pthread_t thread;
    pthread_create(&thread, NULL, flood, &flooder);
    const char *problem = NULL;
    for (int i = 0; i < 100 && problem == NULL; i++)
        if (!says_hello(fd))
            problem = failed("request %d got no answer beside a flood", i);
    flooder.stops = true;
    pthread_join(thread, NULL);
    close(flooder.fd);
    close(fd);
    vn_server_close(server);
    return problem;
}

/* ---- Several listeners ---- */

enum { LISTENERS = 3, PLACES = 9 };

/* Two TCP listeners on any free port and a unix one, in a folder of its own. */
struct hall {
    struct stage stage;
    vn_config config;
    vn_server *server;
    vn_error error;
    char folder[64], path[80];
};

static const char *hall_make(struct hall *hall, uint8_t backend, uint32_t workers)
{
    const char *problem = make_path(hall->folder);
    snprintf(hall->path, sizeof hall->path, "%s/socket", hall->folder);
    stage_init(&hall->stage);
    hall->config = config_of(&hall->stage, backend);
    hall->config.workers = workers;
    hall->config.listener_count = LISTENERS;
    hall->config.listeners[1] = hall->config.listeners[0];
    hall->config.listeners[2] = (vn_listener) {.unix_path = hall->path, .unix_mode = 0600};
    return problem;
}

static const char *hall_start(struct hall *hall)
{
    hall->server = vn_server_open(&hall->config, &hall->error);
    return hall->server == NULL || vn_server_start(hall->server, &hall->error) < 0
               ? failed("%s", hall->error.message)
               : NULL;
}

static const char *hall_free(struct hall *hall, const char *problem)
{
    if (hall->server != NULL)
        vn_server_close(hall->server);
    if (problem == NULL && access(hall->path, F_OK) == 0)
        problem = failed("the socket's file is still there");
    unlink(hall->path);
    rmdir(hall->folder);
    return problem;
}

static int hall_dial(const struct hall *hall, uint32_t listener)
{
    return listener == 2 ? dial_path(hall->path) : dial(vn_server_port(hall->server, listener));
}

static bool has_sums(const vn_statistics *all, const vn_listener_statistics *each, uint32_t count)
{
    vn_listener_statistics sum = {0};
    for (uint32_t i = 0; i < count; i++) {
        sum.accepted += each[i].accepted;
        sum.open += each[i].open;
        sum.refused += each[i].refused;
        sum.requests += each[i].requests;
        sum.bytes_received += each[i].bytes_received;
        sum.bytes_sent += each[i].bytes_sent;
    }
    return sum.accepted == all->accepted && sum.open == all->open && sum.refused == all->refused &&
           sum.requests == all->requests && sum.bytes_received == all->bytes_received &&
           sum.bytes_sent == all->bytes_sent;
}

/* The first has had one connection with a request, the second two, the third three. */
static const char *check_counters(const vn_server *server, uint64_t open, uint64_t answer)
{
    vn_statistics all;
    vn_listener_statistics each[LISTENERS], beyond;
    for (uint32_t i = 0; i < LISTENERS; i++) {
        vn_server_listener_statistics(server, i, &each[i]);
        uint64_t count = i + 1;
        if (each[i].accepted != count || each[i].open != count * open ||
            each[i].requests != count || each[i].refused != 0 ||
            each[i].bytes_received != count * (sizeof get - 1) ||
            (open == 0 && each[i].bytes_sent != count * answer))
            return failed(
                "listener %u: %llu accepted, %llu open, %llu requests, %llu and %llu bytes", i,
                (unsigned long long) each[i].accepted, (unsigned long long) each[i].open,
                (unsigned long long) each[i].requests, (unsigned long long) each[i].bytes_received,
                (unsigned long long) each[i].bytes_sent);
    }
    vn_server_statistics(server, &all);
    vn_server_listener_statistics(server, LISTENERS, &beyond);
    if (beyond.accepted != 0 || beyond.bytes_sent != 0)
        return failed("there is one more listener");
    return open == 1 || has_sums(&all, each, LISTENERS) ? NULL : failed("totals are no sums");
}

/* All serve; all close when the server drains. */
static const char *check_all_serve(struct hall *hall)
{
    enum { CLIENTS = 6 };
    const char *problem = NULL;
    char answer[1024];
    ssize_t heard = 0;
    int fds[CLIENTS], count = 0;
    uint16_t ports[LISTENERS];
    for (uint32_t i = 0; i < LISTENERS; i++)
        ports[i] = vn_server_port(hall->server, i);
    if (ports[0] == 0 || ports[1] == 0 || ports[0] == ports[1] || ports[2] != 0 ||
        vn_server_port(hall->server, LISTENERS) != 0)
        return failed("ports %u, %u, %u", ports[0], ports[1], ports[2]);
    for (uint32_t i = 0; i < LISTENERS; i++)
        for (uint32_t more = 0; more <= i; more++) {
            fds[count] = hall_dial(hall, i);
            ask(fds[count], get);
            heard = hear(fds[count++], answer, WAIT_MAX);
            if (problem == NULL && heard <= 0)
                problem = failed("listener %u gives no answer", i);
        }
    if (problem == NULL)
        problem = check_counters(hall->server, 1, (uint64_t) heard);
    vn_server_stop(hall->server, WAIT_MAX);
    for (int i = 0; i < count; i++) {
        if (problem == NULL && !is_at_end(fds[i]))
            problem = failed("connection %d was not closed", i);
        close(fds[i]);
    }
    vn_server_wait(hall->server);
    if (problem == NULL)
        problem = check_counters(hall->server, 0, (uint64_t) heard);
    if (problem == NULL &&
        (dial(ports[0]) >= 0 || dial(ports[1]) >= 0 || dial_path(hall->path) >= 0))
        problem = failed("a listener outlived its server");
    return problem;
}

const char *vn_check_listeners(uint8_t backend, uint32_t workers)
{
    struct hall hall = {0};
    const char *problem = hall_make(&hall, backend, workers);
    if (problem == NULL)
        problem = hall_start(&hall);
    if (problem == NULL)
        problem = check_all_serve(&hall);
    return hall_free(&hall, problem);
}

/* One place for all: the next connection, on another listener, waits, and comes when it is free. */
static const char *check_one_place(struct hall *hall)
{
    static const uint8_t order[] = {0, 1, 0, 2, 1, 2, 0, 0, 1, 1, 2, 2, 1, 0};
    char answer[1024];
    const char *problem = NULL;
    vn_statistics statistics;
    int fd = hall_dial(hall, 2);
    if (!says_hello(fd))
        problem = failed("the first connection was not served");
    for (size_t i = 0; i < sizeof order && problem == NULL; i++) {
        int next = hall_dial(hall, order[i]);
        ask(next, get);
        if (i < LISTENERS && hear(next, answer, 100) != -1)
            problem = failed("the second of one connection was served");
        vn_server_statistics(hall->server, &statistics);
        if (problem == NULL && (statistics.open != 1 || statistics.accepted != i + 1))
            problem = failed("%llu accepted, %llu open", (unsigned long long) statistics.accepted,
                             (unsigned long long) statistics.open);
        close(fd);
        fd = next;
        if (problem == NULL && hear(fd, answer, WAIT_MAX) <= 0)
            problem = failed("step %zu: listener %u starves", i, order[i]);
    }
    close(fd);
    return problem;
}

/* All wait for the one place at once: each gets it in the end. */
static const char *check_all_wait(struct hall *hall)
{
    enum { CLIENTS = 9 };
    struct pollfd clients[CLIENTS];
    char answer[1024];
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct pollfd) {.fd = hall_dial(hall, i % LISTENERS), .events = POLLIN};
        ask(clients[i].fd, get);
    }
    int served = 0;
    while (served < CLIENTS && poll(clients, CLIENTS, WAIT_MAX) > 0)
        for (uint32_t i = 0; i < CLIENTS; i++)
            if (clients[i].fd >= 0 && clients[i].revents != 0) {
                served += hear(clients[i].fd, answer, WAIT_MAX) > 0;
                close(clients[i].fd);
                clients[i].fd = -1;
            }
    for (uint32_t i = 0; i < CLIENTS; i++)
        if (clients[i].fd >= 0)
            close(clients[i].fd);
    return served == CLIENTS ? NULL : failed("%d of %d were served", served, CLIENTS);
}

/* More places than listeners: as many are served as there are places, whichever listeners they
 * came by, and the next when one of those has left. */
static const char *check_some_places(struct hall *hall)
{
    static const uint8_t orders[][PLACES + 1] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                                 {0, 0, 0, 0, 0, 0, 0, 1, 1, 1},
                                                 {2, 2, 1, 2, 2, 2, 2, 2, 1, 1},
                                                 {1, 0, 2, 2, 2, 0, 0, 0, 0, 2},
                                                 {0, 1, 2, 0, 1, 2, 0, 1, 2, 0}};
    const char *problem = NULL;
    char answer[1024];
    for (size_t row = 0; row < sizeof orders / sizeof *orders && problem == NULL; row++) {
        int fds[PLACES + 1];
        for (int i = 0; i < PLACES; i++) {
            fds[i] = hall_dial(hall, orders[row][i]);
            if (problem == NULL && !says_hello(fds[i]))
                problem = failed("row %zu: place %d of %d is not given", row, i, PLACES);
        }
        fds[PLACES] = hall_dial(hall, orders[row][PLACES]);
        ask(fds[PLACES], get);
        if (problem == NULL && hear(fds[PLACES], answer, 100) != -1)
            problem = failed("row %zu: one more than there are places is served", row);
        close(fds[0]);
        if (problem == NULL && hear(fds[PLACES], answer, WAIT_MAX) <= 0)
            problem = failed("row %zu: the place that became free is not given", row);
        for (int i = 1; i <= PLACES; i++)
            close(fds[i]);
    }
    return problem;
}

const char *vn_check_listeners_share_places(uint8_t backend, uint32_t places)
{
    struct hall hall = {0};
    const char *problem = hall_make(&hall, backend, 1);
    hall.config.limits.connections = places;
    if (problem == NULL)
        problem = hall_start(&hall);
    if (problem == NULL)
        problem = places == 1 ? check_one_place(&hall) : check_some_places(&hall);
    if (problem == NULL && places == 1)
        problem = check_all_wait(&hall);
    return hall_free(&hall, problem);
}

/* ---- Several listeners, of which one cannot be ---- */

/* A port that nobody has. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound = bind(fd, (struct sockaddr *) &address, size) == 0 &&
                    getsockname(fd, (struct sockaddr *) &address, &size) == 0;
    close(fd);
    return is_bound ? ntohs(address.sin_port) : 0;
}

static bool is_free(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound = bind(fd, (struct sockaddr *) &address, sizeof address) == 0;
    close(fd);
    return is_bound;
}

struct conflict {
    const char *name;
    /* 'p' a free port, 'u' a free path, 'P' a port in use, 'U' a path in use, 'f' a file */
    const char *kinds;
    int32_t code;
};

static const struct conflict conflicts[] = {
    {"the second port is in use", "pP", EADDRINUSE},
    {"the first port is in use", "Pp", EADDRINUSE},
    {"a port is in use beside paths", "uPp", EADDRINUSE},
    {"a path is in use", "upU", EADDRINUSE},
    {"a file is in the way", "puf", ENOTSOCK},
    {"a file is in the way of the first", "fu", ENOTSOCK},
    {"the same port twice", "pp", EADDRINUSE},
    {"the same path twice", "uu", EADDRINUSE},
};

/* What was bound here is gone, and what is others' is not. */
static const char *check_conflict(struct hall *hall, const struct conflict *which)
{
    char own[80], file[80];
    uint16_t port = free_port();
    vn_config config = hall->config;
    snprintf(own, sizeof own, "%s/own", hall->folder);
    snprintf(file, sizeof file, "%s/file", hall->folder);
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    config.listener_count = (uint32_t) strlen(which->kinds);
    for (uint32_t i = 0; i < config.listener_count; i++) {
        const char kind = which->kinds[i];
        vn_listener *listener = &config.listeners[i];
        *listener = (vn_listener) {.host = "127.0.0.1", .unix_mode = 0600};
        if (kind == 'p' || kind == 'P')
            listener->port = kind == 'p' ? port : vn_server_port(hall->server, 0);
        else
            listener->unix_path = kind == 'u' ? own : kind == 'U' ? hall->path : file;
    }
    const char *problem = expect_error(&config, false, VN_FAILED_BIND, which->code);
    int fd = hall_dial(hall, 2), other = hall_dial(hall, 0);
    if (problem == NULL && access(own, F_OK) == 0)
        problem = failed("a file is left");
    else if (problem == NULL && (access(file, F_OK) != 0 || access(hall->path, F_OK) != 0))
        problem = failed("a file of others is gone");
    else if (problem == NULL && !is_free(port))
        problem = failed("the port is still bound");
    else if (problem == NULL && (!says_hello(fd) || !says_hello(other)))
        problem = failed("the others do not serve any more");
    close(fd);
    close(other);
    unlink(own);
    unlink(file);
    return problem == NULL ? NULL
                           : failed("%s: %s", which->name, strcpy((char[1024]) {0}, problem));
}

const char *vn_check_listener_conflicts(uint8_t backend, uint32_t workers)
{
    struct hall hall = {0};
    const char *problem = hall_make(&hall, backend, workers);
    if (problem == NULL)
        problem = hall_start(&hall);
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts && problem == NULL; i++)
        problem = check_conflict(&hall, &conflicts[i]);
    return hall_free(&hall, problem);
}

const char *vn_check_listener_count(uint8_t backend)
{
    struct stage stage;
    stage_init(&stage);
    vn_config config = config_of(&stage, backend);
    vn_error error;
    const char *problem = NULL;
    for (uint32_t i = 1; i < VN_LISTENERS_MAX; i++)
        config.listeners[i] = config.listeners[0];
    config.listener_count = VN_LISTENERS_MAX + 1;
    problem = expect_error(&config, true, VN_FAILED_CONFIG, EINVAL);
    config.listener_count = 0;
    if (problem == NULL)
        problem = expect_error(&config, true, VN_FAILED_CONFIG, EINVAL);
    config.listener_count = VN_LISTENERS_MAX;
    vn_server *server = problem == NULL ? vn_server_open(&config, &error) : NULL;
    if (server == NULL || vn_server_start(server, &error) < 0)
        return problem != NULL ? problem : failed("%s", error.message);
    for (uint32_t i = 0; i < VN_LISTENERS_MAX && problem == NULL; i++) {
        int fd = dial(vn_server_port(server, i));
        if (!says_hello(fd))
            problem = failed("listener %u gives no answer", i);
        close(fd);
    }
    vn_server_close(server);
    return problem;
}
