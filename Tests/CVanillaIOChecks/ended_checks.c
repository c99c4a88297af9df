// SPDX-License-Identifier: MIT
#include "include/ended_checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "include/vn_detached.h"
#include "rig.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, fields) "POST " path " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"
#define X16 "XXXXXXXXXXXXXXXX"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16

static const struct {
    const char *input;
    const char *told;
    bool has_all; /* all input is of exchanges, without frames, and all output of answers */
} conversations[] = {
    {GET("/"), "200. GET /\n", true},
    {GET("/") GET("/?a=b"), "200. GET /\n200. GET /\n", true},
    {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" GET("/missing"), "200. HEAD /\n404. GET /missing\n",
     true},
    {"GET / HTTP/1.0\r\n\r\n", "200. GET /\n", true},
    {GET("/nothing") GET("/no-content"), "500. GET /nothing\n204. GET /no-content\n", true},
    {GET("/raw") GET("/shared"), "200. GET /raw\n200. GET /shared\n", true},
    {GET("/produce") GET("/produce-5000"), "200. GET /produce\n200. GET /produce-5000\n", true},
    {GET("/produce-short") GET("/"), "200# GET /produce-short\n", false},
    {POST("/echo", "Content-Length: 5\r\n") "12345", "200. POST /echo\n", true},
    {POST("/count", "Content-Length: 5\r\n") "12345", "200. POST /count\n", true},
    {POST("/echo", "Transfer-Encoding: chunked\r\n") "2\r\nab\r\n0\r\n\r\n" GET("/"),
     "200. POST /echo\n200. GET /\n", false},
    {POST("/ignore", "Content-Length: 2\r\n") "ab" GET("/"), "200. POST /ignore\n200. GET /\n",
     true},
    {POST("/fail", "Content-Length: 2\r\n") "ab", "500.r POST /fail\n", false},
    {POST("/answered-early", "Content-Length: 2\r\n") "ab", "200. POST /answered-early\n", true},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "204. OPTIONS *\n", true},
    /* Refused, with all or nothing of the request. */
    {"GET /x HTTP/1.1\r\n\r\n", "400.r GET /x\n", false},
    {GET("/") "GET /x HTTP/2.0\r\n\r\n", "200. GET /\n505.r GET /x\n", false},
    {"\x01\r\n", "400.r -\n", false},
    {"GET  HTTP/1.1\r\n\r\n", "400.r -\n", false},
    {"GET /" X256 X256 " HTTP/1.1\r\n\r\n", "414.r -\n", false},
    {"GET /x HTTP/1.1\r\nHost: a\r\nX: " X256 X256 "\r\n\r\n", "431.r GET /x\n", false},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "501.r -\n", false},
    {POST("/echo", "Content-Length: 99999999\r\n"), "413.r POST /echo\n", false},
    {POST("/echo", "Transfer-Encoding: chunked\r\n") "zz", "400.r POST /echo\n", false},
    {POST("/count", "Transfer-Encoding: chunked\r\n") "1\r\naZZ", "400.r POST /count\n", false},
    /* The client leaves before it has asked, and before it has asked all. */
    {"GET / HT", "", false},
    {GET("/") "\r\n", "200. GET /\n", false},
    {POST("/echo", "Content-Length: 9\r\n") "ab", "0! POST /echo\n", false},
    {POST("/count", "Content-Length: 9\r\n") "ab", "0! POST /count\n", false},
};

const int vn_ended_conversations = sizeof conversations / sizeof *conversations;

static struct rig *make(int over)
{
    struct rig *rig = rig_make_told(over);
    rig->config.limits.request_line = rig->config.limits.field = 300;
    return rig;
}

static const char *finish(struct rig *rig, const char *told, const char *problem)
{
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it does not end");
    if (problem == NULL && strcmp(rig->told, told) != 0)
        problem = rig_failed("told \"%.900s\" and not \"%.900s\"", rig->told, told);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *converse(int over, int row, struct vn_loopback_script script)
{
    struct rig *rig = make(over);
    const char *input = conversations[row].input, *problem = NULL;
    *rig_script(rig) = script;
    rig_connect(rig, input, strlen(input));
    if (!rig_finish(rig))
        problem = rig_failed("it does not end");
    else if (conversations[row].has_all && rig->told_received != strlen(input))
        problem =
            rig_failed("told of %llu bytes received", (unsigned long long) rig->told_received);
    else if (conversations[row].has_all && rig->told_sent != scripted_count(&rig->client))
        problem = rig_failed("told of %llu bytes sent", (unsigned long long) rig->told_sent);
    return finish(rig, conversations[row].told, problem);
}

/* An interim answer is none of the answer's bytes. */
const char *vn_check_ended_after_continue(int over)
{
    struct rig *rig = make(over);
    const char *input = POST("/echo", "Content-Length: 2\r\nExpect: 100-continue\r\n");
    const size_t interim = strlen("HTTP/1.1 100 Continue\r\n\r\n");
    const char *problem = NULL;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, input, strlen(input));
    rig_turn_until_idle(rig);
    if (scripted_count(&rig->client) != interim)
        problem = rig_failed("%zu bytes before the body", scripted_count(&rig->client));
    rig_script(rig)->stays_open = false;
    rig_feed(rig, "ab", 2);
    rig_finish(rig);
    if (problem == NULL && rig->told_sent + interim != scripted_count(&rig->client))
        problem = rig_failed("told of %llu bytes sent", (unsigned long long) rig->told_sent);
    return finish(rig, "200. POST /echo\n", problem);
}

const char *vn_check_ended(int over, int row)
{
    static const struct vn_loopback_script scripts[] = {
        {0},
        {.receive_max = 1},
        {.send_max = 7},
        {.receive_max = 3, .send_max = 100, .sends_later = true},
    };
    const char *problem = NULL;
    for (size_t i = 0; problem == NULL && i < sizeof scripts / sizeof *scripts; i++)
        problem = converse(over, row, scripts[i]);
    return problem;
}

/* ---- The clock ---- */

static _Thread_local uint64_t now;

/* A millisecond later with each look. */
static uint64_t look(void)
{
    return now += 1000000;
}

static uint64_t stand_still(void)
{
    return now;
}

const char *vn_check_ended_clock(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    now = 1ull << 40;
    rig->worker.clock = look;
    rig_connect(rig, GET("/"), strlen(GET("/")));
    rig_finish(rig);
    if (rig->told_nanoseconds != 1000000 || now != (1ull << 40) + 2000000)
        problem =
            rig_failed("it took %llu ns, by %llu looks", (unsigned long long) rig->told_nanoseconds,
                       (unsigned long long) (now - (1ull << 40)) / 1000000);
    return finish(rig, "200. GET /\n", problem);
}

/* ---- What was written and not sent ---- */

const char *vn_check_ended_unsent(int over)
{
    enum { TAKEN = 1000 };
    struct rig *rig = make(over);
    rig_script(rig)->send_max = 500;
    rig_script(rig)->send_fails_after = TAKEN;
    rig_connect(rig, GET("/") GET("/shared") GET("/"), strlen(GET("/") GET("/shared") GET("/")));
    rig_finish(rig);
    uint64_t sent = rig->told_sent;
    const char *problem = NULL;
    if (over == OVER_PLAIN && sent != TAKEN)
        problem = rig_failed("told of %llu bytes", (unsigned long long) sent);
    /* The other transport sends nothing of a message before it has all of it. */
    return finish(rig,
                  over == OVER_PLAIN ? "200. GET /\n200! GET /shared\n200! GET /\n"
                                     : "200! GET /\n200! GET /shared\n200! GET /\n",
                  problem);
}

const char *vn_check_ended_by_stop(int over)
{
    struct rig *rig = make(over);
    rig_script(rig)->stays_open = true;
    rig_script(rig)->is_stalled = rig_script(rig)->sends_later = true;
    rig_connect(rig, GET("/") GET("/wait"), strlen(GET("/") GET("/wait")));
    rig_turn_until_idle(rig);
    const char *problem =
        rig->told[0] == 0 ? NULL : rig_failed("told before anything was taken: %s", rig->told);
    vn_mailbox_stop(&rig->worker.loop.mailbox, 0);
    return finish(rig, "200# GET /\n200# GET /wait\n", problem);
}

/* ---- Refusals ---- */

static int32_t produce(void *context, vn_body_writer *writer)
{
    (void) context, (void) writer;
    return VN_PRODUCE_DONE;
}

static int32_t consume(void *context, vn_response *response, vn_span piece, bool is_last)
{
    (void) context, (void) response, (void) piece, (void) is_last;
    return VN_RECEIVE_MORE;
}

static void refuse(void *context, const vn_request *request, uint16_t status, vn_response *response)
{
    struct rig *rig = context;
    int32_t error;
    size_t origin = request == NULL ? 0 : vn_request_find(request, vn_span_of("Origin"), 0);
    bool has_origin = request != NULL && origin < request->field_count;
    vn_span value = has_origin ? vn_field_value(request, origin) : vn_span_of("*");
    vn_response_add_field(response, vn_span_of("Access-Control-Allow-Origin"), value);
    if (vn_response_stream(response, rig_text, -1, produce, NULL, NULL) != -EALREADY ||
        vn_response_receive(response, consume, NULL, NULL) != -EALREADY ||
        vn_response_defer(response) != -EALREADY ||
        (request != NULL && vn_response_detach(response, request, 0, &error) != NULL))
        rig->logged = 1000;
    if (status == 505)
        vn_response_send(response, rig_text, vn_span_of("no"));
}

static const struct {
    const char *input;
    const char *output;
    const char *told;
} refusals[] = {
    {"GET /x HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nHost: c\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nDate: *\r\nAccess-Control-Allow-Origin: b\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n",
     "400.r GET /x\n"},
    {"GET /x HTTP/2.0\r\nHost: a\r\n\r\n",
     "HTTP/1.1 505 HTTP Version Not Supported\r\nDate: *\r\nAccess-Control-Allow-Origin: *\r\n"
     "Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
     "505.r GET /x\n"},
    {"\x01",
     "HTTP/1.1 400 Bad Request\r\nDate: *\r\nAccess-Control-Allow-Origin: *\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n",
     "400.r -\n"},
};

static const char *refuse_row(int over, size_t row)
{
    struct rig *rig = make(over);
    rig->config.handlers.refuse = refuse;
    rig_connect(rig, refusals[row].input, strlen(refusals[row].input));
    rig_finish(rig);
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (rig->logged != 0)
        problem = rig_failed("the hook could do what takes longer");
    else if (strcmp(output, refusals[row].output) != 0)
        problem = rig_failed("answered \"%.1000s\"", output);
    free(output);
    return finish(rig, refusals[row].told, problem);
}

const char *vn_check_refusal_hook(int over)
{
    const char *problem = NULL;
    for (size_t row = 0; problem == NULL && row < sizeof refusals / sizeof *refusals; row++)
        problem = refuse_row(over, row);
    return problem;
}

/* ---- Handlers that hold their worker ---- */

static const char *ask(struct rig *rig, const char *request, uint32_t lines, const char *begin,
                       const char *end)
{
    rig_feed(rig, request, strlen(request));
    rig_turn_until_idle(rig);
    if (rig->logged != lines)
        return rig_failed("%u lines and not %u: %s", rig->logged, lines, rig->line);
    size_t count = strlen(rig->line), end_count = strlen(end);
    return strncmp(rig->line, begin, strlen(begin)) == 0 && count >= end_count &&
                   strcmp(rig->line + count - end_count, end) == 0
               ? NULL
               : rig_failed("the line is \"%s\"", rig->line);
}

const char *vn_check_held(int over)
{
    static const char begin[] = "GET /held (route /:what) held its worker for ";
    struct rig *rig = make(over);
    const char *problem;
    now = 1ull << 40;
    rig->worker.clock = stand_still;
    rig->config.slow_handler = RIG_HELD / 2;
    rig_script(rig)->stays_open = true;
    rig_connect(rig, GET("/"), strlen(GET("/")));
    rig_turn_until_idle(rig);
    problem = rig->logged == 0 ? NULL : rig_failed("logged \"%s\"", rig->line);
    if (problem == NULL)
        problem = ask(rig, GET("/held"), 1, begin, " ms");
    if (problem == NULL) /* one line a second */
        problem = ask(rig, GET("/held") GET("/") GET("/held"), 1, begin, " ms");
    now += 1000000000;
    if (problem == NULL)
        problem =
            ask(rig, GET("/") GET("/held"), 2, begin, " ms; 2 more did since the last such line");
    now += 1000000000;
    if (problem == NULL)
        problem = ask(rig, GET("/held"), 3, begin, " ms");
    now += 1000000000;
    rig->config.slow_handler = RIG_HELD * 2;
    if (problem == NULL)
        problem = ask(rig, GET("/held"), 3, begin, " ms");
    rig->config.slow_handler = 0;
    if (problem == NULL)
        problem = ask(rig, GET("/held"), 3, begin, " ms");
    rig_script(rig)->stays_open = false;
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}
