// SPDX-License-Identifier: MIT
#include "include/http2_checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http2_client.h"
#include "serve/http2.h"
#include "serve/http2_limits.h"
#include "serve/preface.h"

enum { TEXT_MAX = 2048 };

static struct rig *make(int over)
{
    struct rig *rig = rig_make(over);
    rig->protocol = &vn_protocol_http2;
    return rig;
}

/* End what is left; the first problem counts. */
static const char *end(struct rig *rig, const char *problem)
{
    static _Thread_local char kept[4096];
    if (problem != NULL)
        problem = strncpy(kept, problem, sizeof kept - 1);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *expect(struct rig *rig, const char *want)
{
    char have[TEXT_MAX];
    h2_describe(h2_read(&rig->client), have, sizeof have);
    return strcmp(have, want) == 0 ? NULL : rig_failed("\"%s\" in place of \"%s\"", have, want);
}

static void set_short(struct rig *rig)
{
    rig->config.deadlines.handler = 30;
    rig->config.deadlines.body_grace = 30;
    rig->config.deadlines.write_stall = 60;
    rig->config.deadlines.head = 200;
    rig->config.deadlines.idle = 50;
    rig->config.deadlines.linger = 20;
}

/* ---- Everything on one connection ---- */

/* Requests of each kind. Of answers whose content is the same in any order. */
static void write_all(struct h2_input *input)
{
    h2_begin(input);
    h2_number(input, VN_FRAME_WINDOW_UPDATE, 0, 1 << 20);
    h2_request(input, 1, "GET", "/", "", true, 1);
    h2_request(input, 3, "HEAD", "/shared", "x-a: b\n", true, 1);
    h2_request(input, 5, "POST", "/echo", "content-length: 5\n", false, 2);
    h2_data(input, 5, "ab", false);
    h2_request(input, 7, "GET", "/shared", "x-a: b\ncookie: a=b\ncookie: c=d\n", true, 3);
    h2_frame(input, VN_FRAME_DATA, VN_FLAG_PADDED, 5,
             (vn_span) {(const uint8_t *) "\x03"
                                          "cd\0\0",
                        6});
    h2_request(input, 9, "POST", "/count", "", false, 1);
    h2_data(input, 9, "0123456789", false);
    h2_data(input, 5, "e", true);
    h2_request(input, 9, NULL, NULL, "x-checksum: 1\n", true, 1);
    h2_request(input, 11, "GET", "/produce", "priority: u=1\n", true, 1);
    h2_request(input, 13, "GET", "/shared", "priority: u=5\n", true, 1);
    h2_request(input, 15, "GET", "/shared", "priority: i\n", true, 1);
    h2_request(input, 17, "GET", "/missing", "", true, 1);
    h2_request(input, 19, "GET", "/no-content", "", true, 1);
    h2_request(input, 21, "GET", "/nothing", "", true, 1);
    h2_request(input, 23, "GET", "/", "X-Upper: a\n", true, 1);
    h2_request(input, 25, "GET", "/produce-short", "", true, 1);
    h2_request(input, 27, "POST", "/answered-early", "", false, 1);
    h2_data(input, 27, "x", false);
    h2_data(input, 27, "y", true);
    h2_request(input, 29, "POST", "/fail", "", false, 1);
    h2_data(input, 29, "x", true);
    h2_request(input, 31, "POST", "/ignored/", "", false, 1);
    h2_data(input, 31, "thrown away", true);
    h2_frame(input, VN_FRAME_PING, 0, 0, vn_span_of("12345678"));
    h2_frame(input, 0x55, 0xff, 33, vn_span_of("unknown"));
    h2_request(input, 33, "POST", "/", "content-length: 2\n", false, 1);
    h2_data(input, 33, "abc", true);
    h2_request(input, 35, "GET", "/raw", "", true, 1);
}

#define ALL                                                                                        \
    "1:200,5. 3:200,0. 5:200,5. 7:200,50000. 9:200,2. 11:200,5000. 13:200,50000. "                 \
    "15:200,50000. 17:404,0. 19:204,0. 21:500,"

/* Run it and describe what came, up to the first answer whose size is not the same always. */
static const char *run_in_time(int over, const struct h2_input *input, size_t count,
                               const struct vn_loopback_script *script, char text[TEXT_MAX],
                               void (*set_up)(struct rig *rig))
{
    struct rig *rig = make(over);
    if (set_up != NULL)
        set_up(rig);
    *rig_script(rig) = *script;
    rig_connect(rig, input->bytes, count);
    const char *problem = rig_finish(rig) ? NULL : rig_failed("the connection did not end");
    h2_describe(h2_read(&rig->client), text, TEXT_MAX);
    return end(rig, problem);
}

static const char *run(int over, const struct h2_input *input, size_t count,
                       const struct vn_loopback_script *script, char text[TEXT_MAX])
{
    return run_in_time(over, input, count, script, text, NULL);
}

/* Each alone: producers of the rig count together. */
static const char *check_producer(int over, const char *path, const char *want)
{
    struct h2_input input;
    char text[TEXT_MAX];
    h2_begin(&input);
    h2_request(&input, 1, "GET", path, "", true, 1);
    const char *problem = run(over, &input, input.count, &(struct vn_loopback_script) {0}, text);
    h2_free(&input);
    return problem == NULL && strcmp(text, want) != 0 ? rig_failed("%s: \"%s\"", path, text)
                                                      : problem;
}

static const char *check_all(int over)
{
    static const char *const tails[] = {
        "23:0,0!1? ", "25:200,", "27:200,5. ", "29:500,", "31:200,5. ", "33:0,0!1? ", "35:200,0. ",
    };
    struct h2_input input;
    char text[TEXT_MAX];
    write_all(&input);
    const char *problem = run(over, &input, input.count, &(struct vn_loopback_script) {0}, text);
    h2_free(&input);
    if (problem == NULL && strncmp(text, ALL, strlen(ALL)) != 0)
        problem = rig_failed("%s", text);
    for (size_t i = 0; i < sizeof tails / sizeof *tails && problem == NULL; i++)
        if (strstr(text, tails[i]) == NULL)
            problem = rig_failed("no \"%s\" in \"%s\"", tails[i], text);
    return problem;
}

const char *vn_check_http2_answers(int over)
{
    const char *problem = check_all(over);
    if (problem == NULL)
        problem = check_producer(over, "/produce-5000", "1:200,5000. -1");
    if (problem == NULL)
        problem = check_producer(over, "/produce-shared", "1:200,40000. -1");
    return problem != NULL ? problem : check_producer(over, "/produce-short", "1:200,0!2? -1");
}

/* A stream that breaks off may have sent some of its content or none. */
static void forget_broken(char *text)
{
    char *broken = strstr(text, " 25:200,");
    if (broken == NULL)
        return;
    char *next = strchr(broken + 1, ' ');
    memmove(broken, next, strlen(next) + 1);
}

static const char *check_script(int over, const struct h2_input *input, const char *want,
                                const struct vn_loopback_script *script, const char *what,
                                uint64_t value)
{
    char have[TEXT_MAX];
    const char *problem = run(over, input, input->count, script, have);
    forget_broken(have);
    if (problem == NULL && strcmp(have, want) == 0)
        return NULL;
    char kept[TEXT_MAX];
    snprintf(kept, sizeof kept, "%s", problem == NULL ? "" : problem);
    return rig_failed("%s %llu: %s\n%s\n%s", what, (unsigned long long) value, kept, have, want);
}

const char *vn_check_http2_cuts(int over)
{
    struct h2_input input;
    char want[TEXT_MAX];
    write_all(&input);
    const char *problem = run(over, &input, input.count, &(struct vn_loopback_script) {0}, want);
    forget_broken(want);
    for (uint32_t size = 1; size < 64 && problem == NULL; size++)
        problem = check_script(over, &input, want,
                               &(struct vn_loopback_script) {.receive_max = size}, "pieces", size);
    for (uint32_t size = 1; size < 40000 && problem == NULL; size = size * 3 + 1) {
        struct vn_loopback_script script = {.send_max = size, .sends_later = size % 2 == 0};
        problem = check_script(over, &input, want, &script, "sends", size);
    }
    h2_free(&input);
    return problem;
}

const char *vn_check_http2_at_random(int over, uint64_t seed)
{
    struct h2_input input;
    char want[TEXT_MAX];
    write_all(&input);
    const char *problem = run(over, &input, input.count, &(struct vn_loopback_script) {0}, want);
    forget_broken(want);
    if (problem == NULL)
        problem = check_script(over, &input, want, &(struct vn_loopback_script) {.seed = seed},
                               "seed", seed);
    h2_free(&input);
    return problem;
}

const char *vn_check_http2_lost(int over)
{
    static const struct vn_loopback_script scripts[] = {
        {.receive_error = 0},
        {.receive_error = -ECONNRESET},
        {.send_error = -EPIPE, .sends_later = true},
    };
    struct h2_input input;
    char text[TEXT_MAX];
    const char *problem = NULL;
    write_all(&input);
    for (size_t cut = 0; cut <= input.count && problem == NULL; cut += 3 * scripted_stride(over))
        for (size_t i = 0; i < sizeof scripts / sizeof *scripts && problem == NULL; i++) {
            problem = run(over, &input, cut, &scripts[i], text);
            if (problem != NULL)
                problem = rig_failed("after %zu bytes: %s", cut, strcpy((char[4096]) {0}, problem));
        }
    h2_free(&input);
    return problem;
}

const char *vn_check_http2_broken(int over, uint64_t seed)
{
    struct h2_input input;
    char text[TEXT_MAX];
    const struct vn_loopback_script script = {
        .seed = seed,
        .send_fails_after = 1 + seed * 37 % 3000,
        .receive_error = seed % 2 == 0 ? -ECONNRESET : 0,
    };
    write_all(&input);
    const char *problem = run(over, &input, input.count, &script, text);
    h2_free(&input);
    return problem;
}

/* ---- A client that stays ---- */

struct client {
    struct rig *rig;
    struct h2_input input;
    size_t sent;
    const char *problem;
};

static struct client connect_client(int over, void (*set_up)(struct rig *rig))
{
    struct client client = {.rig = make(over)};
    if (set_up != NULL)
        set_up(client.rig);
    rig_script(client.rig)->stays_open = true;
    h2_begin(&client.input);
    rig_connect(client.rig, client.input.bytes, client.input.count);
    client.sent = client.input.count;
    rig_turn_until_idle(client.rig);
    return client;
}

/* Send what was written since. */
static void flush(struct client *client)
{
    rig_feed(client->rig, client->input.bytes + client->sent, client->input.count - client->sent);
    client->sent = client->input.count;
    rig_turn_until_idle(client->rig);
}

/* Send it, and look at what all answers are. */
static void flush_expecting(struct client *client, const char *want)
{
    if (client->problem != NULL)
        return;
    flush(client);
    client->problem = expect(client->rig, want);
}

static const char *disconnect(struct client *client)
{
    h2_free(&client->input);
    return end(client->rig, client->problem);
}

static void get(struct client *client, uint32_t stream, const char *path)
{
    h2_request(&client->input, stream, "GET", path, "", true, 1);
}

const char *vn_check_http2_windows(int over)
{
    struct client client = connect_client(over, NULL);
    struct h2_input *input = &client.input;
    h2_setting(input, VN_SETTING_INITIAL_WINDOW_SIZE, 3);
    get(&client, 1, "/");
    get(&client, 3, "/missing");
    h2_request(input, 5, "HEAD", "/", "", true, 1);
    get(&client, 7, "/shared");
    flush_expecting(&client, "1:200,3? 3:404,0. 5:200,0. 7:200,3? -1");
    h2_number(input, VN_FRAME_WINDOW_UPDATE, 1, 1);
    flush_expecting(&client, "1:200,4? 3:404,0. 5:200,0. 7:200,3? -1");
    h2_setting(input, VN_SETTING_INITIAL_WINDOW_SIZE, 0);
    h2_number(input, VN_FRAME_WINDOW_UPDATE, 1, 3);
    flush_expecting(&client, "1:200,4? 3:404,0. 5:200,0. 7:200,3? -1");
    h2_setting(input, VN_SETTING_INITIAL_WINDOW_SIZE, 70000);
    flush_expecting(&client, "1:200,5. 3:404,0. 5:200,0. 7:200,50000. -1");
    get(&client, 9, "/shared");
    get(&client, 11, "/");
    get(&client, 13, "/missing");
    flush_expecting(&client, "1:200,5. 3:404,0. 5:200,0. 7:200,50000. 9:200,15525? 11:200,5. "
                             "13:404,0. -1");
    h2_number(input, VN_FRAME_WINDOW_UPDATE, 0, 1 << 20);
    flush_expecting(&client, "1:200,5. 3:404,0. 5:200,0. 7:200,50000. 9:200,50000. 11:200,5. "
                             "13:404,0. -1");
    return disconnect(&client);
}

/* A thread's call is run by the loop. */
static void resume(struct client *client)
{
    vn_handle_resume(client->rig->handle);
    rig_turn_until_idle(client->rig);
}

const char *vn_check_http2_resumes(int over)
{
    struct client client = connect_client(over, NULL);
    struct h2_input *input = &client.input;
    h2_request(input, 1, "POST", "/pause", "", false, 1);
    h2_data(input, 1, "abc", false);
    h2_data(input, 1, "defg", false);
    get(&client, 3, "/");
    flush_expecting(&client, "3:200,5. -1");
    if (client.problem == NULL && client.rig->consumed != 3)
        client.problem =
            rig_failed("%llu bytes consumed", (unsigned long long) client.rig->consumed);
    resume(&client);
    h2_data(input, 1, "h", true);
    flush_expecting(&client, "3:200,5. -1");
    resume(&client);
    flush_expecting(&client, "1:200,1. 3:200,5. -1");
    get(&client, 5, "/wait");
    flush_expecting(&client, "1:200,1. 3:200,5. 5:200,5? -1");
    resume(&client);
    flush_expecting(&client, "1:200,1. 3:200,5. 5:200,10? -1");
    resume(&client);
    flush_expecting(&client, "1:200,1. 3:200,5. 5:200,15. -1");
    get(&client, 7, "/later");
    get(&client, 9, "/");
    flush_expecting(&client, "1:200,1. 3:200,5. 5:200,15. 9:200,5. -1");
    vn_handle_run(client.rig->handle, rig_answer_later, client.rig);
    flush_expecting(&client, "1:200,1. 3:200,5. 5:200,15. 7:200,5. 9:200,5. -1");
    get(&client, 11, "/later");
    flush(&client);
    h2_number(input, VN_FRAME_RST_STREAM, 11, VN_HTTP2_CANCEL);
    flush(&client);
    vn_handle_run(client.rig->handle, rig_answer_later, client.rig);
    flush(&client);
    if (client.problem == NULL && (client.rig->later_null != 1 || client.rig->later_alive != 1))
        client.problem = rig_failed("a stream that was reset is answered");
    return disconnect(&client);
}

/* ---- Time ---- */

static void turn_until_goaways(struct rig *rig, uint32_t count)
{
    uint64_t due = vn_clock() + 5000;
    while (h2_read(&rig->client)->goaways < count && vn_clock() < due)
        vn_loop_turn(&rig->worker.loop, 5);
}

static const char *check_stream_deadlines(int over)
{
    struct client client = connect_client(over, set_short);
    struct h2_input *input = &client.input;
    h2_setting(input, VN_SETTING_INITIAL_WINDOW_SIZE, 3);
    get(&client, 1, "/later");
    h2_request(input, 3, "POST", "/echo", "", false, 1);
    get(&client, 5, "/");
    h2_request(input, 7, "GET", "/wait", "", true, 1);
    flush(&client);
    uint64_t due = vn_clock() + 5000;
    while (h2_on(h2_read(&client.rig->client), 5)->reset < 0 && vn_clock() < due)
        vn_loop_turn(&client.rig->worker.loop, 5);
    struct h2_output *output = h2_read(&client.rig->client);
    if (h2_on(output, 1)->status != 503 || h2_on(output, 3)->status != 408 ||
        h2_on(output, 5)->reset != VN_HTTP2_CANCEL || h2_on(output, 5)->count != 3 ||
        output->error >= 0) {
        char text[TEXT_MAX];
        h2_describe(output, text, sizeof text);
        client.problem = rig_failed("%s", text);
    }
    return disconnect(&client);
}

/* A part of a frame, then nothing; and nothing at all. */
static const char *check_connection_deadline(int over, bool is_amid, int32_t error)
{
    struct client client = connect_client(over, set_short);
    get(&client, 1, "/");
    h2_frame(&client.input, VN_FRAME_PING, 0, 0, vn_span_of("12345678"));
    client.input.count -= is_amid ? 3 : 0;
    flush(&client);
    turn_until_goaways(client.rig, 1);
    const struct h2_output *output = h2_read(&client.rig->client);
    if (output->error != error || output->last != 1)
        client.problem = rig_failed("GOAWAY %d after %u", output->error, output->last);
    else if (!rig_finish(client.rig))
        client.problem = rig_failed("the connection did not end");
    return disconnect(&client);
}

const char *vn_check_http2_deadlines(int over)
{
    const char *problem = check_stream_deadlines(over);
    if (problem == NULL)
        problem = check_connection_deadline(over, true, VN_HTTP2_PROTOCOL_ERROR);
    return problem != NULL ? problem : check_connection_deadline(over, false, VN_HTTP2_NO_ERROR);
}

const char *vn_check_http2_drains(int over)
{
    static const uint8_t ping[] = {'g', 'o', 'a', 'w', 'a', 'y', 0, 0};
    struct client client = connect_client(over, NULL);
    struct rig *rig = client.rig;
    get(&client, 1, "/later");
    flush(&client);
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    rig_turn_until_idle(rig);
    const struct h2_output *output = h2_read(&rig->client);
    if (output->goaways != 1 || output->last != VN_WINDOW_MAX || output->pings != 1)
        client.problem = rig_failed("%u GOAWAYs, the last %u", output->goaways, output->last);
    get(&client, 3, "/"); /* it was on its way */
    flush_expecting(&client, "3:200,5. 0");
    h2_frame(&client.input, VN_FRAME_PING, VN_FLAG_ACK, 0, (vn_span) {ping, sizeof ping});
    get(&client, 5, "/");
    flush_expecting(&client, "3:200,5. 5:0,0!7? 0");
    output = h2_read(&rig->client);
    if (client.problem == NULL && (output->goaways != 2 || output->last != 3))
        client.problem = rig_failed("%u GOAWAYs, the last %u", output->goaways, output->last);
    vn_handle_run(rig->handle, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    if (client.problem == NULL)
        client.problem = expect(rig, "1:200,5. 3:200,5. 5:0,0!7? 0");
    return disconnect(&client);
}

/* ---- Bounds ---- */

struct bound {
    const char *name;
    void (*begin)(struct h2_input *input); /* NULL: nothing is sent first */
    void (*step)(struct h2_input *input, uint32_t i);
    uint32_t most; /* steps that are allowed at once */
};

static uint32_t stream_of(uint32_t i)
{
    return 2 * i + 1;
}

static void step_reset(struct h2_input *input, uint32_t i)
{
    h2_request(input, stream_of(i), "POST", "/echo", "", false, 1);
    h2_number(input, VN_FRAME_RST_STREAM, stream_of(i), VN_HTTP2_CANCEL);
}

static void step_provoke(struct h2_input *input, uint32_t i)
{
    h2_request(input, stream_of(i), "POST", "/echo", "", false, 1);
    h2_number(input, VN_FRAME_WINDOW_UPDATE, stream_of(i), 0);
}

static void step_malformed(struct h2_input *input, uint32_t i)
{
    h2_request(input, stream_of(i), "GET", "/", "A: b\n", true, 1);
}

static void step_ping(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_PING, 0, 0, vn_span_of("12345678"));
}

static void step_settings(struct h2_input *input, uint32_t i)
{
    h2_setting(input, VN_SETTING_HEADER_TABLE_SIZE, i % 2 == 0 ? 0 : 4096);
}

static void step_priority(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_PRIORITY, 0, 1, vn_span_of("\1\1\1\1\1"));
}

static void step_priority_update(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_PRIORITY_UPDATE, 0, 0, (vn_span) {(const uint8_t *) "\0\0\0\1u=1", 7});
}

static void step_unknown(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, 0x77, 0, 0, (vn_span) {0});
}

static void begin_body(struct h2_input *input)
{
    h2_request(input, 1, "POST", "/count", "", false, 1);
}

static void step_empty(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_DATA, 0, 1, (vn_span) {0});
}

static void step_padding(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_DATA, VN_FLAG_PADDED, 1, (vn_span) {(const uint8_t *) "\3\0\0\0", 4});
}

static void step_window(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_number(input, VN_FRAME_WINDOW_UPDATE, 0, 1);
}

static void begin_head(struct h2_input *input)
{
    h2_frame(input, VN_FRAME_HEADERS, 0, 1, (vn_span) {0});
}

static void step_continuation(struct h2_input *input, uint32_t i)
{
    (void) i;
    h2_frame(input, VN_FRAME_CONTINUATION, 0, 1, (vn_span) {0});
}

static void step_large_head(struct h2_input *input, uint32_t i)
{
    static uint8_t piece[VN_FRAME_SIZE];
    (void) i;
    h2_frame(input, VN_FRAME_CONTINUATION, 0, 1, (vn_span) {piece, sizeof piece});
}

/* The client's first SETTINGS are one of the empty frames. */
static const struct bound bounds[] = {
    {"streams reset", NULL, step_reset, VN_HTTP2_RESETS},
    {"streams made to be reset", NULL, step_provoke, VN_HTTP2_RESETS},
    {"malformed requests", NULL, step_malformed, VN_HTTP2_RESETS},
    {"PING", NULL, step_ping, VN_HTTP2_EMPTY_FRAMES - 1},
    {"SETTINGS", NULL, step_settings, VN_HTTP2_EMPTY_FRAMES - 1},
    {"PRIORITY", NULL, step_priority, VN_HTTP2_EMPTY_FRAMES - 1},
    {"PRIORITY_UPDATE", NULL, step_priority_update, VN_HTTP2_EMPTY_FRAMES - 1},
    {"unknown frames", NULL, step_unknown, VN_HTTP2_EMPTY_FRAMES - 1},
    {"empty DATA", begin_body, step_empty, VN_HTTP2_EMPTY_FRAMES - 1},
    {"padding alone", begin_body, step_padding, VN_HTTP2_EMPTY_FRAMES - 1},
    {"WINDOW_UPDATE", NULL, step_window, VN_HTTP2_WINDOW_UPDATES},
    {"CONTINUATION", begin_head, step_continuation, VN_HTTP2_CONTINUATIONS_MAX},
    {"a large head", begin_head, step_large_head, VN_HTTP2_BLOCK_MAX / VN_FRAME_SIZE},
};

/* Time earns some more, and so do many steps beyond. */
static const char *check_bound(int over, const struct bound *bound)
{
    struct client client = connect_client(over, NULL);
    if (bound->begin != NULL)
        bound->begin(&client.input);
    for (uint32_t i = 0; i < bound->most; i++)
        bound->step(&client.input, i);
    flush(&client);
    if (h2_read(&client.rig->client)->error >= 0)
        client.problem = rig_failed("%s: GOAWAY at the bound", bound->name);
    uint32_t more = bound->most < 1000 ? bound->most / 2 + 2 : 1000;
    for (uint32_t i = 0; i < more; i++)
        bound->step(&client.input, bound->most + i);
    flush(&client);
    turn_until_goaways(client.rig, 1);
    if (client.problem == NULL && h2_read(&client.rig->client)->error != VN_HTTP2_ENHANCE_YOUR_CALM)
        client.problem =
            rig_failed("%s: %d beyond the bound", bound->name, h2_read(&client.rig->client)->error);
    return disconnect(&client);
}

static const char *check_streams_max(int over)
{
    struct client client = connect_client(over, NULL);
    for (uint32_t i = 0; i <= VN_HTTP2_STREAMS_MAX; i++)
        h2_request(&client.input, stream_of(i), "POST", "/echo", "", false, 1);
    flush(&client);
    const struct h2_answer *answer =
        h2_on(h2_read(&client.rig->client), stream_of(VN_HTTP2_STREAMS_MAX));
    if (answer->reset != VN_HTTP2_REFUSED_STREAM)
        client.problem = rig_failed("one stream more is %d", answer->reset);
    h2_data(&client.input, 3, "", true);
    h2_request(&client.input, 301, "GET", "/", "", true, 1);
    flush(&client);
    if (client.problem == NULL && (h2_on(h2_read(&client.rig->client), 301)->status != 200))
        client.problem = rig_failed("no stream is taken when one has ended");
    return disconnect(&client);
}

const char *vn_check_http2_bounds(int over)
{
    const char *problem = check_streams_max(over);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds && problem == NULL; i++)
        problem = check_bound(over, &bounds[i]);
    return problem;
}

/* ---- Either version ---- */

static char *run_by_preface(int over, const void *bytes, size_t count, uint32_t pieces,
                            const char **problem)
{
    struct rig *rig = rig_make(over);
    rig->protocol = &vn_protocol_by_preface;
    *rig_script(rig) = (struct vn_loopback_script) {.receive_max = pieces};
    rig_connect(rig, bytes, count);
    *problem = rig_finish(rig) ? NULL : rig_failed("the connection did not end");
    char *output = rig_output(rig);
    *problem = end(rig, *problem);
    return output;
}

const char *vn_check_preface(int over)
{
    static const struct {
        const char *input, *output;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
        {"PRI / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
        {"PRI * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 "},
        {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "HTTP/1.1 400 "},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
        {"PRI * HT", ""},
        {"\r\nGET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "},
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && problem == NULL; i++)
        for (uint32_t pieces = 0; pieces < 30 && problem == NULL; pieces++) {
            char *output =
                run_by_preface(over, rows[i].input, strlen(rows[i].input), pieces, &problem);
            if (problem == NULL && strncmp(output, rows[i].output, strlen(rows[i].output)) != 0)
                problem = rig_failed("row %zu in pieces of %u: \"%.100s\"", i, pieces, output);
            free(output);
        }
    return problem;
}

/* ---- Damage ---- */

const char *vn_check_http2_damaged(uint64_t seed)
{
    struct h2_input input;
    char text[TEXT_MAX];
    uint64_t state = seed * 2 + 1;
    write_all(&input);
    for (uint64_t i = 0; i <= seed % 8; i++) {
        size_t at = VN_PREFACE.count + rig_draw(&state, input.count - VN_PREFACE.count);
        input.bytes[at] = (uint8_t) (input.bytes[at] ^ (1u << rig_draw(&state, 8)));
    }
    const struct vn_loopback_script script = {.seed = seed % 3 == 0 ? seed : 0};
    const char *problem = run_in_time(OVER_PLAIN, &input, input.count, &script, text, set_short);
    if (problem == NULL && strstr(text, "WRONG") != NULL)
        problem = rig_failed("%s", text);
    h2_free(&input);
    return problem;
}
