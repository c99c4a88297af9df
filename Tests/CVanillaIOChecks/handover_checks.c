// SPDX-License-Identifier: MIT
#include "include/handover_checks.h"

#include "live_server.h"
#include "server/state.h"

enum { WORKERS_MAX = 8 };

/* ---- A server whose workers say which of them answers ---- */

struct seat {
    struct stage *stage;
    char text[16];
};

struct hall {
    struct stage stage;
    struct seat seats[WORKERS_MAX];
    vn_server *server;
    uint16_t port;
};

static void *take_seat(void *context, uint32_t worker)
{
    struct hall *hall = context;
    struct seat *seat = &hall->seats[worker];
    seat->stage = &hall->stage;
    snprintf(seat->text, sizeof seat->text, "Hello %u", worker);
    return seat;
}

static void answer_from_seat(void *context, const vn_request *request, vn_response *response)
{
    struct seat *seat = context;
    vn_span path = vn_request_path(request);
    if (path.count == 6 && memcmp(path.bytes, "/block", 6) == 0) {
        sem_post(&seat->stage->entered);
        while (sem_wait(&seat->stage->leave) != 0) {
        }
    }
    vn_response_send(response, vn_span_of("text/plain"), vn_span_of(seat->text));
}

static const char *hall_open(struct hall *hall, uint8_t backend, uint32_t workers, uint32_t places,
                             bool is_balanced)
{
    stage_init(&hall->stage);
    vn_config config = config_of(&hall->stage, backend);
    config.workers = workers;
    config.limits.connections = places;
    config.handlers = (vn_handlers) {
        .context = hall,
        .handle = answer_from_seat,
        .begin = take_seat,
    };
    vn_error error;
    hall->server = vn_server_open(&config, &error);
    if (hall->server == NULL)
        return failed("%s", error.message);
    hall->server->is_balanced = is_balanced;
    if (vn_server_start(hall->server, &error) == 0) {
        hall->port = vn_server_port(hall->server, 0);
        return NULL;
    }
    vn_server_close(hall->server);
    return failed("%s", error.message);
}

/* The number of the worker that answers; -1 without an answer. */
static int worker_of(int fd)
{
    char answer[1024];
    ask(fd, get);
    if (hear(fd, answer, WAIT_MAX) <= 0)
        return -1;
    const char *text = strstr(answer, "Hello ");
    return text == NULL ? -1 : text[6] - '0';
}

/* ---- Checks ---- */

const char *vn_check_dealt_in_turn(uint8_t backend, uint32_t workers)
{
    enum { ROUNDS = 5 };
    struct hall hall;
    int fds[ROUNDS * WORKERS_MAX];
    const char *problem = hall_open(&hall, backend, workers, 0, false);
    if (problem != NULL)
        return problem;
    uint32_t count = ROUNDS * workers;
    for (uint32_t i = 0; i < count; i++) {
        fds[i] = dial(hall.port);
        int worker = worker_of(fds[i]);
        if (problem == NULL && worker != (int) (i % workers))
            problem = failed("connection %u of %u workers went to worker %d", i, workers, worker);
    }
    vn_statistics statistics;
    vn_server_statistics(hall.server, &statistics);
    if (problem == NULL && (statistics.open != count || statistics.accepted != count))
        problem = failed("%llu open, %llu accepted", (unsigned long long) statistics.open,
                         (unsigned long long) statistics.accepted);
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
    vn_server_close(hall.server);
    return problem;
}

static bool comes_to(vn_server *server, uint64_t open)
{
    uint64_t due = milliseconds() + WAIT_MAX;
    vn_statistics statistics;
    do {
        vn_server_statistics(server, &statistics);
        if (statistics.open == open)
            return true;
        usleep(1000);
    } while (milliseconds() < due);
    return false;
}

/* Fill all places, and see that one more waits until another has gone. */
static const char *fill(const struct hall *hall, uint32_t places)
{
    int fds[64];
    const char *problem = NULL;
    for (uint32_t i = 0; i < places; i++)
        if (worker_of(fds[i] = dial(hall->port)) < 0)
            problem = failed("connection %u of %u was not served", i, places);
    int more = dial(hall->port);
    char answer[1024];
    ask(more, get);
    vn_statistics statistics;
    vn_server_statistics(hall->server, &statistics);
    if (problem == NULL && statistics.open > places)
        problem = failed("%llu are open", (unsigned long long) statistics.open);
    if (problem == NULL && hear(more, answer, 0) != -1)
        problem = failed("one more than all places was served");
    for (uint32_t i = 0; i < places; i++)
        close(fds[i]);
    if (problem == NULL && hear(more, answer, WAIT_MAX) <= 0)
        problem = failed("the connection that waited was not served when there was room");
    close(more);
    if (problem == NULL && !comes_to(hall->server, 0))
        problem = failed("connections stay open");
    return problem;
}

const char *vn_check_dealt_places(uint8_t backend, bool is_balanced)
{
    /* Where all workers accept, each of them keeps a place. */
    enum { WORKERS = 4, PLACES = 24, ROUNDS = 5 };
    struct hall hall;
    const char *problem = hall_open(&hall, backend, WORKERS, PLACES, is_balanced);
    if (problem != NULL)
        return problem;
    if (is_balanced) {
        for (int i = 0; i < ROUNDS * PLACES && problem == NULL; i++) {
            int fd = dial(hall.port);
            if (worker_of(fd) < 0)
                problem = failed("connection %d was not served", i);
            close(fd);
        }
    } else
        for (int i = 0; i < ROUNDS && problem == NULL; i++)
            problem = fill(&hall, PLACES);
    vn_server_close(hall.server);
    return problem;
}

/* The second worker is at work in a handler while it is handed connections; the first one serves
 * what comes after them. */
static const char *hand_to_a_busy_worker(struct hall *hall, int fds[6])
{
    for (int i = 0; i < 6; i++) {
        fds[i] = dial(hall->port);
        ask(fds[i], i == 1 ? get_block : get);
        if (i == 1)
            sem_wait(&hall->stage.entered);
    }
    char answer[1024];
    for (int i = 0; i < 6; i += 2)
        if (hear(fds[i], answer, WAIT_MAX) <= 0 || strstr(answer, "Hello 0") == NULL)
            return failed("connection %d got: %s", i, answer);
    int last = dial(hall->port); /* the first worker has handed over all before it */
    int worker = worker_of(last);
    close(last);
    return worker == 0 ? NULL : failed("the seventh connection went to worker %d", worker);
}

const char *vn_check_dealt_before_a_stop(uint8_t backend)
{
    struct hall hall;
    int fds[6];
    char answer[1024];
    const char *problem = hall_open(&hall, backend, 2, 0, false);
    if (problem != NULL)
        return problem;
    problem = hand_to_a_busy_worker(&hall, fds);
    vn_server_stop(hall.server, WAIT_MAX);
    sem_post(&hall.stage.leave);
    for (int i = 1; i < 6; i += 2)
        if (problem == NULL && (hear(fds[i], answer, WAIT_MAX) <= 0 || !strstr(answer, "Hello 1")))
            problem = failed("connection %d got: %s", i, answer);
    for (int i = 0; i < 6; i++) {
        if (problem == NULL && !is_at_end(fds[i]))
            problem = failed("connection %d outlived its server", i);
        close(fds[i]);
    }
    vn_server_wait(hall.server);
    vn_server_close(hall.server);
    return problem;
}

const char *vn_check_dealt_too_late(uint8_t backend)
{
    struct hall hall;
    int fds[6];
    const char *problem = hall_open(&hall, backend, 2, 0, false);
    if (problem != NULL)
        return problem;
    problem = hand_to_a_busy_worker(&hall, fds);
    vn_server_stop(hall.server, 0);
    sem_post(&hall.stage.leave);
    vn_server_wait(hall.server);
    for (int i = 0; i < 6; i++) {
        char rest[1024];
        while (recv(fds[i], rest, sizeof rest, MSG_DONTWAIT) > 0) {
        }
        if (problem == NULL && !is_at_end(fds[i]))
            problem = failed("connection %d outlived its server", i);
        close(fds[i]);
    }
    vn_server_close(hall.server);
    return problem;
}
