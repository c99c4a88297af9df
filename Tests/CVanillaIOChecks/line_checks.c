// SPDX-License-Identifier: MIT
#include "include/line_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/CVanillaIO.h"
#include "line_protocol.h"
#include "rig.h"

enum { ANSWERS_MAX = 32 };

/* ---- What a client has got ---- */

struct answer {
    int heads;
    unsigned status;
    char *body;
    size_t count;
    char end; /* '.' or '!'; 0: it goes on */
};

struct answers {
    struct answer of[ANSWERS_MAX + 1]; /* by number */
    char order[ANSWERS_MAX + 1]; /* their numbers from 'A' on, in which they ended */
    bool is_wrong; /* that is not the protocol */
    bool is_cut; /* it ends within a line or a piece */
};

/* One line and what belongs to it. Returns where the next one begins; NULL: there is none. */
static const char *read_line(struct answers *answers, const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t) (end - at));
    char *rest;
    answers->is_cut = line_end == NULL;
    if (line_end == NULL)
        return NULL;
    unsigned long number = strtoul(at, &rest, 10), value = strtoul(rest + 1, NULL, 10);
    if (number == 0 || number > ANSWERS_MAX) {
        answers->is_wrong = true;
        return NULL;
    }
    struct answer *answer = &answers->of[number];
    answers->is_wrong |= answer->end != 0 || (*rest != ' ' && answer->heads == 0 && *rest != '!');
    switch (*rest) {
    case ' ':
        answer->heads++;
        answer->status = (unsigned) value;
        return line_end + 1;
    case '+':
        answers->is_cut = (size_t) (end - line_end) < value + 2;
        if (answers->is_cut)
            return NULL;
        answers->is_wrong |= value == 0 || line_end[1 + value] != '\n';
        answer->body = realloc(answer->body, answer->count + value + 1);
        memcpy(answer->body + answer->count, line_end + 1, value);
        answer->count += value;
        answer->body[answer->count] = '\0';
        return line_end + 2 + value;
    case '.':
    case '!':
        answer->end = *rest;
        answers->order[strlen(answers->order)] = (char) ('A' + number - 1);
        return line_end + 1;
    default:
        answers->is_wrong = true;
        return NULL;
    }
}

static struct answers *answers_of(struct scripted_client *client)
{
    struct answers *answers = calloc(1, sizeof *answers);
    const char *at = scripted_bytes(client), *end = at + scripted_count(client);
    while (at != NULL && at < end)
        at = read_line(answers, at, end);
    for (int i = 1; i <= ANSWERS_MAX; i++)
        answers->is_wrong |= answers->of[i].heads > 1;
    return answers;
}

static void answers_free(struct answers *answers)
{
    for (int i = 1; i <= ANSWERS_MAX; i++)
        free(answers->of[i].body);
    free(answers);
}

static uint32_t hash_of(const char *bytes, size_t count)
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (uint8_t) bytes[i]) * 16777619;
    return hash;
}

/* All answers as text, each body by its size and a hash. */
static void describe(struct rig *rig, char text[1024])
{
    struct answers *answers = answers_of(&rig->client);
    size_t at = 0;
    text[0] = '\0';
    for (int i = 1; i <= ANSWERS_MAX; i++) {
        const struct answer *answer = &answers->of[i];
        if (answer->heads > 0 || answer->end != 0)
            at += (size_t) snprintf(text + at, 1024 - at, "%d:%u,%zu,%08x%c ", i, answer->status,
                                    answer->count, hash_of(answer->body, answer->count),
                                    answer->end == 0 ? '?' : answer->end);
    }
    snprintf(text + at, 1024 - at, "%s%s", answers->is_wrong ? "WRONG" : "",
             answers->is_cut ? "CUT" : "");
    answers_free(answers);
}

/* Those that have ended, in that order, begin with this. */
static const char *expect_order(struct rig *rig, const char *want)
{
    struct answers *answers = answers_of(&rig->client);
    const char *problem = NULL;
    if (answers->is_wrong || strcmp(answers->order, want) != 0)
        problem = rig_failed("they ended as %s instead of %s: %.300s", answers->order, want,
                             scripted_bytes(&rig->client));
    answers_free(answers);
    return problem;
}

static const char *expect_answer(struct rig *rig, int number, unsigned status, const char *body,
                                 char end)
{
    struct answers *answers = answers_of(&rig->client);
    const struct answer *answer = &answers->of[number];
    const char *problem = NULL, *have = answer->body == NULL ? "" : answer->body;
    if (answers->is_wrong || answer->status != status || answer->end != end ||
        (body != NULL && strcmp(have, body) != 0))
        problem = rig_failed("answer %d: %u \"%.60s\" %c", number, answer->status, have,
                             answer->end == 0 ? '?' : answer->end);
    answers_free(answers);
    return problem;
}

/* ---- The rig ---- */

static struct rig *make(int over)
{
    struct rig *rig = rig_make(over);
    rig->protocol = &line_protocol;
    rig_script(rig)->stays_open = true;
    return rig;
}

static const char *finish(struct rig *rig, const char *problem)
{
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static void say(struct rig *rig, const char *lines)
{
    rig_feed(rig, lines, strlen(lines));
    rig_turn_until_idle(rig);
}

#define STEP(call) problem = problem != NULL ? problem : (call)

/* ---- Answers ---- */

static const char conversation[] =
    "GET /\nGET /missing\nHEAD /\nGET /no-content\nGET /produce-5000\n"
    "GET /produce-short\nGET /shared\nGET /nothing\nGET /raw\n"
    "FETCH /\n\nGET /echo\nGET\nHEAD /produce\nGET /";

const char *vn_check_lines_are_answered(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig_connect(rig, conversation, sizeof conversation - 1);
    rig_turn_until_idle(rig);
    STEP(expect_answer(rig, 1, 200, "Hello", '.'));
    STEP(expect_answer(rig, 2, 404, "", '.'));
    STEP(expect_answer(rig, 3, 200, "", '.'));
    STEP(expect_answer(rig, 4, 204, "", '.'));
    STEP(expect_answer(rig, 5, 200, NULL, '.'));
    STEP(expect_answer(rig, 6, 200, "short", '!'));
    STEP(expect_answer(rig, 7, 200, NULL, '.'));
    STEP(expect_answer(rig, 8, 500, "500 Internal Server Error\n", '.'));
    /* There is no such thing, and it said nothing else. */
    STEP(expect_answer(rig, 9, 500, "500 Internal Server Error\n", '.'));
    STEP(expect_answer(rig, 10, 501, "", '.'));
    STEP(expect_answer(rig, 11, 501, "", '.'));
    STEP(expect_answer(rig, 12, 200, "", '.'));
    STEP(expect_answer(rig, 14, 200, "", '.'));
    say(rig, "\n");
    STEP(expect_answer(rig, 15, 200, "Hello", '.'));
    if (problem == NULL && rig->worker.listeners[0].counted.requests != 15)
        problem = rig_failed("requests are not counted");
    rig_script(rig)->stays_open = false;
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it did not end");
    return finish(rig, problem);
}

/* All answers to the conversation, in which one body is produced, since the rig has one count. */
static const char *run(int over, const struct vn_loopback_script *script, size_t cut,
                       char text[1024])
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    size_t count;
    uint8_t *wire =
        scripted_wire(&rig->client, conversation, sizeof conversation - 1, false, &count);
    *rig_script(rig) = *script;
    rig_script(rig)->stays_open = cut != 0;
    size_t first = cut == 0 || cut > count ? count : cut;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, first);
    if (cut != 0) {
        rig_turn_until_idle(rig);
        scripted_feed_wire(&rig->worker, &rig->client, rig_conn(rig), wire + first, count - first);
        rig_script(rig)->stays_open = false;
    }
    free(wire);
    if (!rig_finish(rig))
        problem = rig_failed("it did not end");
    describe(rig, text);
    return finish(rig, problem);
}

static const char *check_run(int over, const struct vn_loopback_script *script, size_t cut,
                             const char *want)
{
    char have[1024];
    const char *problem = run(over, script, cut, have);
    if (problem == NULL && strcmp(have, want) != 0)
        problem = rig_failed("seed %llu, cut %zu: %s instead of %s",
                             (unsigned long long) script->seed, cut, have, want);
    return problem;
}

static const char *expected(int over, char want[1024])
{
    const char *problem = run(over, &(struct vn_loopback_script) {0}, 0, want);
    if (problem == NULL && (strstr(want, "WRONG") != NULL || strstr(want, "CUT") != NULL))
        problem = rig_failed("%s", want);
    return problem;
}

const char *vn_check_lines_cut(int over)
{
    char want[1024];
    const char *problem = expected(over, want);
    for (size_t cut = 1; cut < sizeof conversation - 1 && problem == NULL;
         cut += scripted_stride(over))
        problem = check_run(over, &(struct vn_loopback_script) {0}, cut, want);
    static const uint32_t sizes[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && problem == NULL; i++) {
        problem = check_run(over, &(struct vn_loopback_script) {.receive_max = sizes[i]}, 0, want);
        STEP(check_run(
            over, &(struct vn_loopback_script) {.send_max = 90 + sizes[i], .sends_later = i & 1}, 0,
            want));
    }
    return problem;
}

const char *vn_check_lines_at_random(int over, uint64_t seed)
{
    char want[1024];
    const char *problem = expected(over, want);
    return problem != NULL ? problem
                           : check_run(over, &(struct vn_loopback_script) {.seed = seed}, 0, want);
}

/* ---- Lost clients ---- */

static const char *check_lost(int over, const uint8_t *wire, size_t count,
                              const struct vn_loopback_script *script)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig->config.deadlines.handler = 5;
    rig->config.deadlines.write_stall = 5;
    *rig_script(rig) = *script;
    scripted_connect_wire(&rig->worker, &rig->client, rig->protocol, wire, count);
    if (!rig_finish(rig))
        problem = rig_failed("%zu bytes, seed %llu: it did not end", count,
                             (unsigned long long) script->seed);
    return finish(rig, problem);
}

static const char losing[] =
    "GET /shared\nGET /later\nGET /wait\nGET /produce-shared\nGET /\nGET /later\n";

const char *vn_check_lines_lost(int over)
{
    static const struct vn_loopback_script scripts[] = {
        {.receive_error = 0},
        {.receive_error = -ECONNRESET},
        {.send_error = -EPIPE},
        {.send_error = -EPIPE, .sends_later = true},
    };
    struct scripted_client client = {.over = over};
    const char *problem = NULL;
    size_t count;
    uint8_t *wire = scripted_wire(&client, losing, sizeof losing - 1, false, &count);
    for (size_t cut = 0; cut <= count; cut += scripted_stride(over))
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts && problem == NULL; i++)
            problem = check_lost(over, wire, cut, &scripts[i]);
    free(wire);
    return problem;
}

const char *vn_check_lines_broken(int over, uint64_t seed)
{
    struct scripted_client client = {.over = over, .sender.sizes = (uint32_t) seed};
    struct vn_loopback_script script = {
        .seed = seed,
        .send_fails_after = 1 + seed * 37 % 3000,
        .receive_error = seed % 2 == 0 ? -ECONNRESET : 0,
    };
    size_t count;
    uint8_t *wire = scripted_wire(&client, losing, sizeof losing - 1, false, &count);
    const char *problem = check_lost(over, wire, count, &script);
    free(wire);
    return problem;
}

/* ---- Promised answers ---- */

static void *answer_from_thread(void *context)
{
    struct rig *rig = context;
    vn_handle_run(rig->handle, rig_answer_later, rig);
    return NULL;
}

const char *vn_check_lines_out_of_order(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    pthread_t thread;
    rig_connect(rig, "", 0);
    say(rig, "GET /later\n");
    vn_handle first = rig->handle;
    say(rig, "GET /later\n");
    vn_handle second = rig->handle;
    say(rig, "GET /later\nGET /\n");
    STEP(expect_order(rig, "D"));
    vn_handle_run(second, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    STEP(expect_order(rig, "DB"));
    STEP(expect_answer(rig, 2, 200, "later", '.'));
    vn_handle_run(second, rig_answer_later, rig); /* it is over */
    pthread_create(&thread, NULL, answer_from_thread, rig);
    pthread_join(thread, NULL);
    rig_turn_until_idle(rig);
    STEP(expect_order(rig, "DBC"));
    say(rig, "GET /");
    rig_script(rig)->stays_open = false;
    rig_turn_until_idle(rig); /* the client has ended its side, and waits for the first */
    if (problem == NULL && (rig_conn(rig) == NULL || rig->later_alive != 2 || rig->later_null != 1))
        problem = rig_failed("alive %u, NULL %u", rig->later_alive, rig->later_null);
    vn_handle_run(first, rig_answer_later, rig);
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it did not end");
    STEP(expect_order(rig, "DBCA"));
    return finish(rig, problem);
}

const char *vn_check_lines_wait(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig_connect(rig, "", 0);
    for (int i = 0; i < LINE_OPEN_MAX; i++)
        say(rig, "GET /later\n");
    vn_handle last = rig->handle;
    say(rig, "GET /\nGET /later\nGET /\n");
    if (rig->handled != LINE_OPEN_MAX)
        problem = rig_failed("%u are open", rig->handled);
    vn_handle_run(last, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    STEP(expect_order(rig, "HI"));
    if (problem == NULL && rig->handled != LINE_OPEN_MAX + 2)
        problem = rig_failed("%u were handled", rig->handled);
    return finish(rig, problem);
}

/* ---- Handlers of their own ---- */

enum { CALLS_MAX = 32 };

struct body {
    char letter;
    int turns;
    vn_handle handle;
};

struct stage {
    struct rig *rig;
    struct body bodies[2];
    vn_detached *calls[CALLS_MAX];
    struct told {
        bool is_lost;
        bool has_ended;
    } told[CALLS_MAX];
    int called;
    vn_hub *hub;
};

static int32_t write_letter(void *context, vn_body_writer *stream)
{
    struct body *body = context;
    char text[4] = {body->letter, (char) ('0' + body->turns), ' ', '\0'};
    vn_body_write(stream, vn_span_of(text));
    return ++body->turns == 4 ? VN_PRODUCE_DONE : VN_PRODUCE_WAIT;
}

static void note_lost(void *context)
{
    ((struct told *) context)->is_lost = true;
}

static const vn_detached_calls told_calls = {.cancelled = note_lost};

static void stage_handle(void *context, const vn_request *request, vn_response *response)
{
    struct stage *stage = context;
    vn_span path = vn_request_path(request);
    int32_t error;
    if (rig_path_is(request, "/a") || rig_path_is(request, "/b")) {
        struct body *body = &stage->bodies[path.bytes[1] - 'a'];
        *body = (struct body) {(char) path.bytes[1], 0, vn_response_handle(response)};
        vn_response_stream(response, rig_text, -1, write_letter, NULL, body);
    } else if (rig_path_is(request, "/call")) {
        vn_detached *call = vn_response_detach(response, request, 16, &error);
        vn_detached_begin(call, &told_calls, &stage->told[stage->called]);
        stage->calls[stage->called++] = call;
    } else if (rig_path_is(request, "/one") || rig_path_is(request, "/two"))
        vn_response_subscribe(response, stage->hub, path, (vn_span) {0});
    else
        vn_response_send(response, rig_text, vn_span_of("Hello"));
}

static struct rig *make_stage(int over, struct stage *stage)
{
    struct rig *rig = make(over);
    *stage = (struct stage) {.rig = rig};
    rig->config.handlers.handle = stage_handle;
    rig->config.handlers.choose_body = NULL;
    rig->config.handlers.exchange_ended = NULL; /* its context is the rig */
    rig->worker.context = stage;
    return rig;
}

const char *vn_check_lines_stream(int over)
{
    struct stage stage;
    struct rig *rig = make_stage(over, &stage);
    const char *problem = NULL;
    rig_connect(rig, "GET /a\nGET /b\n", 14);
    rig_turn_until_idle(rig);
    for (int turn = 0; turn < 3; turn++)
        for (int i = 1; i >= 0; i--) {
            vn_handle_resume(stage.bodies[i].handle);
            rig_turn_until_idle(rig);
            if (turn == 1)
                say(rig, "GET /\n");
        }
    STEP(expect_order(rig, "CDBA"));
    STEP(expect_answer(rig, 1, 200, "a0 a1 a2 a3 ", '.'));
    STEP(expect_answer(rig, 2, 200, "b0 b1 b2 b3 ", '.'));
    return finish(rig, problem);
}

/* ---- Detached ---- */

static void end_call(struct stage *stage, int i, bool answers)
{
    vn_detached *call = stage->calls[i];
    vn_span path = vn_request_path(vn_detached_request(call));
    struct vn_loop *loop = &stage->rig->worker.loop;
    struct vn_loop *before = vn_loop_enter(loop); /* as on the worker's thread */
    if (answers)
        vn_response_send(vn_detached_response(call), rig_text, path);
    stage->told[i].has_ended = true;
    vn_detached_end(call);
    vn_loop_leave(loop, before);
}

/* Whether a response refuses what it is told on another thread than its worker's. */
static bool refuses_elsewhere(vn_detached *call)
{
    vn_response *response = vn_detached_response(call);
    vn_span text = vn_span_of("text");
    return vn_response_set_status(response, 201) == -EXDEV &&
           vn_response_add_field(response, text, text) == -EXDEV &&
           vn_response_reset(response) == -EXDEV &&
           vn_response_send(response, rig_text, text) == -EXDEV &&
           vn_response_send_shared(response, rig_text, text, NULL, NULL) == -EXDEV &&
           vn_response_send_raw(response, text) == -EXDEV &&
           vn_response_stream(response, rig_text, -1, write_letter, NULL, NULL) == -EXDEV &&
           vn_response_receive(response, NULL, NULL, NULL) == -EXDEV &&
           vn_response_defer(response) == -EXDEV && !vn_response_is_answered(response) &&
           vn_handle_resume(vn_response_handle(response)) == 0;
}

const char *vn_check_lines_detached(int over)
{
    struct stage stage;
    struct rig *rig = make_stage(over, &stage);
    const char *problem = NULL;
    rig->config.deadlines.half_close = 20;
    rig_connect(rig, "", 0);
    say(rig, "GET /call\nGET /call\nGET /call\nGET /call\nGET /\n");
    if (problem == NULL && !refuses_elsewhere(stage.calls[0]))
        problem = rig_failed("a response was told something on another thread");
    end_call(&stage, 2, true);
    rig_turn_until_idle(rig);
    end_call(&stage, 0, true);
    rig_turn_until_idle(rig);
    end_call(&stage, 1, false);
    rig_turn_until_idle(rig);
    STEP(expect_order(rig, "ECAB"));
    STEP(expect_answer(rig, 3, 200, "/call", '.'));
    STEP(expect_answer(rig, 2, 500, "500 Internal Server Error\n", '.'));
    rig_script(rig)->stays_open = false; /* and the last is told, since it has ended its side */
    for (uint64_t until = vn_clock() + 20000; !stage.told[3].is_lost && vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 20);
    if (problem == NULL &&
        (!stage.told[3].is_lost || stage.told[0].is_lost || stage.told[1].is_lost))
        problem = rig_failed("who is told is another one");
    end_call(&stage, 3, true);
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it did not end");
    STEP(expect_answer(rig, 4, 200, "/call", '.'));
    return finish(rig, problem);
}

const char *vn_check_lines_detached_at_random(int over, uint64_t seed)
{
    struct stage stage;
    struct rig *rig = make_stage(over, &stage);
    const char *problem = NULL;
    uint64_t random = seed * 2 + 1;
    rig->config.deadlines.handler = 1 + (uint32_t) rig_draw(&random, 20);
    rig_script(rig)->seed = seed;
    rig_script(rig)->stays_open = rig_draw(&random, 2) == 0;
    static const char lines[] = "GET /call\nGET /a\nGET /call\nGET /call\nGET /b\nGET /call\nGET "
                                "/call\nGET /\nGET /call\nGET /call\n";
    rig_connect(rig, lines, sizeof lines - 1);
    for (int step = 0; step < 80; step++) {
        vn_loop_turn(&rig->worker.loop, rig_draw(&random, 4) == 0 ? 1 : 0);
        int i = stage.called == 0 ? 0 : (int) rig_draw(&random, (uint64_t) stage.called);
        if (i < stage.called && !stage.told[i].has_ended && rig_draw(&random, 4) == 0)
            end_call(&stage, i, rig_draw(&random, 3) > 0);
        vn_handle_resume(stage.bodies[rig_draw(&random, 2) % 2].handle.worker != NULL
                             ? stage.bodies[0].handle
                             : (vn_handle) {.worker = &rig->worker});
        if (rig_draw(&random, 60) == 0 && rig_conn(rig) != NULL)
            vn_connection_end(rig_conn(rig));
    }
    bool has_ended = rig_conn(rig) == NULL;
    if (!has_ended)
        vn_connection_end(rig_conn(rig));
    for (int i = 0; i < stage.called; i++)
        if (!stage.told[i].has_ended)
            end_call(&stage, i, true);
    rig_turn_until_idle(rig);
    struct answers *answers = answers_of(&rig->client);
    if (answers->is_wrong)
        problem = rig_failed("seed %llu: %.500s", (unsigned long long) seed,
                             scripted_bytes(&rig->client));
    answers_free(answers);
    return finish(rig, problem);
}

/* ---- Streams of events ---- */

static void publish(struct stage *stage, const char *topic, const char *lines)
{
    vn_hub_publish(stage->hub, vn_span_of(topic), vn_span_of(lines), (vn_span) {0}, (vn_span) {0});
    rig_turn_until_idle(stage->rig);
}

/* The data of the events that an answer got. */
static const char *expect_events(struct rig *rig, int number, const char *want, char end)
{
    struct answers *answers = answers_of(&rig->client);
    const struct answer *answer = &answers->of[number];
    char *copy = strdup(answer->body == NULL ? "" : answer->body), *rest = copy, data[100] = "";
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strncmp(line, "data: ", 6) == 0)
            strcat(data, line + 6);
    const char *problem = NULL;
    if (answers->is_wrong || strcmp(data, want) != 0 || answer->end != end)
        problem = rig_failed("%d got %s %c instead of %s", number, data,
                             answer->end == 0 ? '?' : answer->end, want);
    free(copy);
    answers_free(answers);
    return problem;
}

static bool turn_until(struct rig *rig, const char *want)
{
    for (uint64_t until = vn_clock() + 20000; vn_clock() < until;) {
        vn_loop_turn(&rig->worker.loop, 20);
        if (strstr(scripted_bytes(&rig->client), want) != NULL)
            return true;
    }
    return false;
}

/* One that takes too little is given up, and its neighbours go on. */
static const char *check_slow_subscriber(struct stage *stage)
{
    struct rig *rig = stage->rig;
    vn_hub_statistics counted;
    vn_topic_options options;
    const char *problem = NULL;
    vn_hub_options all;
    vn_hub_options_init(&all);
    options = all.topic;
    options.slow = VN_SLOW_DISCONNECT;
    options.history_bytes = 0;
    options.backlog_bytes = 100;
    vn_hub_declare(stage->hub, vn_span_of("/two"), &options);
    say(rig, "GET /two\n");
    rig_script(rig)->is_stalled = true;
    publish(stage, "/one", "data: 5\n");
    publish(stage, "/two", "data: this is too much for a client that takes nothing ............\n");
    publish(stage, "/two", "data: this is too much for a client that takes nothing ............\n");
    rig_script(rig)->is_stalled = false;
    rig_turn_until_idle(rig);
    vn_hub_read_statistics(stage->hub, &counted);
    STEP(expect_answer(rig, 4, 200, NULL, '!'));
    STEP(expect_events(rig, 1, "1245", 0));
    if (problem == NULL && (counted.connected != 2 || counted.disconnected != 1))
        problem = rig_failed("%llu are connected, %llu were disconnected",
                             (unsigned long long) counted.connected,
                             (unsigned long long) counted.disconnected);
    return problem;
}

const char *vn_check_lines_subscribe(int over)
{
    struct stage stage;
    struct rig *rig = make_stage(over, &stage);
    const char *problem = NULL;
    vn_hub_statistics counted;
    vn_hub_options options;
    vn_hub_options_init(&options);
    options.stream = (vn_event_stream) {
        .heartbeat = 40, .retry_min = 70, .retry_max = 79, .shutdown_spread = 30};
    stage.hub = vn_hub_open(&options);
    rig_connect(rig, "", 0);
    say(rig, "GET /one\nGET /\nGET /one\n");
    publish(&stage, "/one", "data: 1\n");
    publish(&stage, "/one", "data: 2\n");
    publish(&stage, "/three", "data: 3\n");
    publish(&stage, "/one", "data: 4\n");
    STEP(expect_events(rig, 1, "124", 0));
    STEP(expect_events(rig, 3, "124", 0));
    STEP(expect_order(rig, "B"));
    STEP(check_slow_subscriber(&stage));
    if (problem == NULL && !turn_until(rig, "\n:\n\n"))
        problem = rig_failed("no heartbeats");
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it did not end");
    STEP(expect_events(rig, 1, "1245", '.'));
    STEP(expect_events(rig, 3, "1245", '.'));
    vn_hub_read_statistics(stage.hub, &counted);
    if (problem == NULL &&
        (counted.connected != 0 || strstr(scripted_bytes(&rig->client), "retry: 7") == NULL))
        problem = rig_failed("they did not leave as they should");
    problem = finish(rig, problem);
    vn_hub_close(stage.hub);
    return problem;
}

/* ---- Time ---- */

const char *vn_check_lines_expire(int over)
{
    struct stage stage;
    struct rig *rig = make_stage(over, &stage);
    const char *problem = NULL;
    rig->config.deadlines.handler = 40;
    rig->config.deadlines.idle = 30;
    rig_connect(rig, "GET /call\nGET /a\nGET /\n", 23);
    rig_turn_until_idle(rig);
    for (uint64_t until = vn_clock() + 20; vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 5);
    say(rig, "GET /call\n");
    if (!turn_until(rig, "1 503\n1.\n"))
        problem = rig_failed("the first has all the time");
    STEP(expect_order(rig, "CA"));
    if (problem == NULL && (!stage.told[0].is_lost || stage.told[1].is_lost))
        problem = rig_failed("who is told is another one");
    end_call(&stage, 0, true);
    if (!turn_until(rig, "4 503\n4.\n"))
        problem = rig_failed("the second has all the time");
    end_call(&stage, 1, false);
    for (int i = 0; i < 3; i++) {
        vn_handle_resume(stage.bodies[0].handle);
        rig_turn_until_idle(rig);
    }
    STEP(expect_order(rig, "CADB"));
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it is idle and does not end");
    if (problem == NULL &&
        (rig->worker.counted.timeouts_handler != 2 || rig->worker.counted.timeouts_idle != 1))
        problem = rig_failed("deadlines are not counted");
    return finish(rig, problem);
}

const char *vn_check_lines_drain(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig_connect(rig, "", 0);
    say(rig, "GET /later\n");
    vn_handle first = rig->handle;
    say(rig, "GET /later\n");
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    rig_turn_until_idle(rig);
    vn_handle_run(rig->handle, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    if (rig_conn(rig) == NULL)
        problem = rig_failed("a request in hand was dropped");
    vn_handle_run(first, rig_answer_later, rig);
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it did not end");
    STEP(expect_order(rig, "BA"));
    return finish(rig, problem);
}
