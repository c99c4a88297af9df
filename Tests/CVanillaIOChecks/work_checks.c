// SPDX-License-Identifier: MIT
#include "work_checks.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "include/CVanillaIO.h"
#include "ring/loopback.h"
#include "serve/detached.h"
#include "scripted_client.h"

static _Thread_local char message[512];

__attribute__((format(printf, 1, 2))) static const char *failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

#define REQUIRE(condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return failed(__VA_ARGS__);                                                            \
    } while (0)

/* ---- A worker without a server ---- */

struct place {
    struct vn_worker worker;
    vn_config config;
    struct vn_loop *before;
};

static void ignore(void *context, int32_t level, const char *line)
{
    (void) context, (void) level, (void) line;
}

static struct place *place_make(int backend, vn_handlers handlers)
{
    struct place *place = NULL;
    if (posix_memalign((void **) &place, 128, sizeof *place) != 0)
        abort();
    memset(place, 0, sizeof *place);
    vn_config_init(&place->config);
    place->config.handlers = handlers;
    place->config.log = ignore;
    vn_ring_opener *opener = backend == VN_RING_AUTO
                                 ? vn_loopback_open
                                 : vn_ring_opener_of((enum vn_ring_backend) backend);
    if (vn_worker_init(&place->worker, &place->config) != 0)
        abort();
    place->worker.context = handlers.context;
    place->before = vn_loop_enter(&place->worker.loop);
    if (serving_open(&place->worker, opener, 16, 4) != 0)
        abort();
    return place;
}

static void place_close(struct place *place)
{
    vn_worker_close(&place->worker);
    vn_loop_leave(&place->worker.loop, place->before);
    vn_worker_deinit(&place->worker);
    free(place);
}

/* ---- Tasks ---- */

enum { TASKS = 6 };

struct tasks {
    struct vn_worker *worker;
    vn_task tasks[TASKS];
    int ran[2 * TASKS];
    int count;
};

struct named_task {
    struct tasks *all;
    int number;
};

/* The first asks for the last ones when it runs, and for itself. */
static void run_task(void *context)
{
    struct named_task *task = context;
    struct tasks *all = task->all;
    all->ran[all->count++] = task->number;
    if (task->number != 0 || all->count > 1)
        return;
    vn_worker_last(all->worker, &all->tasks[5]);
    vn_worker_soon(all->worker, &all->tasks[4]);
    vn_worker_soon(all->worker, &all->tasks[0]);
}

struct endless {
    struct vn_worker *worker;
    vn_task task;
    int count, most;
};

static void run_again(void *context)
{
    struct endless *endless = context;
    if (++endless->count < endless->most)
        vn_worker_soon(endless->worker, &endless->task);
}

/* A task that asks for itself again and again does not keep the worker from turning, nor is it
 * forgotten. */
static const char *check_endless_task(struct place *place)
{
    struct endless endless = {.worker = &place->worker, .most = 10000};
    endless.task = (vn_task) {.run = run_again, .context = &endless};
    vn_worker_soon(&place->worker, &endless.task);
    vn_loop_turn(&place->worker.loop, 20000);
    REQUIRE(endless.count < endless.most, "%d tasks in one turn", endless.count);
    for (int i = 0; i < 3 && endless.count < endless.most; i++)
        vn_loop_turn(&place->worker.loop, 20000);
    REQUIRE(endless.count == endless.most, "%d of %d ran", endless.count, endless.most);
    return NULL;
}

static const char *check_tasks(struct place *place)
{
    struct tasks all = {.worker = &place->worker};
    struct named_task named[TASKS];
    for (int i = 0; i < TASKS; i++) {
        named[i] = (struct named_task) {&all, i};
        all.tasks[i] = (vn_task) {.run = run_task, .context = &named[i]};
    }
    vn_worker_last(&place->worker, &all.tasks[3]);
    for (int i = 0; i < 3; i++)
        vn_worker_soon(&place->worker, &all.tasks[i]);
    vn_worker_soon(&place->worker, &all.tasks[1]); /* it waits already */
    vn_loop_turn(&place->worker.loop, 0);
    static const int expected[] = {0, 1, 2, 4, 0, 3, 5};
    REQUIRE(all.count == 7 && memcmp(all.ran, expected, sizeof expected) == 0,
            "%d tasks ran, or in another order", all.count);
    REQUIRE(vn_worker_current() == &place->worker, "this is another worker's thread");
    vn_worker_soon(&place->worker, &all.tasks[1]);
    vn_worker_last(&place->worker, &all.tasks[2]);
    vn_worker_close(&place->worker);
    REQUIRE(all.count == 9, "tasks were lost at the end");
    REQUIRE(vn_worker_post(&place->worker, &all.tasks[1]) == -ECANCELED, "posted after the end");
    return NULL;
}

const char *vn_check_tasks(void)
{
    struct place *place = place_make(VN_RING_AUTO, (vn_handlers) {0});
    const char *problem = check_endless_task(place);
    if (problem == NULL)
        problem = check_tasks(place);
    vn_loop_leave(&place->worker.loop, place->before);
    vn_worker_deinit(&place->worker);
    free(place);
    return problem;
}

enum { POSTERS = 4, POSTS = 500 };

struct poster {
    struct vn_worker *worker;
    pthread_t thread;
    vn_task tasks[POSTS];
    struct posted {
        struct poster *poster;
        int number;
    } posted[POSTS];
    int next; /* the worker's own */
    bool is_wrong;
};

static void take_posted(void *context)
{
    struct posted *posted = context;
    if (posted->number != posted->poster->next++ || vn_worker_current() != posted->poster->worker)
        posted->poster->is_wrong = true;
}

static void *post_all(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < POSTS; i++)
        if (vn_worker_post(poster->worker, &poster->tasks[i]) != 0)
            poster->is_wrong = true;
    return NULL;
}

const char *vn_check_posted_tasks(int backend)
{
    struct place *place = place_make(backend, (vn_handlers) {0});
    struct poster *posters = calloc(POSTERS, sizeof *posters);
    for (int i = 0; i < POSTERS; i++) {
        posters[i].worker = &place->worker;
        for (int j = 0; j < POSTS; j++) {
            posters[i].posted[j] = (struct posted) {&posters[i], j};
            posters[i].tasks[j] = (vn_task) {.run = take_posted, .context = &posters[i].posted[j]};
        }
        pthread_create(&posters[i].thread, NULL, post_all, &posters[i]);
    }
    uint64_t due = vn_clock() + 20000;
    int taken = 0;
    while (taken < POSTERS * POSTS && vn_clock() < due) {
        vn_loop_turn(&place->worker.loop, 20000);
        taken = 0;
        for (int i = 0; i < POSTERS; i++)
            taken += posters[i].next;
    }
    bool is_wrong = false;
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        is_wrong = is_wrong || posters[i].is_wrong;
    }
    free(posters);
    place_close(place);
    REQUIRE(taken == POSTERS * POSTS, "%d of %d came", taken, POSTERS * POSTS);
    REQUIRE(!is_wrong, "a task was refused, or ran elsewhere or out of order");
    return NULL;
}

/* ---- Timers ---- */

enum { TIMERS = 200 };

struct timers {
    struct vn_worker *worker;
    vn_timer timers[TIMERS];
    struct set {
        struct timers *all;
        uint64_t due; /* nanoseconds; 0: not set */
    } set[TIMERS];
    uint64_t random;
    int fired;
    const char *problem;
};

static void set_timer(struct timers *all, int i, uint64_t nanoseconds)
{
    all->set[i].due = vn_clock_nanoseconds() + nanoseconds;
    vn_timer_set(all->worker, &all->timers[i], nanoseconds);
}

static void clear_timer(struct timers *all, int i)
{
    all->set[i].due = 0;
    vn_timer_clear(&all->timers[i]);
}

/* Each that fires moves one and clears another, which may be due just now, too. */
static void fire(void *context)
{
    struct set *set = context;
    struct timers *all = set->all;
    all->fired++;
    if (set->due == 0)
        all->problem = "one fired that was not set";
    else if (vn_clock_nanoseconds() < set->due)
        all->problem = "one fired too early";
    set->due = 0;
    if (all->random == 0)
        return;
    set_timer(all, (int) vn_draw(&all->random, TIMERS), vn_draw(&all->random, 3000000));
    clear_timer(all, (int) vn_draw(&all->random, TIMERS));
    clear_timer(all, (int) vn_draw(&all->random, TIMERS));
}

static void timers_make(struct timers *all, struct vn_worker *worker, uint64_t seed)
{
    *all = (struct timers) {.worker = worker, .random = seed};
    for (int i = 0; i < TIMERS; i++) {
        all->set[i].all = all;
        all->timers[i] = (vn_timer) {.run = fire, .context = &all->set[i]};
    }
}

static bool is_any_set(const struct timers *all)
{
    for (int i = 0; i < TIMERS; i++)
        if (all->set[i].due != 0)
            return true;
    return false;
}

const char *vn_check_timers(int backend)
{
    struct place *place = place_make(backend, (vn_handlers) {0});
    struct timers *all = malloc(sizeof *all);
    timers_make(all, &place->worker, 0);
    for (int i = 0; i < TIMERS; i++)
        set_timer(all, i, (uint64_t) i * 100000);
    set_timer(all, 7, 30000000);
    clear_timer(all, 8);
    uint64_t due = vn_clock() + 20000;
    while (is_any_set(all) && vn_clock() < due)
        vn_loop_turn(&place->worker.loop, UINT64_MAX);
    bool is_left = is_any_set(all);
    int fired = all->fired;
    const char *problem = all->problem;
    /* One that is set at the end is in no wheel afterwards. */
    set_timer(all, 0, 3600000000000);
    place_close(place);
    vn_timer_clear(&all->timers[0]);
    free(all);
    REQUIRE(problem == NULL, "%s", problem);
    REQUIRE(!is_left && fired == TIMERS - 1, "%d of %d fired", fired, TIMERS - 1);
    return NULL;
}

const char *vn_check_timers_at_random(uint64_t seed)
{
    struct place *place = place_make(VN_RING_AUTO, (vn_handlers) {0});
    struct timers *all = malloc(sizeof *all);
    timers_make(all, &place->worker, seed);
    for (int i = 0; i < TIMERS; i++)
        set_timer(all, i, vn_draw(&all->random, 5000000));
    while (all->fired < 2 * TIMERS && is_any_set(all))
        vn_loop_turn(&place->worker.loop, UINT64_MAX);
    all->random = 0;
    uint64_t due = vn_clock() + 20000;
    while (is_any_set(all) && vn_clock() < due)
        vn_loop_turn(&place->worker.loop, UINT64_MAX);
    bool is_left = is_any_set(all);
    const char *problem = all->problem;
    place_close(place);
    free(all);
    REQUIRE(problem == NULL, "%s", problem);
    REQUIRE(!is_left, "one did not fire");
    return NULL;
}

/* A timer that keeps its worker busy. */
static void fire_slowly(void *context)
{
    uint64_t until = vn_clock_nanoseconds() + 300000;
    fire(context);
    while (vn_clock_nanoseconds() < until)
        ;
}

static void answer_and_count(void *context, const vn_request *request, vn_response *response)
{
    (void) request;
    ++*(int *) context;
    vn_response_send(response, (vn_span) {0}, vn_span_of("here"));
}

const char *vn_check_timer_bursts(void)
{
    enum { TURNS_MIN = 5 }; /* in which 8 of 200 run, or a few more where the machine stood still */
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    int turns = 0, answered = 0;
    struct place *place =
        place_make(VN_RING_AUTO, (vn_handlers) {.handle = answer_and_count, .context = &answered});
    struct vn_loopback_peer *peers = calloc(TIMERS, sizeof *peers);
    struct timers *all = malloc(sizeof *all);
    timers_make(all, &place->worker, 0);
    for (int i = 0; i < TIMERS; i++) {
        all->timers[i].run = fire_slowly;
        set_timer(all, i, 1);
    }
    while (vn_timers_next(&place->worker.loop.timers) > vn_clock_nanoseconds())
        ;
    bool is_prompt = true;
    for (; is_any_set(all) && is_prompt; turns++) {
        vn_loopback_expect(place->worker.loop.ring, &peers[turns], (const uint8_t *) request,
                           sizeof request - 1);
        serving_connect(&place->worker);
        is_prompt = vn_loop_turn(&place->worker.loop, UINT64_MAX) == 0 && answered == turns + 1;
    }
    int fired = all->fired;
    const char *problem = all->problem;
    struct vn_connection *connection;
    while ((connection = serving_first(&place->worker)) != NULL) {
        vn_connection_end(connection);
        vn_loop_turn(&place->worker.loop, 0);
    }
    place_close(place);
    for (int i = 0; i < turns; i++)
        free(peers[i].output);
    free(peers);
    free(all);
    REQUIRE(problem == NULL, "%s", problem);
    REQUIRE(is_prompt, "a request waited for timers: %d answered in %d turns", answered, turns);
    REQUIRE(fired == TIMERS && turns >= TURNS_MIN, "%d timers in %d turns", fired, turns);
    return NULL;
}

/* ---- Descriptors ---- */

struct watched {
    vn_watch *watch;
    uint32_t events;
    int calls;
    bool closes;
    vn_worker *worker;
    int opens; /* watches in a row, each when the one before is told of the worker's end */
    int fd; /* of those */
};

static void note_ready(void *context, uint32_t events)
{
    struct watched *watched = context;
    int32_t error;
    watched->events = events;
    watched->calls++;
    if (watched->closes)
        vn_watch_close(watched->watch);
    if ((events & POLLNVAL) != 0 && watched->opens-- > 0)
        watched->watch = vn_watch_open(watched->worker, watched->fd, note_ready, watched, &error);
}

static bool turn_until_called(struct place *place, const struct watched *watched, int calls)
{
    uint64_t due = vn_clock() + 20000;
    while (watched->calls < calls && vn_clock() < due)
        vn_loop_turn(&place->worker.loop, 20000);
    for (int i = 0; i < 5; i++)
        vn_loop_turn(&place->worker.loop, 0);
    return watched->calls == calls;
}

static const char *check_watches(struct place *place, const int *pair)
{
    struct watched one = {0}, others[3] = {{0}};
    int32_t error;
    char byte;
    REQUIRE(vn_watch_open(&place->worker, -1, note_ready, &one, &error) == NULL && error == -EBADF,
            "no descriptor: %d", error);
    one.watch = vn_watch_open(&place->worker, pair[0], note_ready, &one, &error);
    REQUIRE(one.watch != NULL, "cannot be watched: %d", error);

    vn_watch_for(one.watch, POLLIN);
    REQUIRE(turn_until_called(place, &one, 0), "ready although nothing came");
    REQUIRE(write(pair[1], "a", 1) == 1 && turn_until_called(place, &one, 1) &&
                one.events == POLLIN,
            "readable: %d calls, events %x", one.calls, one.events);
    vn_watch_for(one.watch, POLLIN); /* still there */
    REQUIRE(turn_until_called(place, &one, 2) && read(pair[0], &byte, 1) == 1, "not told again");
    vn_watch_for(one.watch, POLLIN);
    vn_loop_turn(&place->worker.loop, 0);
    vn_watch_for(one.watch, POLLOUT); /* in its place */
    REQUIRE(turn_until_called(place, &one, 3) && one.events == POLLOUT, "events %x", one.events);

    for (int i = 0; i < 3; i++) {
        others[i].watch = vn_watch_open(&place->worker, pair[0], note_ready, &others[i], &error);
        REQUIRE(others[i].watch != NULL, "the same descriptor: %d", error);
    }
    REQUIRE(vn_watch_open(&place->worker, pair[0], note_ready, &one, &error) == NULL &&
                error == -EMFILE,
            "beyond the limit: %d", error);
    vn_watch_close(one.watch);
    REQUIRE(turn_until_called(place, &one, 3), "called after its end");
    others[0].closes = true;
    vn_watch_for(others[0].watch, POLLOUT);
    REQUIRE(turn_until_called(place, &others[0], 1), "not called");
    vn_watch_for(others[1].watch, POLLIN);
    close(pair[1]);
    REQUIRE(turn_until_called(place, &others[1], 1) && (others[1].events & POLLHUP) != 0,
            "hung up: events %x", others[1].events);
    vn_watch_for(others[1].watch, POLLPRI);
    vn_worker_close(&place->worker);
    REQUIRE(others[1].events == POLLNVAL && others[2].events == POLLNVAL && one.calls == 3,
            "the end was not told");
    return NULL;
}

const char *vn_check_watches(int backend)
{
    int pair[2];
    struct place *place = place_make(backend, (vn_handlers) {0});
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    const char *problem = check_watches(place, pair);
    close(pair[0]);
    if (problem != NULL)
        return problem; /* what is still open is lost with the process */
    vn_loop_leave(&place->worker.loop, place->before);
    vn_worker_deinit(&place->worker);
    free(place);
    return NULL;
}

/* What one opens that is told of the worker's end is told as well. */
const char *vn_check_watch_at_the_end(int backend)
{
    enum { OPENED = 3 };
    int pair[2];
    int32_t error;
    struct place *place = place_make(backend, (vn_handlers) {0});
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    struct watched one = {.worker = &place->worker, .opens = OPENED, .fd = pair[0]};
    struct watched gone = {.calls = 0}; /* it leaves a place before that of the other */
    gone.watch = vn_watch_open(&place->worker, pair[0], note_ready, &gone, &error);
    one.watch = vn_watch_open(&place->worker, pair[0], note_ready, &one, &error);
    if (gone.watch == NULL || one.watch == NULL)
        return failed("cannot be watched: %d", error);
    vn_watch_close(gone.watch);
    vn_watch_for(one.watch, POLLIN);
    vn_loop_turn(&place->worker.loop, 0);
    vn_loop_turn(&place->worker.loop, 0);
    place_close(place);
    close(pair[0]);
    close(pair[1]);
    REQUIRE(one.calls == 1 + OPENED, "told %d times", one.calls);
    return NULL;
}

struct visitor {
    vn_stop_hook hook;
    struct visitor *late; /* who comes when it has left */
    struct vn_worker *worker;
    struct watched watched;
    vn_task task;
    int left, ran;
};

static void count_run(void *context)
{
    struct visitor *visitor = context;
    visitor->ran++;
    if (visitor->late != NULL)
        vn_worker_on_stop(visitor->worker, &visitor->late->hook);
}

/* It closes what it has, and has something left to do. */
static void visitor_leave(void *context)
{
    struct visitor *visitor = context;
    visitor->left++;
    if (visitor->watched.watch != NULL)
        vn_watch_close(visitor->watched.watch);
    vn_worker_soon(visitor->worker, &visitor->task);
}

const char *vn_check_stop_hooks(int backend)
{
    int pair[2];
    int32_t error;
    struct visitor visitors[3] = {{.ran = 0}};
    struct place *place = place_make(backend, (vn_handlers) {0});
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        abort();
    for (int i = 0; i < 3; i++) {
        struct visitor *visitor = &visitors[i];
        *visitor = (struct visitor) {.hook = {.run = visitor_leave, .context = visitor},
                                     .worker = &place->worker,
                                     .task = {.run = count_run, .context = visitor}};
        vn_worker_on_stop(&place->worker, &visitor->hook);
    }
    struct visitor late = {.hook = {.run = visitor_leave, .context = &late},
                           .worker = &place->worker,
                           .task = {.run = count_run, .context = &late}};
    visitors[2].late = &late;
    visitors[0].watched.watch =
        vn_watch_open(&place->worker, pair[0], note_ready, &visitors[0].watched, &error);
    vn_watch_for(visitors[0].watched.watch, POLLIN);
    vn_stop_hook_remove(&visitors[1].hook);
    vn_loop_turn(&place->worker.loop, 0);
    place_close(place);
    close(pair[0]);
    close(pair[1]);
    REQUIRE(visitors[0].left == 1 && visitors[1].left == 0 && visitors[2].left == 1,
            "a stop hook was not run once");
    REQUIRE(visitors[0].ran == 1 && visitors[2].ran == 1,
            "what a stop hook left to do was not done");
    REQUIRE(late.left == 1, "a stop hook that was added late was not run");
    return NULL;
}

/* ---- Accepting ---- */

enum { LISTENERS = 3 };

/* A socket that listens at a port of its own, which comes back. */
static int32_t listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    *address = (struct sockaddr_in) {.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int32_t fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *) address, size) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *) address, &size) != 0)
        abort();
    return fd;
}

static struct vn_source *source_of(struct vn_worker *worker, int32_t fd)
{
    struct vn_slab *slab = &worker->loop.sources;
    for (uint32_t i = 0; i < slab->fresh; i++) {
        struct vn_source *source = vn_slab_slot(slab, i);
        if (vn_slab_is_taken(slab, i) && source->fd == fd)
            return source;
    }
    return NULL;
}

static const char *check_refusal(struct place *place, const int32_t *fds,
                                 const struct sockaddr_in *address)
{
    struct vn_worker *worker = &place->worker;
    struct vn_source *source = source_of(worker, fds[1]);
    REQUIRE(source != NULL, "the acceptor is not there");
    const struct vn_event event = {.source = source, .type = VN_ACCEPTED, .count = -EMFILE};
    source->kind->event(source, &event);
    for (uint32_t i = 0; i < LISTENERS; i++)
        REQUIRE(worker->listeners[i].counted.refused == (i == 1), "listener %u refused %d", i,
                (int) worker->listeners[i].counted.refused);
    int32_t client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected = connect(client, (const struct sockaddr *) address, sizeof *address) == 0;
    for (uint64_t due = vn_clock() + 20000;
         worker->listeners[1].counted.accepted == 0 && vn_clock() < due;)
        vn_loop_turn(&worker->loop, 1000);
    close(client);
    REQUIRE(is_connected && worker->listeners[1].counted.accepted == 1, "it accepts no more");
    return NULL;
}

/* A listener that gets no descriptor is the one that has refused, and tries again. */
const char *vn_check_refusal(int backend)
{
    struct place *place = place_make(backend, (vn_handlers) {0});
    struct sockaddr_in addresses[LISTENERS];
    int32_t fds[LISTENERS];
    for (uint32_t i = 0; i < LISTENERS; i++) {
        const struct vn_lane lane = {&vn_transport_plain, &vn_protocol_http1, (uint8_t) i};
        fds[i] = listen_somewhere(&addresses[i]);
        vn_acceptor_open(&place->worker, fds[i], &lane);
    }
    vn_acceptors_begin(&place->worker);
    vn_loop_turn(&place->worker.loop, 0);
    const char *problem = check_refusal(place, fds, &addresses[1]);
    vn_mailbox_stop(&place->worker.loop.mailbox, vn_clock() + 20000);
    vn_worker_run(&place->worker);
    place_close(place);
    return problem;
}

/* ---- Calls ---- */

enum { CALLS_MAX = 64, CLIENTS = 8 };

/* How a handler behaves, and what became of it. */
struct act {
    struct caller *caller;
    vn_detached *call;
    vn_task task;
    int parts; /* tasks until it answers */
    int kind;
    int number;
    int lost;
    bool has_begun; /* whether it is told so */
    bool goes_on; /* for as many parts more, when it has answered */
    bool has_answered;
    bool writes; /* the body of its answer, still */
    bool is_done;
};

enum { ANSWERS, ANSWERS_IN_LINES, ANSWERS_SHARED, STREAMS, WRITES, SAYS_NOTHING, KINDS };

struct caller {
    struct place *place;
    struct act acts[CALLS_MAX];
    int count;
    int lent, released; /* of what was sent by reference */
    uint64_t random;
    const char *problem;
    struct scripted_client clients[CLIENTS];
};

static void note_lost(void *context)
{
    struct act *act = context;
    act->lost++;
    if (act->is_done || (act->has_answered && !act->writes))
        act->caller->problem = "lost after its answer or its end";
}

static void note_room(void *context)
{
    struct act *act = context;
    if (act->is_done)
        act->caller->problem = "told of room after its end";
}

static const vn_detached_calls act_calls = {.cancelled = note_lost, .writable = note_room};

static void release_lent(void *context)
{
    ((struct caller *) context)->released++;
}

static int32_t stream_some(void *context, vn_body_writer *stream)
{
    (void) context;
    vn_body_write(stream, vn_span_of("streamed"));
    return VN_PRODUCE_DONE;
}

/* A body in two parts, of which the first is lent, and at times not ended: its handler returns. */
static void act_write(struct act *act, int32_t *result)
{
    struct caller *caller = act->caller;
    *result = vn_detached_begin_body(act->call, (vn_span) {0}, -1);
    caller->lent++;
    int32_t written =
        vn_detached_write_shared(act->call, vn_span_of("streamed"), release_lent, caller);
    if ((*result == 0) != (written >= 0) || (written >= 0 && !vn_detached_has_body(act->call)))
        caller->problem = "written although it was not begun, or the other way round";
    if (*result == 0 && vn_detached_write(act->call, vn_span_of(" twice")) < 0)
        caller->problem = "not written";
    if (act->number % 2 == 0)
        vn_detached_finish_body(act->call);
}

static void act_answer(struct act *act)
{
    vn_response *response = vn_detached_response(act->call);
    struct caller *caller = act->caller;
    vn_span path = vn_request_path(vn_detached_request(act->call));
    vn_span body = vn_detached_request(act->call)->body;
    bool was_open = !vn_response_is_answered(response);
    int32_t result = 0;
    switch (act->kind) {
    case ANSWERS:
        result = vn_response_send(response, vn_span_of("text/plain"), body.count > 0 ? body : path);
        break;
    case ANSWERS_IN_LINES:
        result = vn_response_send(response, (vn_span) {0}, path);
        break;
    case ANSWERS_SHARED:
        caller->lent++;
        result = vn_response_send_shared(response, (vn_span) {0}, vn_span_of("shared"),
                                         release_lent, caller);
        break;
    case WRITES:
        act_write(act, &result);
        break;
    case STREAMS:
        caller->lent++;
        result = vn_response_stream(response, (vn_span) {0}, -1, stream_some, release_lent, caller);
        break;
    default:
        break;
    }
    act->has_answered = act->has_answered || (act->kind != SAYS_NOTHING && result == 0);
    act->writes = vn_detached_has_body(act->call);
    if (act->kind != SAYS_NOTHING && (result == 0) != was_open)
        caller->problem = "answered although it could not, or the other way round";
}

/* From here on it is told when its client is gone. One that is gone already has been answered, or
 * can be no more. */
static void act_begin(struct act *act)
{
    if (act->has_begun)
        return;
    act->has_begun = true;
    if (!vn_detached_begin(act->call, &act_calls, act) &&
        !vn_response_is_answered(vn_detached_response(act->call)))
        act->caller->problem = "its client is gone, and yet it can be answered";
}

static void act_go_on(void *context)
{
    struct act *act = context;
    act_begin(act);
    if (act->kind == ANSWERS_IN_LINES)
        vn_response_add_field(vn_detached_response(act->call), vn_span_of("X-Part"),
                              vn_span_of("1"));
    if (act->parts-- > 0) {
        vn_worker_last(&act->caller->place->worker, &act->task);
        return;
    }
    act_answer(act);
    if (act->goes_on) {
        act->goes_on = false;
        act->parts = 3;
        act->kind = SAYS_NOTHING;
        vn_worker_last(&act->caller->place->worker, &act->task);
        return;
    }
    act->is_done = true;
    vn_detached_end(act->call);
}

static void handle_call(void *context, const vn_request *request, vn_response *response)
{
    struct caller *caller = context;
    struct act *act = &caller->acts[caller->count];
    int32_t error;
    *act = (struct act) {.caller = caller, .number = caller->count++};
    act->kind = (int) vn_draw(&caller->random, KINDS);
    act->parts = (int) vn_draw(&caller->random, 6);
    act->task = (vn_task) {.run = act_go_on, .context = act};
    if (vn_draw(&caller->random, 2) == 0)
        vn_response_add_field(response, vn_span_of("X-Before"), vn_span_of("1"));
    act->call = vn_response_detach(response, request, 24, &error);
    if (act->call == NULL || vn_response_worker(response) != vn_worker_current()) {
        caller->problem = "no call";
        return;
    }
    if (memcmp(vn_detached_extra(act->call), (uint8_t[24]) {0}, 24) != 0 ||
        (uintptr_t) vn_detached_extra(act->call) % 16 != 0)
        caller->problem = "the room is not zeroed, or not aligned";
    memset(vn_detached_extra(act->call), 0xff, 24);
    if (vn_draw(&caller->random, 2) == 0)
        act_begin(act);
    if (vn_response_detach(response, request, 0, &error) != NULL || error != -EALREADY)
        caller->problem = "a call within a call";
    if (act->parts == 0 && vn_draw(&caller->random, 2) == 0) {
        act_go_on(act);
        return;
    }
    act->goes_on = act->kind != SAYS_NOTHING && vn_draw(&caller->random, 2) == 0;
    vn_detached_keep_head(act->call);
    vn_worker_soon(&caller->place->worker, &act->task);
}

static struct caller *caller_make(int over, uint64_t seed)
{
    struct caller *caller = calloc(1, sizeof *caller);
    caller->random = seed;
    for (int i = 0; i < CLIENTS; i++)
        caller->clients[i].over = over;
    caller->place =
        place_make(VN_RING_AUTO, (vn_handlers) {.handle = handle_call, .context = caller});
    return caller;
}

static void caller_connect(struct caller *caller, int client, const char *input)
{
    scripted_connect(&caller->place->worker, &caller->clients[client], &vn_protocol_http1, input,
                     strlen(input));
}

static const char *caller_free(struct caller *caller)
{
    struct vn_worker *worker = &caller->place->worker;
    const char *problem = caller->problem;
    struct vn_connection *connection;
    while ((connection = serving_first(worker)) != NULL) {
        vn_connection_end(connection);
        for (int i = 0; i < 40; i++)
            vn_loop_turn(&worker->loop, 0);
    }
    place_close(caller->place);
    for (int i = 0; problem == NULL && i < caller->count; i++) {
        const struct act *act = &caller->acts[i];
        if (!act->is_done)
            problem = failed("call %d did not end", i);
        else if (act->lost > 1)
            problem = failed("call %d was lost %d times", i, act->lost);
    }
    for (int i = 0; problem == NULL && i < CLIENTS; i++)
        if (!scripted_is_sound(&caller->clients[i]))
            problem = failed("what client %d got is not what the transport sends", i);
    if (problem == NULL && caller->lent != caller->released)
        problem = failed("lent %d, released %d", caller->lent, caller->released);
    for (int i = 0; i < CLIENTS; i++)
        scripted_free(&caller->clients[i]);
    free(caller);
    return problem;
}

static int count_of(struct scripted_client *client, const char *text)
{
    int count = 0;
    const char *at = scripted_bytes(client);
    while ((at = strstr(at, text)) != NULL) {
        count++;
        at += strlen(text);
    }
    return count;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\nX-Field: some value\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"

/* Pipelined requests are answered in their order, however late the answers are. */
const char *vn_check_detached(int over)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct caller *caller = caller_make(over, seed);
        *vn_loopback_script(caller->place->worker.loop.ring) =
            (struct vn_loopback_script) {.seed = seed * 7};
        caller_connect(caller, 0, GET("/0") POST("/1") GET("/2") POST("/3") GET("/4"));
        uint64_t due = vn_clock() + 20000;
        while (caller->clients[0].peer.ended == 0 && vn_clock() < due)
            vn_loop_turn(&caller->place->worker.loop, 1000);
        int heads = count_of(&caller->clients[0], "HTTP/1.1 "), said = 0;
        bool has_ended = caller->clients[0].peer.ended == 1;
        for (int i = 0; i < caller->count; i++)
            said += caller->acts[i].has_answered ? 1 : 0;
        int found = count_of(&caller->clients[0], "HTTP/1.1 200"), lost = 0, count = caller->count;
        for (int i = 0; i < caller->count; i++)
            lost += caller->acts[i].lost;
        const char *problem = caller_free(caller);
        REQUIRE(problem == NULL, "seed %d: %s", (int) seed, problem);
        REQUIRE(has_ended && count == 5 && heads == 5 && found == said && lost == 0,
                "seed %d: %d calls, %d answers, %d of %d with 200, %d lost", (int) seed, count,
                heads, found, said, lost);
    }
    return NULL;
}

/* Answers in a turn of its own, without having begun. */
struct early {
    struct place *place;
    vn_detached *call;
    vn_task task;
    bool answers; /* or ends without an answer */
    int handled;
};

static void early_answer(void *context)
{
    struct early *early = context;
    if (early->answers)
        vn_response_send(vn_detached_response(early->call), (vn_span) {0}, vn_span_of("early"));
    vn_detached_end(early->call);
}

static void early_handle(void *context, const vn_request *request, vn_response *response)
{
    struct early *early = context;
    int32_t error;
    if (early->handled++ > 0) {
        vn_response_send(response, (vn_span) {0}, vn_span_of("next"));
        return;
    }
    early->call = vn_response_detach(response, request, 0, &error);
    vn_detached_postpone(early->call);
    early->task = (vn_task) {.run = early_answer, .context = early};
    vn_worker_soon(&early->place->worker, &early->task);
}

static int32_t early_choose(void *context, const vn_request *request)
{
    (void) context, (void) request;
    return VN_BODY_STREAMED;
}

/* A call is answered, or ends, before it has begun and while its body is on its way: the rest of
 * the body is read, the answer leaves, and the next request is served. */
const char *vn_check_detached_before_it_begins(int over)
{
    static const char first[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nbody";
    static const char more[] = "more" GET("/");
    for (int answers = 0; answers <= 1; answers++) {
        struct early early = {.answers = answers == 1};
        struct scripted_client client = {.over = over};
        struct place *place = place_make(
            VN_RING_AUTO,
            (vn_handlers) {.handle = early_handle, .choose_body = early_choose, .context = &early});
        early.place = place;
        *vn_loopback_script(place->worker.loop.ring) =
            (struct vn_loopback_script) {.stays_open = true};
        struct vn_connection *connection =
            scripted_connect(&place->worker, &client, &vn_protocol_http1, first, sizeof first - 1);
        for (int i = 0; i < 40; i++)
            vn_loop_turn(&place->worker.loop, 0);
        int heads = count_of(&client, "HTTP/1.1 ");
        scripted_feed(&place->worker, &client, connection, more, sizeof more - 1);
        for (int i = 0; i < 40; i++)
            vn_loop_turn(&place->worker.loop, 0);
        int found = count_of(&client, answers == 1 ? "early" : "HTTP/1.1 500");
        int next = count_of(&client, "next");
        if ((connection = serving_first(&place->worker)) != NULL)
            vn_connection_end(connection);
        for (int i = 0; i < 40; i++)
            vn_loop_turn(&place->worker.loop, 0);
        place_close(place);
        scripted_free(&client);
        REQUIRE(heads == 0 && found == 1 && next == 1,
                "answers %d: %d heads early, %d as it should be, %d after it", answers, heads,
                found, next);
    }
    return NULL;
}

/* A call that takes longer than it may is told, and its answer goes nowhere. */
const char *vn_check_detached_deadlines(int over)
{
    struct caller *caller = caller_make(over, 2);
    struct vn_worker *worker = &caller->place->worker;
    caller->place->config.deadlines.handler = 20;
    *vn_loopback_script(worker->loop.ring) = (struct vn_loopback_script) {.stays_open = true};
    caller->acts[0].parts = 0;
    caller_connect(caller, 0, GET("/0"));
    struct act *act = &caller->acts[0];
    uint64_t due = vn_clock() + 20000;
    while (caller->count == 0)
        vn_loop_turn(&worker->loop, 1000);
    bool was_done = act->is_done;
    act->parts = 1 << 30; /* never, of itself */
    while (!was_done && act->lost == 0 && vn_clock() < due)
        vn_loop_turn(&worker->loop, 1000);
    act->parts = 0;
    for (int i = 0; i < 20; i++)
        vn_loop_turn(&worker->loop, 0);
    int lost = act->lost, refused = count_of(&caller->clients[0], "HTTP/1.1 503");
    int heads = count_of(&caller->clients[0], "HTTP/1.1 ");
    const char *problem = caller_free(caller);
    REQUIRE(problem == NULL, "%s", problem);
    REQUIRE(!was_done && lost == 1 && refused == 1 && heads == 1, "%d, lost %d, %d of %d are 503",
            was_done, lost, refused, heads);
    return NULL;
}

const char *vn_check_detached_at_random(int over, uint64_t seed)
{
    struct caller *caller = caller_make(over, seed);
    struct vn_worker *worker = &caller->place->worker;
    uint64_t random = seed ^ 0x5bd1e995;
    caller->place->config.deadlines.handler = 1 + (uint32_t) vn_draw(&random, 30);
    *vn_loopback_script(worker->loop.ring) =
        (struct vn_loopback_script) {.seed = seed, .stays_open = vn_draw(&random, 2) == 0};
    for (int client = 0; client < CLIENTS; client++)
        caller_connect(caller, client,
                       client % 2 == 0 ? GET("/a") POST("/b") GET("/c") : POST("/a") POST("/b"));
    for (int step = 0; step < 60; step++) {
        vn_loop_turn(&worker->loop, vn_draw(&random, 4) == 0 ? 1 : 0);
        if (vn_draw(&random, 8) != 0 || serving_first(worker) == NULL)
            continue;
        uint32_t skip = (uint32_t) vn_draw(&random, worker->connection_count);
        vn_connection_end(serving_find(worker, skip));
    }
    const char *problem = caller_free(caller);
    REQUIRE(problem == NULL, "seed %llu: %s", (unsigned long long) seed, problem);
    return NULL;
}
