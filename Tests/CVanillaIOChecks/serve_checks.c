// SPDX-License-Identifier: MIT
#include "include/serve_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/loopback.h"
#include "serving.h"

static _Thread_local char message[4096];

static const char *failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 11) % below;
}

/* ---- The wheel ---- */

enum { TIMEOUTS = 200 };

const char *vn_check_wheel_fires_on_time(uint64_t seed)
{
    struct vn_wheel wheel;
    struct vn_timeout timeouts[TIMEOUTS] = {0};
    uint64_t due[TIMEOUTS] = {0};
    uint64_t state = seed * 2 + 1, now = 1000 + draw(&state, 1000000);
    vn_wheel_init(&wheel, now);
    for (int step = 0; step < 20000; step++) {
        size_t i = draw(&state, TIMEOUTS);
        static const uint64_t spans[] = {10, 1000, 100000, 40000000};
        if (draw(&state, 8) == 0) {
            vn_wheel_set(&wheel, &timeouts[i], 0);
            due[i] = 0;
        } else {
            due[i] = now + 1 + draw(&state, spans[draw(&state, 4)]);
            vn_wheel_set(&wheel, &timeouts[i], due[i]);
        }
        uint64_t next = vn_wheel_next(&wheel), earliest = UINT64_MAX;
        for (size_t k = 0; k < TIMEOUTS; k++)
            if (due[k] != 0 && due[k] < earliest)
                earliest = due[k];
        if (earliest != UINT64_MAX && next > earliest + VN_WHEEL_TICK)
            return failed("seed %llu step %d: sleeps until %llu, but one is due at %llu",
                          (unsigned long long) seed, step, (unsigned long long) next,
                          (unsigned long long) earliest);
        now += draw(&state, 4) == 0 ? draw(&state, spans[draw(&state, 4)]) : draw(&state, 12);
        struct vn_link fired;
        vn_list_init(&fired);
        vn_wheel_advance(&wheel, now, &fired);
        while (!vn_list_is_empty(&fired)) {
            struct vn_timeout *timeout = vn_holder(fired.next, struct vn_timeout, link);
            vn_list_remove(&timeout->link);
            size_t k = (size_t) (timeout - timeouts);
            if (due[k] == 0 || due[k] > now)
                return failed("seed %llu step %d: %zu fired at %llu, due at %llu",
                              (unsigned long long) seed, step, k, (unsigned long long) now,
                              (unsigned long long) due[k]);
            due[k] = 0;
        }
        for (size_t k = 0; k < TIMEOUTS; k++)
            if (due[k] != 0 && due[k] + VN_WHEEL_TICK < now)
                return failed("seed %llu step %d: %zu was due at %llu and did not fire by %llu",
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
        return failed("a deadline that was always moved fired");
    return wakes <= 8 ? NULL : failed("woke %u times for nothing", wakes);
}

/* ---- A server without sockets ---- */

struct rig {
    vn_config config;
    struct vn_worker worker;
    struct vn_loopback_peer peer;
    vn_handle handle;   /* of the last exchange that wanted one */
    uint32_t handled;   /* requests */
    uint32_t lent;      /* to responses */
    uint32_t released;
    uint32_t turns;     /* of a producer that waits */
    uint64_t consumed;
    uint32_t later_null;
    uint32_t later_alive;
    uint32_t logged;
};

static vn_span path_of(const vn_request *request)
{
    return vn_request_path(request);
}

static bool path_is(const vn_request *request, const char *path)
{
    vn_span have = path_of(request);
    return have.count == strlen(path) && memcmp(have.bytes, path, have.count) == 0;
}

static const vn_span text = {(const uint8_t *) "text/plain", 10};

static void count_release(void *context)
{
    ((struct rig *) context)->released++;
}

static int32_t consume_count(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct rig *rig = context;
    rig->consumed += piece.count;
    if (is_last) {
        char sum[32];
        snprintf(sum, sizeof sum, "%llu", (unsigned long long) rig->consumed);
        vn_response_send(response, text, vn_span_of(sum));
        rig->consumed = 0;
    }
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_pause(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct rig *rig = context;
    rig->handle = vn_response_handle(response);
    consume_count(context, response, piece, is_last);
    return VN_RECEIVE_PAUSE;
}

static int32_t consume_nothing(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) response, (void) piece, (void) is_last;
    return VN_RECEIVE_MORE;
}

static int32_t consume_and_fail(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) response, (void) piece, (void) is_last;
    return -EIO;
}

/* 5,000 bytes in pieces of a hundred. */
static int32_t produce(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    char piece[100];
    memset(piece, 'a' + (int) (rig->turns % 26), sizeof piece);
    vn_body_write(stream, (vn_span) {(uint8_t *) piece, sizeof piece});
    return ++rig->turns % 50 == 0 ? VN_PRODUCE_DONE : VN_PRODUCE_MORE;
}

static int32_t produce_and_wait(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    vn_body_write(stream, vn_span_of("tick\n"));
    return ++rig->turns == 3 ? VN_PRODUCE_DONE : VN_PRODUCE_WAIT;
}

static int32_t produce_too_little(void *context, vn_body_writer *stream)
{
    (void) context;
    vn_body_write(stream, vn_span_of("short"));
    return VN_PRODUCE_DONE;
}

static int32_t produce_shared(void *context, vn_body_writer *stream)
{
    struct rig *rig = context;
    static const uint8_t block[1000] = {'x'};
    rig->lent++;
    vn_body_write_shared(stream, (vn_span) {block, sizeof block}, count_release, rig);
    return ++rig->turns % 40 == 0 ? VN_PRODUCE_DONE : VN_PRODUCE_MORE;
}

static int32_t produce_on(void *context, vn_body_writer *stream)
{
    produce_shared(context, stream);
    return VN_PRODUCE_MORE;
}

static void rig_handle(void *context, const vn_request *request, vn_response *response)
{
    struct rig *rig = context;
    static const uint8_t big[50000] = {'b'};
    static const uint8_t huge[1000000] = {'h'};
    rig->handled++;
    if (path_is(request, "/echo"))
        vn_response_send(response, text, request->body);
    else if (path_is(request, "/slow")) { /* longer than the patience of a test */
        for (uint64_t until = vn_clock() + 100; vn_clock() < until;)
            ;
        vn_response_send(response, text, vn_span_of("Hello"));
    } else if (path_is(request, "/late")) { /* whatever the turn has taken so far, it is late now */
        rig->worker.loop.budget.ends = 0;
        vn_response_send(response, text, (vn_span) {big, 1000});
    } else if (path_is(request, "/huge")) {
        rig->lent++;
        vn_response_send_shared(response, text, (vn_span) {huge, sizeof huge}, count_release, rig);
    } else if (path_is(request, "/count") || path_is(request, "/ignored-count"))
        vn_response_receive(response, consume_count, NULL, rig);
    else if (path_is(request, "/pause"))
        vn_response_receive(response, consume_and_pause, NULL, rig);
    else if (path_is(request, "/late-count")) {
        rig->handle = vn_response_handle(response);
        vn_response_receive(response, consume_nothing, NULL, rig);
        vn_response_defer(response);
    } else if (path_is(request, "/fail"))
        vn_response_receive(response, consume_and_fail, NULL, rig);
    else if (path_is(request, "/produce"))
        vn_response_stream(response, text, -1, produce, NULL, rig);
    else if (path_is(request, "/produce-5000"))
        vn_response_stream(response, text, 5000, produce, NULL, rig);
    else if (path_is(request, "/produce-short"))
        vn_response_stream(response, text, 6, produce_too_little, NULL, rig);
    else if (path_is(request, "/produce-shared")) {
        rig->lent++;
        vn_response_stream(response, text, 40000, produce_shared, count_release, rig);
    } else if (path_is(request, "/produce-on")) {
        vn_response_stream(response, text, -1, produce_on, NULL, rig);
    } else if (path_is(request, "/wait")) {
        rig->handle = vn_response_handle(response);
        vn_response_stream(response, text, -1, produce_and_wait, NULL, rig);
    } else if (path_is(request, "/later")) {
        rig->handle = vn_response_handle(response);
        vn_response_defer(response);
    } else if (path_is(request, "/shared")) {
        rig->lent++;
        vn_response_send_shared(response, text, (vn_span) {big, sizeof big}, count_release, rig);
    } else if (path_is(request, "/nothing")) {
    } else if (path_is(request, "/missing")) {
        vn_response_add_field(response, vn_span_of("X-One"), vn_span_of("1"));
        vn_response_set_status(response, 404);
        vn_response_send(response, (vn_span) {0}, (vn_span) {0});
    } else if (path_is(request, "/no-content")) {
        vn_response_set_status(response, 204);
        vn_response_send(response, (vn_span) {0}, vn_span_of("dropped"));
    } else if (path_is(request, "/raw"))
        vn_response_send_raw(response,
                             vn_span_of("HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n"));
    else
        vn_response_send(response, text, vn_span_of("Hello"));
}

static int32_t rig_choose_body(void *context, const vn_request *request)
{
    (void) context;
    if (path_is(request, "/count") || path_is(request, "/late-count") ||
        path_is(request, "/pause") || path_is(request, "/fail") ||
        path_is(request, "/stream-unread"))
        return VN_BODY_STREAMED;
    return path_is(request, "/ignore") || path_is(request, "/ignored-count") ? VN_BODY_IGNORED
                                                                             : VN_BODY_WHOLE;
}

static void rig_log(void *context, int32_t level, const char *line)
{
    (void) level, (void) line;
    ((struct rig *) context)->logged++;
}

static struct rig *rig_make(void)
{
    struct rig *rig = NULL;
    if (posix_memalign((void **) &rig, 128, sizeof *rig) != 0)
        abort();
    memset(rig, 0, sizeof *rig);
    vn_config_init(&rig->config);
    rig->config.handlers =
        (vn_handlers) {.context = rig, .handle = rig_handle, .choose_body = rig_choose_body};
    rig->config.log = rig_log;
    rig->config.log_context = rig;
    if (vn_worker_init(&rig->worker, &rig->config) != 0)
        abort();
    rig->worker.context = rig;
    if (serving_open(&rig->worker, vn_loopback_open, 4, 0) != 0)
        abort();
    return rig;
}

static struct vn_loopback_script *script_of(struct rig *rig)
{
    return vn_loopback_script(rig->worker.loop.ring);
}

static void rig_connect(struct rig *rig, const char *input, size_t count)
{
    vn_loopback_expect(rig->worker.loop.ring, &rig->peer, (const uint8_t *) input, count);
    serving_connect(&rig->worker);
}

static struct vn_connection *rig_conn(struct rig *rig)
{
    return serving_first(&rig->worker);
}

/* Turn until the connection has ended. Returns false when it does not. */
static bool rig_finish(struct rig *rig)
{
    uint64_t due = vn_clock() + 20000;
    while (rig->peer.ended == 0 && vn_clock() < due)
        if (vn_loop_turn(&rig->worker.loop, 1000) < 0)
            return false;
    return rig->peer.ended == 1;
}

/* Turn until nothing more happens at once. */
static void rig_settle(struct rig *rig)
{
    for (int i = 0; i < 200; i++)
        vn_loop_turn(&rig->worker.loop, 0);
}

static const char *rig_free(struct rig *rig)
{
    const char *problem = NULL;
    if (rig_conn(rig) != NULL) {
        vn_connection_end(rig_conn(rig));
        rig_finish(rig);
    }
    if (rig->peer.ended != 1)
        problem = failed("%u ENDED instead of one", rig->peer.ended);
    else if (vn_loopback_lent(rig->worker.loop.ring) != 0)
        problem = failed("%u buffers were not given back", vn_loopback_lent(rig->worker.loop.ring));
    else if (rig->worker.loop.sources.count != 0)
        problem = failed("%u slots are still taken", rig->worker.loop.sources.count);
    else if (rig->released != rig->lent)
        problem = failed("lent %u, released %u", rig->lent, rig->released);
    vn_worker_close(&rig->worker);
    vn_worker_deinit(&rig->worker);
    free(rig->peer.output);
    free(rig);
    return problem;
}

/* The output as a string, with each date line as "Date: *". */
static char *rig_output(const struct rig *rig)
{
    char *out = malloc(rig->peer.output_count + 1), *to = out;
    const char *from = (const char *) rig->peer.output, *end = from + rig->peer.output_count;
    while (from < end) {
        if (end - from > 37 && memcmp(from, "\r\nDate: ", 8) == 0 &&
            memcmp(from + 33, " GMT\r\n", 6) == 0) {
            memcpy(to, "\r\nDate: *", 9);
            to += 9;
            from += 37;
        } else
            *to++ = *from++;
    }
    *to = '\0';
    return out;
}

static char *run(const char *input, size_t count, const struct vn_loopback_script *script,
                 const char **problem)
{
    struct rig *rig = rig_make();
    *script_of(rig) = *script;
    rig_connect(rig, input, count);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    *problem = rig_free(rig);
    if (!finished)
        *problem = failed("the connection did not end");
    return output;
}

static const char *compare(const char *have, const char *want, const char *how, uint64_t detail)
{
    if (strcmp(have, want) == 0)
        return NULL;
    return failed("%s %llu: got\n%.1500s\ninstead of\n%.1500s", how, (unsigned long long) detail,
                  have, want);
}

const char *vn_check_answer(const char *input, size_t count, const char *output)
{
    const char *problem;
    char *have = run(input, count, &(struct vn_loopback_script) {0}, &problem);
    if (problem == NULL)
        problem = compare(have, output, "answer", 0);
    free(have);
    return problem;
}

static const char *check_script(const char *input, size_t count,
                                const struct vn_loopback_script *script, const char *want,
                                const char *how, uint64_t detail)
{
    const char *problem;
    char *have = run(input, count, script, &problem);
    if (problem != NULL)
        problem = failed("%s %llu: %s", how, (unsigned long long) detail,
                         strcpy((char[4096]) {0}, problem));
    else
        problem = compare(have, want, how, detail);
    free(have);
    return problem;
}

/* In two parts cut at each place: the script's receive_max cuts only evenly, so the second part is
 * fed later. */
static const char *check_cut(const char *input, size_t count, size_t cut, const char *want)
{
    struct rig *rig = rig_make();
    script_of(rig)->stays_open = true;
    rig_connect(rig, input, cut);
    rig_settle(rig);
    struct vn_connection *conn = rig_conn(rig);
    if (conn != NULL)
        vn_loopback_feed(rig->worker.loop.ring, &conn->entry.source, (const uint8_t *) input + cut,
                         count - cut);
    script_of(rig)->stays_open = false;
    bool finished = rig_finish(rig);
    char *have = rig_output(rig);
    const char *problem = rig_free(rig);
    if (problem == NULL)
        problem = finished ? compare(have, want, "cut", cut)
                           : failed("cut %zu: the connection did not end", cut);
    free(have);
    return problem;
}

const char *vn_check_cuts(const char *input, size_t count)
{
    const char *problem;
    char *want = run(input, count, &(struct vn_loopback_script) {0}, &problem);
    for (size_t cut = 1; cut < count && problem == NULL; cut++)
        problem = check_cut(input, count, cut, want);
    static const uint32_t sizes[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < 5 && problem == NULL; i++) {
        problem = check_script(input, count, &(struct vn_loopback_script) {.receive_max = sizes[i]},
                               want, "pieces of", sizes[i]);
        if (problem == NULL)
            problem = check_script(
                input, count,
                &(struct vn_loopback_script) {.send_max = sizes[i], .sends_later = i & 1}, want,
                "sends of", sizes[i]);
    }
    free(want);
    return problem;
}

const char *vn_check_schedules(const char *input, size_t count, uint64_t first_seed, uint64_t seeds)
{
    const char *problem;
    char *want = run(input, count, &(struct vn_loopback_script) {0}, &problem);
    for (uint64_t seed = first_seed; seed < first_seed + seeds && problem == NULL; seed++)
        problem = check_script(input, count, &(struct vn_loopback_script) {.seed = seed}, want,
                               "seed", seed);
    free(want);
    return problem;
}

const char *vn_check_lost_clients(const char *input, size_t count)
{
    const char *problem = NULL;
    for (size_t cut = 0; cut <= count && problem == NULL; cut++) {
        static const int32_t errors[] = {0, -ECONNRESET};
        for (int i = 0; i < 2 && problem == NULL; i++)
            free(run(input, cut, &(struct vn_loopback_script) {.receive_error = errors[i]},
                     &problem));
        if (problem == NULL)
            free(run(input, cut, &(struct vn_loopback_script) {.send_error = -EPIPE}, &problem));
        if (problem == NULL)
            free(run(input, cut,
                     &(struct vn_loopback_script) {.send_error = -EPIPE, .sends_later = true},
                     &problem));
        if (problem != NULL)
            problem = failed("after %zu bytes: %s", cut, strcpy((char[4096]) {0}, problem));
    }
    return problem;
}

/* The client breaks off while it is answered, in random schedules in which one wait brings several
 * events: what comes after the end of a connection touches nothing. */
const char *vn_check_broken_answers(const char *input, size_t count, uint64_t first_seed,
                                    uint64_t seeds)
{
    const char *problem = NULL;
    for (uint64_t seed = first_seed; seed < first_seed + seeds && problem == NULL; seed++) {
        struct vn_loopback_script script = {
            .seed = seed,
            .send_fails_after = 1 + seed % 300,
            .receive_error = seed % 2 == 0 ? -ECONNRESET : 0,
        };
        free(run(input, count, &script, &problem));
        if (problem != NULL)
            problem = failed("seed %llu: %s", (unsigned long long) seed,
                             strcpy((char[4096]) {0}, problem));
    }
    return problem;
}

/* Bytes of a body and the failure of a send in one batch, the body's exchange gone with it. */
const char *vn_check_event_after_end(void)
{
    static const char input[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n"
                                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\nab";
    struct rig *rig = rig_make();
    *script_of(rig) = (struct vn_loopback_script) {
        .send_max = 100, .sends_later = true, .is_stalled = true, .stays_open = true, .batch = 2};
    rig_connect(rig, input, sizeof input - 1);
    rig_settle(rig);
    struct vn_connection *conn = rig_conn(rig);
    vn_loopback_feed(rig->worker.loop.ring, &conn->entry.source, (const uint8_t *) input,
                     sizeof input - 1);
    script_of(rig)->is_stalled = false;
    script_of(rig)->sends_later = false;
    script_of(rig)->send_fails_after = 1;
    const char *problem = rig_finish(rig) ? NULL : failed("the connection did not end");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* ---- Limits ---- */

/* Run `input` over changed limits and tell the status line of the last answer, "" for none. */
static const char *last_status(const vn_limits *limits, const char *input, size_t count,
                               char status[32], uint32_t *answers)
{
    struct rig *rig = rig_make();
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
    return finished ? problem : failed("the connection did not end");
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

static const char *check_fill(const struct limit_case *which, size_t fill, const char *want)
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
    const char *problem = last_status(&config.limits, input,
                                      (size_t) before + fill + (size_t) behind, status, &answers);
    if (problem == NULL && strcmp(status, want) != 0)
        problem = failed("%s with %zu: \"%s\" instead of \"%s\"", which->name, fill, status, want);
    return problem;
}

static const char *expect(const vn_limits *limits, const char *input, const char *want,
                          uint32_t want_answers)
{
    char status[32];
    uint32_t answers;
    const char *problem = last_status(limits, input, strlen(input), status, &answers);
    if (problem == NULL && (strcmp(status, want) != 0 || answers != want_answers))
        problem = failed("\"%s\" (%u answers) instead of \"%s\" (%u) for %.200s", status, answers,
                         want, want_answers, input);
    return problem;
}

static const char *check_bodies(const char *path, vn_limits limits)
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
        problem = expect(&limits, input, cases[i].want, 1);
    }
    return problem;
}

/* How many requests are handled for a client that takes nothing, when `most` bytes may be unsent. */
static uint32_t handled_with_output(uint32_t most)
{
    enum { REQUESTS = 100 };
    static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    char input[REQUESTS * (sizeof one - 1)];
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(input + i * (sizeof one - 1), one, sizeof one - 1);
    struct rig *rig = rig_make();
    rig->config.limits.output = most;
    *script_of(rig) = (struct vn_loopback_script) {.is_stalled = true, .stays_open = true};
    rig_connect(rig, input, sizeof input);
    rig_settle(rig);
    uint32_t handled = rig->handled;
    script_of(rig)->is_stalled = false;
    script_of(rig)->stays_open = false;
    bool finished = rig_finish(rig);
    bool all = rig->handled == REQUESTS;
    return rig_free(rig) == NULL && finished && all ? handled : 0;
}

/* Unsent bytes at the limit let one more request in; a byte less does not. */
static const char *check_output(void)
{
    const char *problem;
    static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig_connect(rig, one, sizeof one - 1);
    rig_finish(rig);
    uint32_t answer = (uint32_t) rig->peer.output_count;
    if ((problem = rig_free(rig)) != NULL)
        return problem;
    uint32_t at = handled_with_output(20 * answer), below = handled_with_output(20 * answer - 1);
    return at == 21 && below == 20 ? NULL : failed("%u at the limit, %u a byte below", at, below);
}

/* Bytes behind a refusal are drained up to the limit; one more cuts. */
static const char *check_linger(void)
{
    for (uint32_t waste = 10; waste <= 11; waste++) {
        struct rig *rig = rig_make();
        rig->config.limits.linger = 10;
        script_of(rig)->stays_open = true;
        rig_connect(rig, "BAD\r\n", 5);
        rig_settle(rig);
        vn_loopback_feed(rig->worker.loop.ring, &rig_conn(rig)->entry.source,
                         (const uint8_t *) "xxxxxxxxxxx", waste);
        rig_settle(rig);
        bool ended = rig->peer.ended == 1;
        const char *problem = rig_free(rig);
        if (problem != NULL)
            return problem;
        if (ended != (waste == 11))
            return failed("%u bytes of waste: ended %d", waste, ended);
    }
    return NULL;
}

const char *vn_check_limit(const char *name)
{
    vn_config config;
    vn_config_init(&config);
    vn_limits *limits = &config.limits;
    if (strcmp(name, "body") == 0) {
        limits->body = 20;
        return check_bodies("/echo", *limits);
    }
    if (strcmp(name, "streamed_body") == 0) {
        limits->streamed_body = 20;
        return check_bodies("/count", *limits);
    }
    if (strcmp(name, "field_count") == 0) {
        limits->field_count = 3;
        const char *problem =
            expect(limits, "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n", "200", 1);
        return problem != NULL
                   ? problem
                   : expect(limits, "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
                            "431 close", 1);
    }
    if (strcmp(name, "requests") == 0) {
        limits->requests = 2;
        const char *three = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET "
                            "/ HTTP/1.1\r\nHost: a\r\n\r\n";
        const char *problem = expect(limits, three + strlen(three) / 3 * 2, "200", 1);
        return problem != NULL ? problem : expect(limits, three, "200 close", 2);
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
        const char *problem = expect(limits, within, "200", 2);
        if (problem == NULL)
            problem = expect(limits, beyond, "200 close", 1);
        return problem != NULL ? problem : expect(limits, chunked, "200", 1);
    }
    if (strcmp(name, "output") == 0)
        return check_output();
    if (strcmp(name, "linger") == 0)
        return check_linger();
    for (size_t i = 0; i < sizeof limit_cases / sizeof *limit_cases; i++) {
        const struct limit_case *which = &limit_cases[i];
        if (strcmp(which->name, name) != 0)
            continue;
        const char *problem = check_fill(which, which->fits, which->within);
        return problem != NULL ? problem : check_fill(which, which->fits + 1, which->beyond);
    }
    return failed("no check of the limit %s", name);
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
    {DEADLINE(head), "", false, false, "408 close", VN_TIMEOUT_HEAD},
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

static const char *check_deadline(const struct deadline_case *which)
{
    struct rig *rig = rig_make();
    vn_deadlines *deadlines = &rig->config.deadlines;
    deadlines->linger =
        1; /* the end of what times out otherwise: never 0, which would be for ever */
    deadlines->body_rate = 100000;
    *(uint32_t *) ((uint8_t *) deadlines + which->offset) = 40;
    script_of(rig)->stays_open = !which->is_half_closed;
    script_of(rig)->is_stalled = which->is_stalled;
    uint64_t begun = vn_clock();
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
        return failed("%s: finished %d after %llu ms with \"%s\" instead of \"%s\", counted %llu",
                      which->name, finished, (unsigned long long) took, status, which->want,
                      (unsigned long long) counted);
    return NULL;
}

/* A byte every few milliseconds, for four times the grace: enough for one rate, too slow for another. */
static const char *check_body_rate(uint32_t rate, const char *want)
{
    enum { GRACE = 50, BODY = 4000 };
    static const char input[] = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n";
    static const uint8_t rest[BODY];
    struct rig *rig = rig_make();
    rig->config.deadlines.body_grace = GRACE;
    rig->config.deadlines.body_rate = rate;
    rig->config.deadlines.linger = 1;
    script_of(rig)->stays_open = true;
    rig_connect(rig, input, sizeof input - 1);
    uint64_t begun = vn_clock();
    size_t fed = 0;
    while (rig->peer.ended == 0 && vn_clock() < begun + 4 * GRACE && fed < BODY / 2) {
        for (uint64_t next = vn_clock() + 4; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 4);
        if (rig->peer.output_count == 0) {
            vn_loopback_feed(rig->worker.loop.ring, &rig_conn(rig)->entry.source, rest, 1);
            fed++;
        }
    }
    if (rig->peer.output_count == 0) {
        vn_loopback_feed(rig->worker.loop.ring, &rig_conn(rig)->entry.source, rest, BODY - fed);
        script_of(rig)->stays_open = false;
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || strncmp(output, want, strlen(want)) != 0)
        problem = failed("rate %u: finished %d, %s", rate, finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Each piece of a stream is taken in the end, many of them at once: what counts is how many in all that
 * time. */
static const char *check_write_rate_of_stream(void)
{
    enum { BURSTS = 40 };
    static const char input[] = "GET /produce-on HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig->config.deadlines.write_stall = 40;
    rig->config.deadlines.write_rate = 100000000;
    *script_of(rig) = (struct vn_loopback_script) {.stays_open = true};
    rig_connect(rig, input, sizeof input - 1);
    for (int burst = 0; burst < BURSTS && rig->peer.ended == 0; burst++) {
        script_of(rig)->is_stalled = true;
        for (uint64_t next = vn_clock() + 25; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 2);
        script_of(rig)->is_stalled = false;
        vn_loop_turn(&rig->worker.loop, 0);
    }
    const char *problem = rig->peer.ended == 1 ? NULL : failed("a slow client keeps a stream");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* A burst buys no silence longer than the grace. */
static const char *check_body_burst(void)
{
    struct rig *rig = rig_make();
    rig->config.deadlines.body_grace = 60;
    rig->config.deadlines.body_rate = 1; /* a byte is worth a second */
    rig->config.deadlines.linger = 1;
    script_of(rig)->stays_open = true;
    static const char input[] =
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\naaaaaaaaaaaaaaaaaaaaaaaaa";
    rig_connect(rig, input, sizeof input - 1);
    bool finished = rig_finish(rig);
    const char *problem = rig_free(rig);
    return problem != NULL ? problem : finished ? NULL : failed("a burst bought more than a grace");
}

/* A client that takes a byte now and then, for four times the stall. */
static const char *check_write_rate(uint32_t rate, bool is_cut)
{
    enum { STALL = 50 };
    static const char input[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig->config.deadlines.write_stall = STALL;
    rig->config.deadlines.write_rate = rate;
    *script_of(rig) = (struct vn_loopback_script) {
        .is_stalled = true, .sends_later = true, .send_max = 1, .stays_open = true};
    rig_connect(rig, input, sizeof input - 1);
    uint64_t begun = vn_clock();
    while (rig->peer.ended == 0 && vn_clock() < begun + 4 * STALL) {
        script_of(rig)->is_stalled = false;
        vn_loop_turn(&rig->worker.loop, 0);
        script_of(rig)->is_stalled = true;
        for (uint64_t next = vn_clock() + 4; vn_clock() < next;)
            vn_loop_turn(&rig->worker.loop, 4);
    }
    bool ended = rig->peer.ended == 1;
    uint64_t counted = rig->worker.counted.timeouts_write_stall;
    const char *problem = rig_free(rig);
    if (problem == NULL && (ended != is_cut || counted != is_cut))
        problem =
            failed("rate %u: ended %d, counted %llu", rate, ended, (unsigned long long) counted);
    return problem;
}

const char *vn_check_deadline(const char *name)
{
    if (strcmp(name, "write_rate") == 0) {
        const char *problem = check_write_rate(1, false);
        if (problem == NULL)
            problem = check_write_rate(0, false);
        if (problem == NULL)
            problem = check_write_rate(100000, true);
        return problem != NULL ? problem : check_write_rate_of_stream();
    }
    if (strcmp(name, "body_rate") == 0) {
        const char *problem = check_body_rate(1, "HTTP/1.1 200");
        if (problem == NULL)
            problem = check_body_rate(1000000, "HTTP/1.1 408");
        return problem != NULL ? problem : check_body_burst();
    }
    const char *problem = failed("no check of the deadline %s", name);
    for (size_t i = 0; i < sizeof deadline_cases / sizeof *deadline_cases; i++)
        if (strcmp(deadline_cases[i].name, name) == 0 &&
            (problem = check_deadline(&deadline_cases[i])) != NULL)
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

/* What one turn handles of an input that is there at once, and whether a neighbour who comes
 * behind it in the same turn is answered in that turn. */
static const char *check_share(const char *before, const char *piece, size_t pieces, bool is_body,
                               uint32_t least, uint32_t most)
{
    struct vn_loopback_peer neighbour = {0};
    static const char one[] = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
    char *input = repeated(piece, pieces, before);
    struct rig *rig = rig_make();
    *script_of(rig) = (struct vn_loopback_script) {.stays_open = true, .batch = 60};
    rig_connect(rig, input, strlen(before) + strlen(piece) * pieces);
    vn_loopback_expect(rig->worker.loop.ring, &neighbour, (const uint8_t *) one, sizeof one - 1);
    serving_connect(&rig->worker);

    const char *problem = NULL;
    uint64_t last = 0;
    for (int turn = 0; turn < 1000 && problem == NULL; turn++) {
        vn_loop_turn(&rig->worker.loop, 0);
        uint64_t all = is_body ? rig->consumed : rig->handled - (neighbour.output_count > 0);
        if (all - last > most)
            problem =
                failed("turn %d did %llu pieces of work", turn, (unsigned long long) (all - last));
        if (turn == 0 && all < least)
            problem =
                failed("the first turn did only %llu pieces of work", (unsigned long long) all);
        last = all;
        if (turn == 0 && neighbour.output_count == 0)
            problem = failed("the neighbour has to wait");
    }
    if (problem == NULL && last != pieces)
        problem = failed("%llu of %zu are done", (unsigned long long) last, pieces);
    script_of(rig)->stays_open = false;
    rig_finish(rig);
    for (int turn = 0; turn < 1000 && neighbour.ended == 0; turn++)
        vn_loop_turn(&rig->worker.loop, 0);
    free(neighbour.output);
    free(input);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_shares(void)
{
    static const char body[] = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                               "chunked\r\n\r\n";
    const char *problem = check_share("", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000, false, 1, 59);
    /* The request is as much work as 128 pieces, and so are chunks cut by the end of a buffer. */
    return problem != NULL ? problem : check_share(body, "1\r\na\r\n", 20000, true, 1, 4096);
}

/* ---- Large output ---- */

enum { PIECES = 200, PIECE_MAX = 400000 };

/* Pieces of sizes about the limits, some appended while others are on their way, which leave as far as
 * a send takes them: in order, and never too many bytes at once, nor fewer than there are. */
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
        for (uint64_t more = draw(&state, 12); more > 0 && count < PIECES; more--, count++) {
            size_t size = sizes[draw(&state, 5)] + draw(&state, 3);
            starts[count] = draw(&state, PIECE_MAX);
            ends[count] = (size_t) appended + size;
            appended += size;
            vn_output_refer(output, (vn_span) {bytes + starts[count], size}, NULL, NULL);
        }
        if (output->unsent == 0)
            continue;
        size_t wanted = (size_t) vn_smaller(output->unsent, VN_OUTPUT_SEND_MAX);
        vn_output_prepare(output);
        for (uint64_t more = draw(&state, 12); more > 0 && count < PIECES; more--, count++) {
            starts[count] = draw(&state, PIECE_MAX);
            ends[count] = (size_t) appended + 100000;
            appended += 100000;
            vn_output_refer(output, (vn_span) {bytes + starts[count], 100000}, NULL, NULL);
        }
        size_t asked = 0;
        for (size_t i = 0; i < output->message.msg_iovlen; i++) {
            const struct iovec *part = &output->message.msg_iov[i];
            size_t begin = at + i == 0 ? 0 : ends[at + i - 1];
            size_t skipped = i == 0 ? (size_t) sent - begin : 0;
            if (part->iov_base != bytes + starts[at + i] + skipped)
                problem =
                    failed("seed %llu: a piece is not where it was", (unsigned long long) seed);
            asked += part->iov_len;
        }
        if (asked != wanted && (asked > wanted || output->message.msg_iovlen < VN_OUTPUT_VECTORS))
            problem = failed("seed %llu: %zu bytes of %llu in one send", (unsigned long long) seed,
                             asked, (unsigned long long) (appended - sent));
        size_t taken = draw(&state, 3) == 0 ? draw(&state, asked + 1) : asked;
        vn_output_sent(output, taken);
        sent += taken;
        while (at < count && ends[at] <= sent)
            at++;
        if (output->unsent != appended - sent)
            problem = failed("seed %llu: bytes are lost", (unsigned long long) seed);
    }
    vn_output_give(&writer, output);
    vn_writer_close(&writer);
    return problem;
}

static struct vn_loopback_peer *rig_join(struct rig *rig, struct vn_loopback_peer *peer,
                                         const char *input)
{
    vn_loopback_expect(rig->worker.loop.ring, peer, (const uint8_t *) input, strlen(input));
    serving_connect(&rig->worker);
    return peer;
}

/* What others are owed beside 1 MB for one: little leaves in the same turn, much in a later one, and
 * no turn sends more than a share. */
static const char *check_large_output(bool sends_later)
{
    struct vn_loopback_peer much = {0}, little = {0};
    struct rig *rig = rig_make();
    *script_of(rig) = (struct vn_loopback_script) {.sends_later = sends_later, .stays_open = true};
    rig_join(rig, &rig->peer, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &much, "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &little, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");

    const char *problem = NULL;
    for (int turn = 0; turn < 200 && problem == NULL; turn++) {
        size_t before = rig->peer.output_count;
        vn_loop_turn(&rig->worker.loop, 0);
        size_t count = rig->peer.output_count - before;
        if (count > VN_OUTPUT_SEND_MAX)
            problem = failed("%zu bytes left in one turn", count);
        if (turn == (sends_later ? 1 : 0) &&
            (count < VN_OUTPUT_SEND_MAX || much.output_count > 0 || little.output_count == 0))
            problem = failed("at first %zu bytes leave, beside %zu and %zu", count,
                             much.output_count, little.output_count);
    }
    if (problem == NULL && (rig->peer.output_count < 1000000 || much.output_count < 50000))
        problem = failed("only %zu and %zu bytes left", rig->peer.output_count, much.output_count);
    script_of(rig)->stays_open = false;
    for (int turn = 0; turn < 200; turn++)
        vn_loop_turn(&rig->worker.loop, 0);
    free(much.output);
    free(little.output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Who waits for its turn because of others is not taken for a client that takes nothing. */
static const char *check_postponed_output(void)
{
    struct vn_loopback_peer much = {0}, slow = {0};
    struct rig *rig = rig_make();
    rig->config.deadlines.write_stall = 40;
    *script_of(rig) = (struct vn_loopback_script) {.stays_open = true};
    rig_join(rig, &much, "GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &rig->peer, "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_join(rig, &slow, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_settle(rig);
    const char *problem =
        rig->peer.output_count > 50000 && much.output_count > 1000000
            ? NULL
            : failed("%zu and %zu bytes left", rig->peer.output_count, much.output_count);
    script_of(rig)->stays_open = false;
    rig_settle(rig);
    free(much.output);
    free(slow.output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* Every turn is a late one: requests go on being answered, and what is owed does not pile up. */
static const char *check_late_turns(void)
{
    enum { REQUESTS = 3000 };
    static const char one[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    char *input = repeated(one, REQUESTS, "");
    *script_of(rig) = (struct vn_loopback_script) {.stays_open = true, .batch = 60};
    rig_connect(rig, input, (sizeof one - 1) * REQUESTS);
    free(input);

    const char *problem = NULL;
    for (int turn = 0; turn < 2000 && problem == NULL; turn++) {
        vn_loop_turn(&rig->worker.loop, 0);
        if (vn_connection_unsent(rig_conn(rig)) > VN_OUTPUT_SEND_MAX)
            problem = failed("turn %d: %llu bytes wait", turn,
                             (unsigned long long) vn_connection_unsent(rig_conn(rig)));
    }
    if (problem == NULL && (rig->handled != REQUESTS || rig->peer.output_count < 1000 * REQUESTS))
        problem = failed("%u were handled, %zu bytes left", rig->handled, rig->peer.output_count);
    script_of(rig)->stays_open = false;
    rig_finish(rig);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_large_output(void)
{
    const char *problem = check_large_output(false);
    problem = problem != NULL ? problem : check_large_output(true);
    problem = problem != NULL ? problem : check_postponed_output();
    return problem != NULL ? problem : check_late_turns();
}

const char *vn_check_backpressure(void)
{
    enum { REQUESTS = 4000 };
    static const char one[] = "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n";
    size_t count = sizeof one - 1;
    char *input = malloc(count * REQUESTS);
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(input + i * count, one, count);
    struct rig *rig = rig_make();
    rig->config.limits.output = 100000;
    script_of(rig)->is_stalled = true;
    rig_connect(rig, input, count * REQUESTS);
    free(input);
    rig_settle(rig);

    const char *problem = NULL;
    struct vn_connection *conn = rig_conn(rig);
    if (conn == NULL)
        problem = failed("the connection is gone");
    else if (rig->handled > 4)
        problem = failed("%u requests were handled for a client that takes nothing", rig->handled);
    else if (conn->input == NULL || conn->input->capacity > 256 * 1024)
        problem = failed("%u bytes wait", conn->input == NULL ? 0 : conn->input->capacity);
    script_of(rig)->is_stalled = false;
    script_of(rig)->sends_later = true;
    bool finished = rig_finish(rig);
    if (problem == NULL && (!finished || rig->handled != REQUESTS))
        problem =
            failed("finished %d, %u of %d requests handled", finished, rig->handled, REQUESTS);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *check_waiting_producer(void)
{
    static const char input[] =
        "GET /wait HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig_connect(rig, input, sizeof input - 1);
    rig_settle(rig);
    const char *problem =
        rig->turns == 1 ? NULL : failed("a producer that waits was called %u times", rig->turns);
    for (uint32_t turn = 2; turn <= 3 && problem == NULL; turn++) {
        vn_handle_resume(rig->handle);
        rig_settle(rig);
        if (rig->turns != turn)
            problem = failed("resumed, but called %u times", rig->turns);
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "tick\n\r\n0\r\n\r\nHTTP/1.1 200") == NULL))
        problem = failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *check_paused_consumer(void)
{
    enum { BODY = 300000 };
    char *input = malloc(BODY + 200);
    int head =
        sprintf(input, "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(input + head, 'a', BODY);
    struct rig *rig = rig_make();
    rig_connect(rig, input, (size_t) head + BODY);
    free(input);
    rig_settle(rig);
    const char *problem = rig->consumed < 8192
                              ? NULL
                              : failed("paused, but got %llu", (unsigned long long) rig->consumed);
    for (int i = 0; i < 1000 && rig->peer.ended == 0; i++) {
        vn_handle_resume(rig->handle);
        vn_loop_turn(&rig->worker.loop, 0);
        vn_loop_turn(&rig->worker.loop, 0);
    }
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "\r\n\r\n300000") == NULL))
        problem = failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static void answer_later(void *context, vn_response *response);

/* An answer that comes while the body is paused drains the rest, and the next request is served. */
static const char *check_answer_while_paused(void)
{
    enum { BODY = 30000 };
    static const char next[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    char *input = malloc(BODY + 300);
    int head =
        sprintf(input, "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(input + head, 'a', BODY);
    memcpy(input + head + BODY, next, sizeof next);
    struct rig *rig = rig_make();
    rig_connect(rig, input, (size_t) head + BODY + sizeof next - 1);
    free(input);
    rig_settle(rig);
    vn_handle_run(rig->handle, answer_later, rig);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || rig->handled != 2 || strstr(output, "\r\n\r\nlaterHTTP/1.1 200") == NULL)
        problem = failed("finished %d, handled %u: %s", finished, rig->handled, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_resume(void)
{
    const char *problem = check_waiting_producer();
    if (problem == NULL)
        problem = check_paused_consumer();
    return problem != NULL ? problem : check_answer_while_paused();
}

static void answer_later(void *context, vn_response *response)
{
    struct rig *rig = context;
    if (response == NULL) {
        rig->later_null++;
        return;
    }
    rig->later_alive++;
    vn_response_send(response, text, vn_span_of("later"));
}

static void *answer_from_thread(void *context)
{
    struct rig *rig = context;
    vn_handle_run(rig->handle, answer_later, rig);
    return NULL;
}

const char *vn_check_deferral(void)
{
    static const char input[] =
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig_connect(rig, input, sizeof input - 1);
    rig_settle(rig);
    const char *problem =
        rig->handled == 1 && rig->peer.output_count == 0 ? NULL : failed("it did not wait");
    pthread_t thread;
    pthread_create(&thread, NULL, answer_from_thread, rig);
    bool finished = rig_finish(rig);
    pthread_join(thread, NULL);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "\r\n\r\nlaterHTTP/1.1 200") == NULL))
        problem = failed("finished %d: %s", finished, output);
    free(output);
    vn_handle_run(rig->handle, answer_later, rig); /* the exchange is over */
    vn_loop_turn(&rig->worker.loop, 0);
    if (problem == NULL && (rig->later_alive != 1 || rig->later_null != 1))
        problem = failed("alive %u, NULL %u", rig->later_alive, rig->later_null);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* A handle of the first exchange never reaches the second one on the same connection. */
const char *vn_check_stale_handles(void)
{
    static const char input[] =
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    rig_connect(rig, input, sizeof input - 1);
    rig_settle(rig);
    vn_handle first = rig->handle;
    vn_handle_run(first, answer_later, rig);
    rig_settle(rig);
    vn_handle_run(first, answer_later, rig);
    rig_settle(rig);
    const char *problem = rig->handled == 2 && rig->later_alive == 1 && rig->later_null == 1
                              ? NULL
                              : failed("handled %u, alive %u, NULL %u", rig->handled,
                                       rig->later_alive, rig->later_null);
    vn_handle_run(rig->handle, answer_later, rig);
    rig_finish(rig);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

#define ONE_SHARED "GET /shared HTTP/1.1\r\nHost: a\r\n\r\n"

const char *vn_check_releases(void)
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
        problem = vn_check_lost_clients(inputs[i], strlen(inputs[i]));
        if (problem == NULL)
            problem = vn_check_schedules(inputs[i], strlen(inputs[i]), 1, 50);
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
        vn_response_send(response, text, vn_span_of("x")) != 0 ||
        vn_response_send(response, text, vn_span_of("x")) != -EALREADY ||
        vn_response_defer(response) != -EALREADY ||
        vn_response_set_status(response, 200) != -EALREADY ||
        vn_response_add_field(response, vn_span_of("X-D"), vn_span_of("1")) != -EALREADY)
        rig->later_null++;
    rig->handled++;
}

const char *vn_check_response_refusals(void)
{
    static const char input[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char begin[] =
        "HTTP/1.1 431 Request Header Fields Too Large\r\nDate: *\r\nX-A: fine\r\nX-A: \r\n";
    struct rig *rig = rig_make();
    rig->config.handlers.handle = refuse_handle;
    rig_connect(rig, input, sizeof input - 1);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (!finished || rig->handled != 1 || rig->later_null != 0)
        problem = failed("finished %d, handled %u, %u answers were not as they should be", finished,
                         rig->handled, rig->later_null);
    else if (strncmp(output, begin, sizeof begin - 1) != 0 ||
             strstr(output, "Content-Length: 1\r\n\r\nx") == NULL)
        problem = failed("%.300s", output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

/* An idle connection ends at once, one that waits for its answer gets it and hears of the close. */
const char *vn_check_drain(void)
{
    static const char input[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = rig_make();
    script_of(rig)->stays_open = true;
    rig_connect(rig, input, sizeof input - 1);
    rig_settle(rig);
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    rig_settle(rig);
    const char *problem = rig->peer.ended == 0 ? NULL : failed("a request in hand was dropped");
    vn_handle_run(rig->handle, answer_later, rig);
    bool finished = rig_finish(rig);
    char *output = rig_output(rig);
    if (problem == NULL && (!finished || strstr(output, "Connection: close\r\n") == NULL))
        problem = failed("finished %d: %s", finished, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}
