// SPDX-License-Identifier: MIT
#include "include/serve_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

/* ---- The wheel ---- */

enum { TIMEOUTS = 200 };

const char *vn_check_wheel_fires_on_time(uint64_t seed)
{
    struct vn_wheel wheel;
    struct vn_timeout timeouts[TIMEOUTS] = {0};
    uint64_t due[TIMEOUTS] = {0};
    uint64_t state = seed * 2 + 1, now = 1000 + rig_draw(&state, 1000000);
    vn_wheel_init(&wheel, now);
    for (int step = 0; step < 20000; step++) {
        size_t i = rig_draw(&state, TIMEOUTS);
        static const uint64_t spans[] = {10, 1000, 100000, 40000000};
        if (rig_draw(&state, 8) == 0) {
            vn_wheel_set(&wheel, &timeouts[i], 0);
            due[i] = 0;
        } else {
            due[i] = now + 1 + rig_draw(&state, spans[rig_draw(&state, 4)]);
            vn_wheel_set(&wheel, &timeouts[i], due[i]);
        }
        uint64_t next = vn_wheel_next(&wheel), earliest = UINT64_MAX;
        for (size_t k = 0; k < TIMEOUTS; k++)
            if (due[k] != 0 && due[k] < earliest)
                earliest = due[k];
        if (rig_draw(&state, 8) == 0 && next != vn_wheel_find_next(&wheel))
            return rig_failed("seed %llu step %d: the next is not that which is found",
                              (unsigned long long) seed, step);
        if (earliest != UINT64_MAX && next > earliest + VN_WHEEL_TICK)
            return rig_failed("seed %llu step %d: sleeps until %llu, but one is due at %llu",
                              (unsigned long long) seed, step, (unsigned long long) next,
                              (unsigned long long) earliest);
        now += rig_draw(&state, 4) == 0 ? rig_draw(&state, spans[rig_draw(&state, 4)])
                                        : rig_draw(&state, 12);
        struct vn_link fired;
        vn_list_init(&fired);
        vn_wheel_advance(&wheel, now, &fired);
        while (!vn_list_is_empty(&fired)) {
            struct vn_timeout *timeout = vn_holder(fired.next, struct vn_timeout, link);
            vn_list_remove(&timeout->link);
            size_t k = (size_t) (timeout - timeouts);
            if (due[k] == 0 || due[k] > now)
                return rig_failed("seed %llu step %d: %zu fired at %llu, due at %llu",
                                  (unsigned long long) seed, step, k, (unsigned long long) now,
                                  (unsigned long long) due[k]);
            due[k] = 0;
        }
        for (size_t k = 0; k < TIMEOUTS; k++)
            if (due[k] != 0 && due[k] + VN_WHEEL_TICK < now)
                return rig_failed("seed %llu step %d: %zu was due at %llu and did not fire by %llu",
                                  (unsigned long long) seed, step, k, (unsigned long long) due[k],
                                  (unsigned long long) now);
    }
    return NULL;
}

const char *vn_check_wheel_stays_quiet(void)
{
    struct vn_wheel wheel;
    struct vn_timeout timeout = {0};
    struct vn_link fired;
    vn_wheel_init(&wheel, 0);
    vn_list_init(&fired);
    unsigned wakes = 0;
    /* A request every 10 ms for 100 s with an idle deadline of 75 s. */
    for (uint64_t now = 0; now < 100000; now += 10) {
        vn_wheel_set(&wheel, &timeout, now + 75000);
        if (vn_wheel_next(&wheel) <= now + 10)
            wakes++;
        vn_wheel_advance(&wheel, now + 10, &fired);
    }
    if (!vn_list_is_empty(&fired))
        return rig_failed("a deadline that was always moved fired");
    return wakes <= 8 ? NULL : rig_failed("woke %u times for nothing", wakes);
}

/* Run with what is on the wire. Returns what the client got. */
static char *run_wire(int over, const uint8_t *wire, size_t count,
                      const struct vn_loopback_script *script, const char **problem)
{
    struct rig *rig = rig_make(over);
    *rig_script(rig) = *script;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    *problem = rig_free(rig);
    if (!finished)
        *problem = rig_failed("the connection did not end");
    return output;
}

/* A client of every other seed says in its transport's words that nothing follows. */
static uint8_t *wire_of(int over, const char *input, size_t count, uint64_t seed,
                        size_t *wire_count)
{
    struct scripted_client client = {.over = over, .sender.sizes = (uint32_t) seed};
    return scripted_wire(&client, input, count, seed % 2 == 1, wire_count);
}

static char *run(int over, const char *input, size_t count, const struct vn_loopback_script *script,
                 const char **problem)
{
    size_t wire_count;
    uint8_t *wire = wire_of(over, input, count, script->seed, &wire_count);
    char *output = run_wire(over, wire, wire_count, script, problem);
    free(wire);
    return output;
}

static const char *compare(const char *have, const char *want, const char *how, uint64_t detail)
{
    if (strcmp(have, want) == 0)
        return NULL;
    return rig_failed("%s %llu: got\n%.1500s\ninstead of\n%.1500s", how,
                      (unsigned long long) detail, have, want);
}

const char *vn_check_answer(int over, const char *input, size_t count, const char *output)
{
    const char *problem;
    char *have = run(over, input, count, &(struct vn_loopback_script) {0}, &problem);
    if (problem == NULL)
        problem = compare(have, output, "answer", 0);
    free(have);
    return problem;
}

static const char *check_script(int over, const char *input, size_t count,
                                const struct vn_loopback_script *script, const char *want,
                                const char *how, uint64_t detail)
{
    const char *problem;
    char *have = run(over, input, count, script, &problem);
    if (problem != NULL)
        problem = rig_failed("%s %llu: %s", how, (unsigned long long) detail,
                             strcpy((char[4096]) {0}, problem));
    else
        problem = compare(have, want, how, detail);
    free(have);
    return problem;
}

/* In two parts cut at each place: the script's receive_max cuts only evenly, so the second part is
 * fed later. */
static const char *check_cut(int over, const uint8_t *wire, size_t count, size_t cut,
                             const char *want)
{
    struct rig *rig = rig_make(over);
    rig_script(rig)->stays_open = true;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, cut);
    rig_turn_until_idle(rig);
    struct vn_connection *conn = rig_conn(rig);
    if (conn != NULL)
        scripted_feed_wire(&rig->worker, &rig->client, conn, wire + cut, count - cut);
    rig_script(rig)->stays_open = false;
    bool finished = rig_finish(rig);
    char *have = rig_output(rig);
    const char *problem = rig_free(rig);
    if (problem == NULL)
        problem = finished ? compare(have, want, "cut", cut)
                           : rig_failed("cut %zu: the connection did not end", cut);
    free(have);
    return problem;
}

static const char *check_all_cuts(int over, const char *input, size_t count, const char *want)
{
    size_t wire_count;
    const char *problem = NULL;
    uint8_t *wire = wire_of(over, input, count, 1, &wire_count);
    for (size_t cut = 1; cut < wire_count && problem == NULL; cut += scripted_stride(over))
        problem = check_cut(over, wire, wire_count, cut, want);
    free(wire);
    return problem;
}

const char *vn_check_cuts(int over, const char *input, size_t count)
{
    const char *problem;
    char *want = run(over, input, count, &(struct vn_loopback_script) {0}, &problem);
    if (problem == NULL)
        problem = check_all_cuts(over, input, count, want);
    static const uint32_t sizes[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < 5 && problem == NULL; i++) {
        problem =
            check_script(over, input, count, &(struct vn_loopback_script) {.receive_max = sizes[i]},
                         want, "pieces of", sizes[i]);
        if (problem == NULL)
            problem = check_script(
                over, input, count,
                &(struct vn_loopback_script) {.send_max = sizes[i], .sends_later = i & 1}, want,
                "sends of", sizes[i]);
    }
    free(want);
    return problem;
}

const char *vn_check_schedules(int over, const char *input, size_t count, uint64_t first_seed,
                               uint64_t seeds)
{
    const char *problem;
    char *want = run(over, input, count, &(struct vn_loopback_script) {0}, &problem);
    for (uint64_t seed = first_seed; seed < first_seed + seeds && problem == NULL; seed++)
        problem = check_script(over, input, count, &(struct vn_loopback_script) {.seed = seed},
                               want, "seed", seed);
    free(want);
    return problem;
}

static const char *check_lost_client(int over, const uint8_t *wire, size_t count)
{
    static const struct vn_loopback_script scripts[] = {
        {.receive_error = 0},
        {.receive_error = -ECONNRESET},
        {.send_error = -EPIPE},
        {.send_error = -EPIPE, .sends_later = true},
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts && problem == NULL; i++)
        free(run_wire(over, wire, count, &scripts[i], &problem));
    return problem;
}

const char *vn_check_lost_clients(int over, const char *input, size_t count)
{
    const char *problem = NULL;
    size_t wire_count;
    uint8_t *wire = wire_of(over, input, count, 0, &wire_count);
    for (size_t cut = 0; cut <= wire_count && problem == NULL; cut += scripted_stride(over)) {
        problem = check_lost_client(over, wire, cut);
        if (problem != NULL)
            problem = rig_failed("after %zu bytes: %s", cut, strcpy((char[4096]) {0}, problem));
    }
    free(wire);
    return problem;
}

/* The client breaks off while it is answered, in random schedules in which one wait brings several
 * events: what comes after the end of a connection touches nothing. */
const char *vn_check_broken_answers(int over, const char *input, size_t count, uint64_t first_seed,
                                    uint64_t seeds)
{
    const char *problem = NULL;
    for (uint64_t seed = first_seed; seed < first_seed + seeds && problem == NULL; seed++) {
        struct vn_loopback_script script = {
            .seed = seed,
            .send_fails_after = 1 + seed % 300,
            .receive_error = seed % 2 == 0 ? -ECONNRESET : 0,
        };
        free(run(over, input, count, &script, &problem));
        if (problem != NULL)
            problem = rig_failed("seed %llu: %s", (unsigned long long) seed,
                                 strcpy((char[4096]) {0}, problem));
    }
    return problem;
}

/* Bytes of a body and the failure of a send in one batch, the body's exchange gone with it. */
const char *vn_check_event_after_end(int over)
{
    static const char input[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n"
                                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\nab";
    struct rig *rig = rig_make(over);
    *rig_script(rig) = (struct vn_loopback_script) {
        .send_max = 100, .sends_later = true, .is_stalled = true, .stays_open = true, .batch = 2};
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    rig_feed(rig, input, sizeof input - 1);
    rig_script(rig)->is_stalled = false;
    rig_script(rig)->sends_later = false;
    rig_script(rig)->send_fails_after = 1;
    const char *problem = rig_finish(rig) ? NULL : rig_failed("the connection did not end");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* ---- Limits ---- */

/* Run `input` over changed limits and tell the status line of the last answer, "" for none. */
static const char *last_status(int over, const vn_limits *limits, const char *input, size_t count,
                               char status[32], uint32_t *answers)
{
    struct rig *rig = rig_make(over);
    rig->config.limits = *limits;
    rig_connect(rig, input, count);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    status[0] = '\0';
    *answers = 0;
    for (char *at = output; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++) {
        (*answers)++;
        memcpy(status, at + 9, 3);
        status[3] = '\0';
    }
    bool closes = strstr(output, "Connection: close\r\n") != NULL;
    strcat(status, closes ? " close" : "");
    free(output);
    const char *problem = rig_free(rig);
    return finished ? problem : rig_failed("the connection did not end");
}

struct limit_case {
    const char *name;
    size_t offset; /* of the member */
    uint8_t size; /* of it */
    uint64_t limit;
    const char *
        /* the input is before + fill x n + behind, where n fits for `fits` and is one more for the
         * other */
        before;
    char fill;
    size_t fits;
    const char *behind;
    const char *within; /* status, and whether it closes */
    const char *beyond;
};

#define LIMIT(member) #member, offsetof(vn_limits, member), sizeof(((vn_limits *) 0)->member)

static const struct limit_case limit_cases[] = {
    {LIMIT(request_line), 40, "GET /", 'a', 26, " HTTP/1.1\r\nHost: a\r\n\r\n", "200", "414 close"},
    {LIMIT(field), 30, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', 27, "\r\n\r\n", "200", "431 close"},
    {LIMIT(fields), 60, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 'a', 46, "\r\n\r\n", "200",
     "431 close"},
    {LIMIT(body), 20, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n",
     'a', 0, "", "", ""},
    {LIMIT(chunk_line), 40,
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", 'a', 34,
     "\r\na\r\n0\r\n\r\n", "200", "400 close"},
    {LIMIT(trailers), 30,
     "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", 'a', 25,
     "\r\n\r\n", "200", "431 close"},
};

static void set_limit(vn_limits *limits, const struct limit_case *which)
{
    if (which->size == 8)
        *(uint64_t *) ((uint8_t *) limits + which->offset) = which->limit;
    else
        *(uint32_t *) ((uint8_t *) limits + which->offset) = (uint32_t) which->limit;
}

static const char *check_fill(int over, const struct limit_case *which, size_t fill,
                              const char *want)
{
    char input[4096], status[32];
    uint32_t answers;
    vn_config config;
    vn_config_init(&config);
    set_limit(&config.limits, which);
    int before = snprintf(input, sizeof input, "%s", which->before);
    memset(input + before, which->fill, fill);
    int behind =
        snprintf(input + before + fill, sizeof input - (size_t) before - fill, "%s", which->behind);
    const char *problem = last_status(over, &config.limits, input,
                                      (size_t) before + fill + (size_t) behind, status, &answers);
    if (problem == NULL && strcmp(status, want) != 0)
        problem =
            rig_failed("%s with %zu: \"%s\" instead of \"%s\"", which->name, fill, status, want);
    return problem;
}

static const char *expect(int over, const vn_limits *limits, const char *input, const char *want,
                          uint32_t want_answers)
{
    char status[32];
    uint32_t answers;
    const char *problem = last_status(over, limits, input, strlen(input), status, &answers);
    if (problem == NULL && (strcmp(status, want) != 0 || answers != want_answers))
        problem = rig_failed("\"%s\" (%u answers) instead of \"%s\" (%u) for %.200s", status,
                             answers, want, want_answers, input);
    return problem;
}

static const char *check_bodies(int over, const char *path, vn_limits limits)
{
    char input[512];
    static const struct {
        const char *framing;
        const char *want;
    } cases[] = {
        {"Content-Length: 20\r\n\r\naaaaaaaaaaaaaaaaaaaa", "200"},
        {"Content-Length: 21\r\n\r\naaaaaaaaaaaaaaaaaaaaa", "413 close"},
        {"Content-Length: 21\r\n\r\n", "413 close"},
        {"Transfer-Encoding: chunked\r\n\r\na\r\naaaaaaaaaa\r\na\r\naaaaaaaaaa\r\n0\r\n\r\n",
         "200"},
        {"Transfer-Encoding: chunked\r\n\r\na\r\naaaaaaaaaa\r\nb\r\naaaaaaaaaaa\r\n0\r\n\r\n",
         "413 close"},
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && problem == NULL; i++) {
        snprintf(input, sizeof input, "POST %s HTTP/1.1\r\nHost: a\r\n%s", path, cases[i].framing);
        problem = expect(over, &limits, input, cases[i].want, 1);
    }
    return problem;
}

/* How many requests are handled for a client that takes nothing, when `most` bytes may be
 * unsent. */
static uint32_t handled_with_output(int over, uint32_t most)
{
    enum { REQUESTS = 100 };
    static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    char input[REQUESTS * (sizeof one - 1)];
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(input + i * (sizeof one - 1), one, sizeof one - 1);
    struct rig *rig = rig_make_untold(over); /* what waits to be told counts as unsent */
    rig->config.limits.output = most;
    *rig_script(rig) = (struct vn_loopback_script) {.is_stalled = true, .stays_open = true};
    rig_connect(rig, input, sizeof input);
    rig_turn_until_idle(rig);
    uint32_t handled = rig->handled;
    rig_script(rig)->is_stalled = false;
    rig_script(rig)->stays_open = false;
    bool finished = rig_finish(rig);
    bool all = rig->handled == REQUESTS;
    return rig_free(rig) == NULL && finished && all ? handled : 0;
}

/* Unsent bytes at the limit let one more request in; a byte less does not. */
static const char *check_output(int over)
{
    const char *problem;
    static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig_connect(rig, one, sizeof one - 1);
    rig_finish(rig);
    uint32_t answer = (uint32_t) scripted_count(&rig->client);
    if ((problem = rig_free(rig)) != NULL)
        return problem;
    uint32_t at = handled_with_output(over, 20 * answer),
             below = handled_with_output(over, 20 * answer - 1);
    return at == 21 && below == 20 ? NULL
                                   : rig_failed("%u at the limit, %u a byte below", at, below);
}

const char *vn_check_limit(int over, const char *name)
{
    vn_config config;
    vn_config_init(&config);
    vn_limits *limits = &config.limits;
    if (strcmp(name, "body") == 0) {
        limits->body = 20;
        return check_bodies(over, "/echo", *limits);
    }
    if (strcmp(name, "streamed_body") == 0) {
        limits->streamed_body = 20;
        return check_bodies(over, "/count", *limits);
    }
    if (strcmp(name, "field_count") == 0) {
        limits->field_count = 3;
        const char *problem =
            expect(over, limits, "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n", "200", 1);
        return problem != NULL ? problem
                               : expect(over, limits,
                                        "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
                                        "431 close", 1);
    }
    if (strcmp(name, "requests") == 0) {
        limits->requests = 2;
        const char *three = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET "
                            "/ HTTP/1.1\r\nHost: a\r\n\r\n";
        const char *problem = expect(over, limits, three + strlen(three) / 3 * 2, "200", 1);
        return problem != NULL ? problem : expect(over, limits, three, "200 close", 2);
    }
    if (strcmp(name, "discard") == 0) {
        limits->discard = 10;
        const char *within = "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: "
                             "10\r\n\r\naaaaaaaaaaGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const char *beyond = "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: "
                             "11\r\n\r\naaaaaaaaaaaGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const char *chunked = "POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                              "chunked\r\n\r\nb\r\naaaaaaaaaaa\r\n0\r\n\r\n"
                              "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        const char *problem = expect(over, limits, within, "200", 2);
        if (problem == NULL)
            problem = expect(over, limits, beyond, "200 close", 1);
        return problem != NULL ? problem : expect(over, limits, chunked, "200 close", 1);
    }
    if (strcmp(name, "output") == 0)
        return check_output(over);
    for (size_t i = 0; i < sizeof limit_cases / sizeof *limit_cases; i++) {
        const struct limit_case *which = &limit_cases[i];
        if (strcmp(which->name, name) != 0)
            continue;
        const char *problem = check_fill(over, which, which->fits, which->within);
        return problem != NULL ? problem : check_fill(over, which, which->fits + 1, which->beyond);
    }
    return rig_failed("no check of the limit %s", name);
}

/* ---- Deadlines ---- */

struct deadline_case {
    const char *name;
    size_t offset;
    const char *input;
    bool is_stalled; /* the client takes nothing */
    bool is_half_closed; /* the client has ended its side */
    const char *want; /* status of the last answer and whether it closes */
    enum vn_timeout_kind kind;
};

#define DEADLINE(member) #member, offsetof(vn_deadlines, member)

static const struct deadline_case deadline_cases[] = {
    {DEADLINE(head), "GET / HTTP/1.1\r\nHost:", false, false, "408 close", VN_TIMEOUT_HEAD},
    {DEADLINE(head), "", false, false, "", VN_TIMEOUT_HEAD},
    {DEADLINE(head), "\r\n", false, false, "", VN_TIMEOUT_HEAD},
    {DEADLINE(head), "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", false, false, "408 close",
     VN_TIMEOUT_HEAD},
    {DEADLINE(body_grace), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", false,
     false, "408 close", VN_TIMEOUT_BODY},
    {DEADLINE(body_grace), "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", false,
     false, "408 close", VN_TIMEOUT_BODY},
    {DEADLINE(idle), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "200", VN_TIMEOUT_IDLE},
    {DEADLINE(write_stall), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "", VN_TIMEOUT_WRITE},
    {DEADLINE(handler), "GET /later HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "503 close",
     VN_TIMEOUT_HANDLER},
    {DEADLINE(handler), "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", false,
     false, "503 close", VN_TIMEOUT_HANDLER},
    {DEADLINE(body_grace), "POST /late-count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na",
     false, false, "408 close", VN_TIMEOUT_BODY},
    {DEADLINE(write_stall), "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n", false, true, "200",
     VN_TIMEOUT_WRITE},
    {DEADLINE(linger), "BAD\r\n", false, false, "400 close", VN_TIMEOUT_LINGER},
};

/* The counters stand in the order of the kinds. */
static uint64_t timeouts_of(const struct rig *rig, enum vn_timeout_kind kind)
{
    const uint64_t *counted = (const uint64_t *) (const void *) &rig->worker.counted;
    return counted[offsetof(vn_statistics, timeouts_head) / sizeof *counted + kind];
}

static const char *check_deadline(int over, const struct deadline_case *which)
{
    struct rig *rig = rig_make(over);
    vn_deadlines *deadlines = &rig->config.deadlines;
    deadlines->linger =
        1; /* the end of what times out otherwise: never 0, which would be without end */
    deadlines->body_rate = 100000;
    *(uint32_t *) ((uint8_t *) deadlines + which->offset) = 40;
    rig_script(rig)->stays_open = !which->is_half_closed;
    rig_script(rig)->is_stalled = which->is_stalled;
    uint64_t begun = rig->worker.loop.now; /* from which deadlines are counted, before a turn */
    rig_connect(rig, which->input, strlen(which->input));
    bool finished = rig_finish(rig);
    uint64_t took = vn_clock() - begun;
    char *output = rig_output(rig);
    char status[32] = "";
    for (char *at = output; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        memcpy(status, at + 9, 3);
    if (strstr(output, "Connection: close\r\n") != NULL)
        strcat(status, " close");
    uint64_t counted = timeouts_of(rig, which->kind);
    free(output);
    const char *problem = rig_free(rig);
    if (problem != NULL)
        return problem;
    if (!finished || took < 39 || took > 15000 || strcmp(status, which->want) != 0 || counted != 1)
        return rig_failed(
            "%s: finished %d after %llu ms with \"%s\" instead of \"%s\", counted %llu",
            which->name, finished, (unsigned long long) took, status, which->want,
            (unsigned long long) counted);
    return NULL;
}

/* A byte every few milliseconds, for four times the grace: enough for one rate, too slow for
 * another. */
static const char *check_body_rate(int over, uint32_t rate, const char *want)
{
    enum { GRACE = 250, BODY = 4000 };
    static const char input[] = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n";
    static const uint8_t rest[BODY];
    struct rig *rig = rig_make(over);
    rig->config.deadlines.body_grace = GRACE;
    rig->config.deadlines.body_rate = rate;
    rig->config.deadlines.linger = 1;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, input, sizeof input - 1);
    uint64_t begun = vn_clock();
    size_t fed = 0;
    while (rig->client.peer.ended == 0 && vn_clock() < begun + 4 * GRACE && fed < BODY / 2) {
        for (uint64_t next = vn_clock() + 4; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 4);
        if (scripted_count(&rig->client) == 0) {
            rig_feed(rig, rest, 1);
            fed++;
        }
    }
    if (scripted_count(&rig->client) == 0) {
        rig_feed(rig, rest, BODY - fed);
        rig_script(rig)->stays_open = false;
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || strncmp(output, want, strlen(want)) != 0)
        problem = rig_failed("rate %u: finished %d, %s", rate, finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Each piece of a stream is taken in the end, many of them at once: what counts is how many in all
 * that time. */
static const char *check_write_rate_of_stream(int over)
{
    enum { BURSTS = 40 };
    static const char input[] = "GET /produce-on HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig->config.deadlines.write_stall = 40;
    rig->config.deadlines.write_rate = 100000000;
    *rig_script(rig) = (struct vn_loopback_script) {.stays_open = true};
    rig_connect(rig, input, sizeof input - 1);
    for (int burst = 0; burst < BURSTS && rig->client.peer.ended == 0; burst++) {
        rig_script(rig)->is_stalled = true;
        for (uint64_t next = vn_clock() + 25; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 2);
        rig_script(rig)->is_stalled = false;
        vn_loop_turn(&rig->worker.loop, 0);
    }
    const char *problem =
        rig->client.peer.ended == 1 ? NULL : rig_failed("a slow client keeps a stream");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* A burst buys no silence longer than the grace. */
static const char *check_body_burst(int over)
{
    struct rig *rig = rig_make(over);
    rig->config.deadlines.body_grace = 60;
    rig->config.deadlines.body_rate = 1; /* a byte is worth a second */
    rig->config.deadlines.linger = 1;
    rig_script(rig)->stays_open = true;
    static const char input[] =
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaa";
    rig_connect(rig, input, sizeof input - 1);
    bool finished = rig_finish(rig);
    const char *problem = rig_free(rig);
    return problem != NULL ? problem
           : finished      ? NULL
                           : rig_failed("a burst bought more than a grace");
}

/* A client that takes a byte now and then, for four times the stall. */
static const char *check_write_rate(int over, uint32_t rate, bool is_cut)
{
    enum { STALL = 50 };
    static const char input[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig->config.deadlines.write_stall = STALL;
    rig->config.deadlines.write_rate = rate;
    *rig_script(rig) = (struct vn_loopback_script) {
        .is_stalled = true, .sends_later = true, .send_max = 1, .stays_open = true};
    rig_connect(rig, input, sizeof input - 1);
    uint64_t begun = vn_clock();
    while (rig->client.peer.ended == 0 && vn_clock() < begun + 4 * STALL) {
        rig_script(rig)->is_stalled = false;
        vn_loop_turn(&rig->worker.loop, 0);
        rig_script(rig)->is_stalled = true;
        for (uint64_t next = vn_clock() + 4; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 4);
    }
    bool ended = rig->client.peer.ended == 1;
    uint64_t counted = rig->worker.counted.timeouts_write_stall;
    const char *problem = rig_free(rig);
    if (problem == NULL && (ended != is_cut || counted != is_cut))
        problem = rig_failed("rate %u: ended %d, counted %llu", rate, ended,
                             (unsigned long long) counted);
    return problem;
}

/* A refused client that goes on to send `piece` bytes at a time, `pieces` times, a millisecond
 * apart. Returns whether it is cut, by a deadline. */
static bool is_cut_while_sending(int over, const vn_deadlines *deadlines, size_t piece,
                                 uint32_t pieces)
{
    uint8_t *bytes = calloc(1, piece);
    struct rig *rig = rig_make(over);
    rig->config.deadlines = *deadlines;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, "BAD\r\n", 5);
    rig_turn_until_idle(rig);
    for (uint32_t i = 0; i < pieces && rig->client.peer.ended == 0; i++) {
        rig_feed(rig, bytes, piece);
        for (uint64_t next = vn_clock() + 1; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 1);
        for (size_t turn = 0; turn < piece / 4096; turn++)
            vn_loop_turn(&rig->worker.loop, 0);
    }
    bool is_cut = rig->client.peer.ended == 1 && rig->worker.counted.timeouts_linger == 1;
    free(bytes);
    return rig_free(rig) == NULL && is_cut;
}

/* Its time is bounded, its rate from below, and not how much it sends. */
static const char *check_linger_of_sender(int over)
{
    vn_config config;
    vn_config_init(&config);
    vn_deadlines *deadlines = &config.deadlines;
    if (is_cut_while_sending(over, deadlines, 4 << 20, 2))
        return rig_failed("cut for how much it sends");
    deadlines->linger_total = 40;
    if (!is_cut_while_sending(over, deadlines, 10000, 5000))
        return rig_failed("it may send without an end");
    deadlines->linger_total = 30000;
    deadlines->linger = 40;
    deadlines->body_rate = 1000000;
    if (!is_cut_while_sending(over, deadlines, 1, 5000))
        return rig_failed("it may drip");
    deadlines->linger = 30000;
    return is_cut_while_sending(over, deadlines, 1, 100) ? rig_failed("cut within its grace")
                                                         : NULL;
}

const char *vn_check_deadline(int over, const char *name)
{
    if (strcmp(name, "linger_total") == 0)
        return check_linger_of_sender(over);
    if (strcmp(name, "write_rate") == 0) {
        const char *problem = check_write_rate(over, 1, false);
        if (problem == NULL)
            problem = check_write_rate(over, 0, false);
        if (problem == NULL)
            problem = check_write_rate(over, 100000, true);
        return problem != NULL ? problem : check_write_rate_of_stream(over);
    }
    if (strcmp(name, "body_rate") == 0) {
        const char *problem = check_body_rate(over, 1, "HTTP/1.1 200");
        if (problem == NULL)
            problem = check_body_rate(over, 1000000, "HTTP/1.1 408");
        return problem != NULL ? problem : check_body_burst(over);
    }
    const char *problem = rig_failed("no check of the deadline %s", name);
    for (size_t i = 0; i < sizeof deadline_cases / sizeof *deadline_cases; i++)
        if (strcmp(deadline_cases[i].name, name) == 0 &&
            (problem = check_deadline(over, &deadline_cases[i])) != NULL)
            return problem;
    return problem;
}

/* ---- Waiting ---- */

/* `count` times `piece`, to be freed. */
static char *repeated(const char *piece, size_t count, const char *before)
{
    size_t size = strlen(piece), begin = strlen(before);
    char *all = malloc(begin + size * count);
    memcpy(all, before, begin);
    for (size_t i = 0; i < count; i++)
        memcpy(all + begin + i * size, piece, size);
    return all;
}

static struct vn_connection *rig_join(struct rig *rig, struct scripted_client *client,
                                      const char *input)
{
    return scripted_connect(&rig->worker, client, rig->protocol, input, strlen(input));
}

/* What one turn handles of an input that is there at once, and whether a neighbour who comes
 * behind it in the same turn is answered in that turn. */
static const char *check_share(int over, const char *before, const char *piece, size_t pieces,
                               bool is_body, uint32_t least, uint32_t most)
{
    struct scripted_client neighbour = {.over = over};
    static const char one[] = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    char *input = repeated(piece, pieces, before);
    struct rig *rig = rig_make(over);
    *rig_script(rig) = (struct vn_loopback_script) {.stays_open = true, .batch = 60};
    rig_connect(rig, "", 0);
    struct vn_connection *other = rig_join(rig, &neighbour, "");
    rig_turn_until_idle(rig); /* what a transport says first is said */
    rig_feed(rig, input, strlen(before) + strlen(piece) * pieces);
    scripted_feed(&rig->worker, &neighbour, other, one, sizeof one - 1);

    const char *problem = NULL;
    uint64_t last = 0;
    for (int turn = 0; turn < 1000 && problem == NULL; turn++) {
        vn_loop_turn(&rig->worker.loop, 0);
        uint64_t all = is_body ? rig->consumed : rig->handled - (scripted_count(&neighbour) > 0);
        if (all - last > most)
            problem = rig_failed("turn %d did %llu pieces of work", turn,
                                 (unsigned long long) (all - last));
        if (turn == 0 && all < least)
            problem =
                rig_failed("the first turn did only %llu pieces of work", (unsigned long long) all);
        last = all;
        if (turn == 0 && scripted_count(&neighbour) == 0)
            problem = rig_failed("the neighbour has to wait");
    }
    if (problem == NULL && last != pieces)
        problem = rig_failed("%llu of %zu are done", (unsigned long long) last, pieces);
    rig_script(rig)->stays_open = false;
    rig_finish(rig);
    for (int turn = 0; turn < 1000 && neighbour.peer.ended == 0; turn++)
        vn_loop_turn(&rig->worker.loop, 0);
    scripted_free(&neighbour);
    free(input);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_shares(int over)
{
    static const char body[] = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n";
    const char *problem =
        check_share(over, "", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000, false, 1, 59);
    /* The request is as much work as 128 pieces, and so are chunks cut by the end of a buffer. */
    if (problem == NULL)
        problem = check_share(over, body, "1\r\na\r\n", 20000, true, 1, 4096);
    /* A slow handler is a share by itself. */
    return problem != NULL ? problem
                           : check_share(over, "", "GET /sluggish HTTP/1.1\r\nHost: a\r\n\r\n", 20,
                                         false, 1, 1);
}

/* ---- Large output ---- */

enum { PIECES = 200, PIECE_MAX = 400000 };

/* Pieces of sizes about the limits, some appended while others are on their way, which leave as far
 * as a send takes them: in order, and never too many bytes at once, nor fewer than there are. */
const char *vn_check_parts(uint64_t seed)
{
    static uint8_t bytes[PIECE_MAX * 2];
    static const size_t sizes[] = {1, 200, VN_OUTPUT_SEND_MAX / 2, VN_OUTPUT_SEND_MAX - 1,
                                   PIECE_MAX - 2};
    struct vn_writer writer = {0};
    struct vn_output *output = vn_output_take(&writer);
    uint64_t state = seed * 2 + 1, appended = 0, sent = 0;
    size_t ends[PIECES], starts[PIECES];
    const char *problem = NULL;
    for (uint32_t count = 0, at = 0; problem == NULL && (count < PIECES || output->unsent > 0);) {
        for (uint64_t more = rig_draw(&state, 12); more > 0 && count < PIECES; more--, count++) {
            size_t size = sizes[rig_draw(&state, 5)] + rig_draw(&state, 3);
            starts[count] = rig_draw(&state, PIECE_MAX);
            ends[count] = (size_t) appended + size;
            appended += size;
            vn_output_refer(output, (vn_span) {bytes + starts[count], size}, NULL, NULL);
        }
        if (output->unsent == 0)
            continue;
        size_t wanted = (size_t) vn_smaller(output->unsent, VN_OUTPUT_SEND_MAX);
        vn_output_prepare(output);
        for (uint64_t more = rig_draw(&state, 12); more > 0 && count < PIECES; more--, count++) {
            starts[count] = rig_draw(&state, PIECE_MAX);
            ends[count] = (size_t) appended + 100000;
            appended += 100000;
            vn_output_refer(output, (vn_span) {bytes + starts[count], 100000}, NULL, NULL);
        }
        size_t asked = 0;
        for (size_t i = 0; i < (size_t) output->message.msg_iovlen; i++) {
            const struct iovec *part = &output->message.msg_iov[i];
            size_t begin = at + i == 0 ? 0 : ends[at + i - 1];
            size_t skipped = i == 0 ? (size_t) sent - begin : 0;
            if (part->iov_base != bytes + starts[at + i] + skipped)
                problem =
                    rig_failed("seed %llu: a piece is not where it was", (unsigned long long) seed);
            asked += part->iov_len;
        }
        if (asked != wanted && (asked > wanted || output->message.msg_iovlen < VN_OUTPUT_VECTORS))
            problem =
                rig_failed("seed %llu: %zu bytes of %llu in one send", (unsigned long long) seed,
                           asked, (unsigned long long) (appended - sent));
        size_t taken = rig_draw(&state, 3) == 0 ? rig_draw(&state, asked + 1) : asked;
        vn_output_sent(output, taken);
        sent += taken;
        while (at < count && ends[at] <= sent)
            at++;
        if (output->unsent != appended - sent)
            problem = rig_failed("seed %llu: bytes are lost", (unsigned long long) seed);
    }
    vn_output_give(&writer, output);
    vn_writer_close(&writer);
    return problem;
}

/* What others are owed beside 1 MB for one: little leaves in the same turn, much in a later one,
 * and no turn sends more than a share. */
static const char *check_large_output(int over, bool sends_later)
{
    struct scripted_client much = {.over = over}, little = {.over = over};
    struct rig *rig = rig_make(over);
    /* TLS holds a copy of what it sends, and so takes less at a time. */
    size_t least = over == OVER_TLS ? VN_OUTPUT_SEND_MAX / 2 : VN_OUTPUT_SEND_MAX;
    *rig_script(rig) = (struct vn_loopback_script) {.sends_later = sends_later, .stays_open = true};
    struct {
        struct scripted_client *client;
        const char *input;
        struct vn_connection *connection;
    } all[] = {
        {&rig->client, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n", NULL},
        {&much, "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n", NULL},
        {&little, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL},
    };
    for (int i = 0; i < 3; i++)
        all[i].connection = rig_join(rig, all[i].client, "");
    rig_turn_until_idle(rig); /* what a transport says first is said */
    for (int i = 0; i < 3; i++)
        scripted_feed(&rig->worker, all[i].client, all[i].connection, all[i].input,
                      strlen(all[i].input));

    const char *problem = NULL;
    for (int turn = 0; turn < 200 && problem == NULL; turn++) {
        size_t before = scripted_count(&rig->client);
        vn_loop_turn(&rig->worker.loop, 0);
        size_t count = scripted_count(&rig->client) - before;
        if (count > VN_OUTPUT_SEND_MAX)
            problem = rig_failed("%zu bytes left in one turn", count);
        if (turn == (sends_later ? 1 : 0) &&
            (count < least || scripted_count(&much) > 0 || scripted_count(&little) == 0))
            problem = rig_failed("at first %zu bytes leave, beside %zu and %zu", count,
                                 scripted_count(&much), scripted_count(&little));
    }
    if (problem == NULL &&
        (scripted_count(&rig->client) < 1000000 || scripted_count(&much) < 50000))
        problem = rig_failed("only %zu and %zu bytes left", scripted_count(&rig->client),
                             scripted_count(&much));
    rig_script(rig)->stays_open = false;
    for (int turn = 0; turn < 200; turn++)
        vn_loop_turn(&rig->worker.loop, 0);
    scripted_free(&much);
    scripted_free(&little);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Who waits for its turn because of others is not taken for a client that takes nothing. */
static const char *check_postponed_output(int over)
{
    struct scripted_client much = {.over = over}, slow = {.over = over};
    struct rig *rig = rig_make(over);
    rig->config.deadlines.write_stall = 40;
    *rig_script(rig) = (struct vn_loopback_script) {.stays_open = true};
    rig_join(rig, &much, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &rig->client, "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &slow, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_turn_until_idle(rig);
    const char *problem = scripted_count(&rig->client) > 50000 && scripted_count(&much) > 1000000
                              ? NULL
                              : rig_failed("%zu and %zu bytes left", scripted_count(&rig->client),
                                           scripted_count(&much));
    rig_script(rig)->stays_open = false;
    rig_turn_until_idle(rig);
    scripted_free(&much);
    scripted_free(&slow);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Every turn is a late one: requests go on being answered, and what is owed does not pile up. */
static const char *check_late_turns(int over)
{
    enum { REQUESTS = 3000 };
    static const char one[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    char *input = repeated(one, REQUESTS, "");
    *rig_script(rig) = (struct vn_loopback_script) {.stays_open = true, .batch = 60};
    rig_connect(rig, input, (sizeof one - 1) * REQUESTS);
    free(input);

    const char *problem = NULL;
    for (int turn = 0; turn < 2000 && problem == NULL; turn++) {
        vn_loop_turn(&rig->worker.loop, 0);
        if (vn_connection_unsent(rig_conn(rig)) > VN_OUTPUT_SEND_MAX)
            problem = rig_failed("turn %d: %llu bytes wait", turn,
                                 (unsigned long long) vn_connection_unsent(rig_conn(rig)));
    }
    if (problem == NULL &&
        (rig->handled != REQUESTS || scripted_count(&rig->client) < 1000 * REQUESTS))
        problem = rig_failed("%u were handled, %zu bytes left", rig->handled,
                             scripted_count(&rig->client));
    rig_script(rig)->stays_open = false;
    rig_finish(rig);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_large_output(int over)
{
    const char *problem = check_large_output(over, false);
    problem = problem != NULL ? problem : check_large_output(over, true);
    problem = problem != NULL ? problem : check_postponed_output(over);
    return problem != NULL ? problem : check_late_turns(over);
}

const char *vn_check_backpressure(int over)
{
    enum { REQUESTS = 4000 };
    static const char one[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t count = sizeof one - 1;
    char *input = malloc(count * REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(input + i * count, one, count);
    struct rig *rig = rig_make(over);
    rig->config.limits.output = 100000;
    rig_script(rig)->is_stalled = true;
    rig_connect(rig, input, count * REQUESTS);
    free(input);
    rig_turn_until_idle(rig);

    const char *problem = NULL;
    struct vn_connection *conn = rig_conn(rig);
    if (conn == NULL)
        problem = rig_failed("the connection is gone");
    else if (rig->handled > 4)
        problem =
            rig_failed("%u requests were handled for a client that takes nothing", rig->handled);
    else if (conn->input == NULL || conn->input->capacity > 256 * 1024)
        problem = rig_failed("%u bytes wait", conn->input == NULL ? 0 : conn->input->capacity);
    rig_script(rig)->is_stalled = false;
    rig_script(rig)->sends_later = true;
    bool finished = rig_finish(rig);
    if (problem == NULL && (!finished || rig->handled != REQUESTS))
        problem =
            rig_failed("finished %d, %u of %d requests handled", finished, rig->handled, REQUESTS);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *check_waiting_producer(int over)
{
    static const char input[] =
        "GET /wait HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    const char *problem = rig->turns == 1
                              ? NULL
                              : rig_failed("a producer that waits was called %u times", rig->turns);
    for (uint32_t turn = 2; turn <= 3 && problem == NULL; turn++) {
        vn_handle_resume(rig->handle);
        rig_turn_until_idle(rig);
        if (rig->turns != turn)
            problem = rig_failed("resumed, but called %u times", rig->turns);
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "tick\n\r\n0\r\n\r\nHTTP/1.1 200") == NULL))
        problem = rig_failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *check_paused_consumer(int over)
{
    enum { BODY = 300000 };
    char *input = malloc(BODY + 200);
    int head =
        sprintf(input, "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(input + head, 'a', BODY);
    struct rig *rig = rig_make(over);
    rig_connect(rig, input, (size_t) head + BODY);
    free(input);
    rig_turn_until_idle(rig);
    /* One buffer of the ring, or one record. */
    size_t most = over == OVER_TLS ? 16384 : 8192;
    const char *problem = rig->consumed < most ? NULL
                                               : rig_failed("paused, but got %llu",
                                                            (unsigned long long) rig->consumed);
    for (int i = 0; i < 1000 && rig->client.peer.ended == 0; i++) {
        vn_handle_resume(rig->handle);
        vn_loop_turn(&rig->worker.loop, 0);
        vn_loop_turn(&rig->worker.loop, 0);
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "\r\n\r\n300000") == NULL))
        problem = rig_failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* An answer that comes while the body is paused drains the rest, and the next request is served. */
static const char *check_answer_while_paused(int over)
{
    enum { BODY = 30000 };
    static const char next[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    char *input = malloc(BODY + 300);
    int head =
        sprintf(input, "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(input + head, 'a', BODY);
    memcpy(input + head + BODY, next, sizeof next);
    struct rig *rig = rig_make(over);
    rig_connect(rig, input, (size_t) head + BODY + sizeof next - 1);
    free(input);
    rig_turn_until_idle(rig);
    vn_handle_run(rig->handle, rig_answer_later, rig);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || rig->handled != 2 || strstr(output, "\r\n\r\nlaterHTTP/1.1 200") == NULL)
        problem = rig_failed("finished %d, handled %u: %s", finished, rig->handled, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_resume(int over)
{
    const char *problem = check_waiting_producer(over);
    if (problem == NULL)
        problem = check_paused_consumer(over);
    return problem != NULL ? problem : check_answer_while_paused(over);
}

static void *answer_from_thread(void *context)
{
    struct rig *rig = context;
    vn_handle_run(rig->handle, rig_answer_later, rig);
    return NULL;
}

const char *vn_check_deferral(int over)
{
    static const char input[] =
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    const char *problem = rig->handled == 1 && scripted_count(&rig->client) == 0
                              ? NULL
                              : rig_failed("it did not wait");
    pthread_t thread;
    pthread_create(&thread, NULL, answer_from_thread, rig);
    bool finished = rig_finish(rig);
    pthread_join(thread, NULL);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "\r\n\r\nlaterHTTP/1.1 200") == NULL))
        problem = rig_failed("finished %d: %s", finished, output);
    free(output);
    vn_handle_run(rig->handle, rig_answer_later, rig); /* the exchange is over */
    vn_loop_turn(&rig->worker.loop, 0);
    if (problem == NULL && (rig->later_alive != 1 || rig->later_null != 1))
        problem = rig_failed("alive %u, NULL %u", rig->later_alive, rig->later_null);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* A handle of the first exchange never reaches the second one on the same connection. */
const char *vn_check_stale_handles(int over)
{
    static const char input[] =
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    vn_handle first = rig->handle;
    vn_handle_run(first, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    vn_handle_run(first, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    const char *problem = rig->handled == 2 && rig->later_alive == 1 && rig->later_null == 1
                              ? NULL
                              : rig_failed("handled %u, alive %u, NULL %u", rig->handled,
                                           rig->later_alive, rig->later_null);
    vn_handle_run(rig->handle, rig_answer_later, rig);
    rig_finish(rig);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

#define ONE_SHARED "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n"

const char *vn_check_releases(int over)
{
    static const char *const inputs[] = {
        ONE_SHARED,
        "HEAD /shared HTTP/1.1\r\nHost: a\r\n\r\n",
        ONE_SHARED ONE_SHARED ONE_SHARED,
        "GET /produce-shared HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /produce-shared HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs && problem == NULL; i++) {
        problem = vn_check_lost_clients(over, inputs[i], strlen(inputs[i]));
        if (problem == NULL)
            problem = vn_check_schedules(over, inputs[i], strlen(inputs[i]), 1, 50);
    }
    return problem;
}

/* What a response refuses, and that it can still be answered afterwards. */
static void refuse_handle(void *context, const vn_request *request, vn_response *response)
{
    struct rig *rig = context;
    (void) request;
    static const struct {
        const char *name;
        const char *value;
        int32_t want;
    } cases[] = {
        {"X-A", "fine", 0},
        {"X-A", "", 0},
        {"X-A", "tab\tand \xc3\xa9", 0},
        {"X-A", "a\rb", -EINVAL},
        {"X-A", "a\nb", -EINVAL},
        {"X-A", "a\x7f", -EINVAL},
        {"", "a", -EINVAL},
        {"X A", "a", -EINVAL},
        {"X:", "a", -EINVAL},
        {"content-length", "1", -EPERM},
        {"Transfer-Encoding", "chunked", -EPERM},
        {"DATE", "now", -EPERM},
        {"connection", "close", -EPERM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (vn_response_add_field(response, vn_span_of(cases[i].name),
                                  vn_span_of(cases[i].value)) != cases[i].want)
            rig->later_null++;
    static uint8_t huge[70000];
    memset(huge, 'a', sizeof huge);
    if (vn_response_add_field(response, vn_span_of("X-A"),
                              (vn_span) {(const uint8_t *) "a\0b", 3}) != -EINVAL ||
        vn_response_add_field(response, vn_span_of("X-A"), (vn_span) {huge, sizeof huge}) !=
            -EMSGSIZE ||
        vn_response_add_field(response, vn_span_of("X-B"), (vn_span) {huge, 60000}) != 0 ||
        vn_response_add_field(response, vn_span_of("X-C"), (vn_span) {huge, 6000}) != -EMSGSIZE ||
        vn_response_set_status(response, 199) != -EINVAL ||
        vn_response_set_status(response, 1000) != -EINVAL ||
        vn_response_set_status(response, 431) != 0 ||
        vn_response_send(response, rig_text, vn_span_of("x")) != 0 ||
        vn_response_send(response, rig_text, vn_span_of("x")) != -EALREADY ||
        vn_response_defer(response) != -EALREADY ||
        vn_response_set_status(response, 200) != -EALREADY ||
        vn_response_add_field(response, vn_span_of("X-D"), vn_span_of("1")) != -EALREADY)
        rig->later_null++;
    rig->handled++;
}

const char *vn_check_response_refusals(int over)
{
    static const char input[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char begin[] =
        "HTTP/1.1 431 Request Header Fields Too Large\r\nDate: *\r\nX-A: fine\r\nX-A: \r\n";
    struct rig *rig = rig_make(over);
    rig->config.handlers.handle = refuse_handle;
    rig_connect(rig, input, sizeof input - 1);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || rig->handled != 1 || rig->later_null != 0)
        problem = rig_failed("finished %d, handled %u, %u answers were not as they should be",
                             finished, rig->handled, rig->later_null);
    else if (strncmp(output, begin, sizeof begin - 1) != 0 ||
             strstr(output, "Content-Length: 1\r\n\r\nx") == NULL)
        problem = rig_failed("%.300s", output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* An idle connection ends at once, one that waits for its answer gets it and hears of the close. */
const char *vn_check_drain(int over)
{
    static const char input[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make(over);
    rig_script(rig)->stays_open = true;
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    rig_turn_until_idle(rig);
    const char *problem =
        rig->client.peer.ended == 0 ? NULL : rig_failed("a request in hand was dropped");
    vn_handle_run(rig->handle, rig_answer_later, rig);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "Connection: close\r\n") == NULL))
        problem = rig_failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}
