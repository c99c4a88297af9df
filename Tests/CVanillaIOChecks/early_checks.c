// SPDX-License-Identifier: MIT
#include "include/early_checks.h"

#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { DISCARD = 10 }; /* bytes of a body that nobody wants, at which the connection stays */

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define CLOSES "Connection: close\r\n"
#define NEXT "GET /no-content" HOST "\r\n"

/* What leaves while the rest of the request has not come. */
enum { NOTHING, WHOLE, ALL_BUT_THE_END };

static const struct {
    const char *begun;
    const char *rest; /* and then comes NEXT */
    int before;
    bool closes;
    const char *end; /* of the answer */
} early[] = {
    {"POST /ignored/" HOST "Content-Length: 10\r\n\r\nhello", "world", NOTHING, false, "Hello"},
    {"GET /ignored/" HOST "Content-Length: 10\r\n\r\n", "helloworld", NOTHING, false, "Hello"},
    {"POST /ignored/missing" HOST "Content-Length: 5\r\n\r\n", "hello", NOTHING, false, "\r\n\r\n"},
    {"POST /ignored/" HOST CHUNKED "5\r\nhel", "lo\r\n0\r\n\r\n", NOTHING, false, "Hello"},
    {"POST /ignored/raw" HOST "Content-Length: 5\r\n\r\n", "hello", NOTHING, false, "\r\n\r\n"},
    {"POST /ignored/shared" HOST "Content-Length: 5\r\n\r\n", "hello", NOTHING, false, "bbb"},
    {"HEAD /ignored/shared" HOST "Content-Length: 5\r\n\r\n", "hello", NOTHING, false, "\r\n\r\n"},
    {"POST /answered-early" HOST "Content-Length: 10\r\n\r\nhe", "lloworld", NOTHING, false,
     "early"},
    {"POST /ignored/produce" HOST "Content-Length: 5\r\n\r\nh", "ello", ALL_BUT_THE_END, false,
     "\r\n0\r\n\r\n"},
    {"POST /ignored/produce-5000" HOST "Content-Length: 5\r\n\r\nh", "ello", ALL_BUT_THE_END, false,
     "xx"},
    /* Where it is long, or would have to be said otherwise. */
    {"POST /ignored/" HOST "Content-Length: 11\r\n\r\nhello", " world", WHOLE, true, "Hello"},
    {"POST /ignored/ HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhel", "lo",
     WHOLE, true, "Hello"},
    {"POST /ignored/" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello", WHOLE,
     true, "Hello"},
    /* What turns out later. */
    {"POST /ignored/" HOST CHUNKED "b\r\nhello", " world\r\n0\r\n\r\n", NOTHING, true, "Hello"},
    {"POST /ignored/shared" HOST CHUNKED "5\r\nhello", "X", NOTHING, true, "bbb"},
};

const int vn_early_answers = sizeof early / sizeof *early;

static bool ends_with(struct scripted_client *client, const char *end)
{
    size_t count = scripted_count(client), size = strlen(end);
    return count >= size && memcmp(scripted_bytes(client) + count - size, end, size) == 0;
}

/* The answers to what was sent before: a pipelined request, whose answer leaves at once. */
static size_t count_first(struct rig *rig)
{
    const char *end = strstr(scripted_bytes(&rig->client), "\r\n\r\n");
    return end == NULL ? 0 : (size_t) (end + 4 - scripted_bytes(&rig->client));
}

static const char *check_before(struct rig *rig, int row)
{
    size_t first = count_first(rig), count = scripted_count(&rig->client);
    bool is_whole = count > first && ends_with(&rig->client, early[row].end);
    if (first == 0)
        return rig_failed("the answer before it is held");
    if (early[row].before == NOTHING && count > first)
        return rig_failed("it comes early: %s", scripted_bytes(&rig->client) + first);
    if (early[row].before == WHOLE && !is_whole)
        return rig_failed("it does not come: %s", scripted_bytes(&rig->client) + first);
    if (early[row].before == ALL_BUT_THE_END && (count < first + 1000 || is_whole))
        return rig_failed("%zu bytes, whole %d", count - first, is_whole);
    return NULL;
}

static const char *check_after(struct rig *rig, int row)
{
    const char *answer = scripted_bytes(&rig->client) + count_first(rig);
    const char *next = strstr(answer, "HTTP/1.1 204");
    bool says_close = strstr(answer, CLOSES) != NULL;
    if (says_close != early[row].closes || (next == NULL) != early[row].closes)
        return rig_failed("closes %d, next %d: %.300s", says_close, next != NULL, answer);
    if (strstr(answer, "Connection: keep") != NULL)
        return rig_failed("it says that it stays: %.300s", answer);
    size_t count = next == NULL ? strlen(answer) : (size_t) (next - answer);
    size_t size = strlen(early[row].end);
    if (count < size || memcmp(answer + count - size, early[row].end, size) != 0)
        return rig_failed("it does not end: %.300s", answer);
    return NULL;
}

static struct rig *make(int over, const struct vn_loopback_script *script)
{
    struct rig *rig = rig_make(over);
    rig->config.limits.discard = DISCARD;
    rig->config.deadlines.linger = 1;
    *rig_script(rig) = *script;
    return rig;
}

static const char *finish(struct rig *rig, const char *problem)
{
    rig_script(rig)->stays_open = false;
    if (!rig_finish(rig) && problem == NULL)
        problem = rig_failed("it does not end");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

static const char *check_early(int over, int row, const struct vn_loopback_script *script)
{
    static const char first[] = "GET /no-content" HOST "\r\n";
    char begun[400] = "";
    struct rig *rig = make(over, script);
    strcat(strcat(begun, first), early[row].begun);
    rig_connect(rig, begun, strlen(begun));
    rig_turn_until_idle(rig);
    rig_turn_until_idle(rig);
    const char *problem = check_before(rig, row);
    rig_feed(rig, early[row].rest, strlen(early[row].rest));
    rig_feed(rig, NEXT, sizeof NEXT - 1);
    rig_script(rig)->stays_open = false;
    if (!rig_finish(rig) && problem == NULL)
        problem = rig_failed("it does not end");
    if (problem == NULL)
        problem = check_after(rig, row);
    return finish(rig, problem);
}

const char *vn_check_early_answer(int over, int row)
{
    static const struct vn_loopback_script scripts[] = {
        {.stays_open = true},
        {.stays_open = true, .sends_later = true},
        {.stays_open = true, .sends_later = true, .batch = 8, .send_max = 700},
        {.stays_open = true, .receive_max = 3},
    };
    const char *problem = NULL;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts && problem == NULL; i++)
        problem = check_early(over, row, &scripts[i]);
    return problem;
}

const char *vn_check_early_deferral(int over)
{
    static const char begun[] = "POST /ignored/later" HOST "Content-Length: 5\r\n\r\nhe";
    static const char rest[] = "llo" NEXT;
    struct rig *rig = make(over, &(struct vn_loopback_script) {.stays_open = true});
    rig_connect(rig, begun, sizeof begun - 1);
    rig_turn_until_idle(rig);
    vn_handle_run(rig->handle, rig_answer_later, rig);
    rig_turn_until_idle(rig);
    const char *problem = scripted_count(&rig->client) == 0 && rig->later_alive == 1
                              ? NULL
                              : rig_failed("it comes early: %s", scripted_bytes(&rig->client));
    rig_feed(rig, rest, sizeof rest - 1);
    rig_turn_until_idle(rig);
    const char *answer = scripted_bytes(&rig->client);
    if (problem == NULL && (strstr(answer, "\r\n\r\nlaterHTTP/1.1 204") == NULL ||
                            strstr(answer, "Connection") != NULL))
        problem = rig_failed("then: %s", answer);
    return finish(rig, problem);
}

static const char *check_without_end(int over, bool is_half_closed)
{
    static const char begun[] = "POST /ignored/shared" HOST "Content-Length: 5\r\n\r\nhe";
    struct rig *rig = make(over, &(struct vn_loopback_script) {.stays_open = !is_half_closed});
    rig->config.deadlines.body_grace = 40;
    rig->config.deadlines.body_rate = 1000000;
    rig_connect(rig, begun, sizeof begun - 1);
    bool has_ended = rig_finish(rig);
    const char *answer = scripted_bytes(&rig->client), *problem = NULL;
    if (!has_ended || strstr(answer, CLOSES) == NULL || !ends_with(&rig->client, "bbb"))
        problem = rig_failed("ended %d: %.300s", has_ended, answer);
    return finish(rig, problem);
}

const char *vn_check_early_answer_without_end(int over)
{
    const char *problem = check_without_end(over, false);
    return problem != NULL ? problem : check_without_end(over, true);
}
