// SPDX-License-Identifier: MIT
#include "include/retire_checks.h"

#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { SPAN = 40, WITHIN = 10000 }; /* milliseconds */

static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

static struct rig *make(int over)
{
    struct rig *rig = rig_make(over);
    rig->config.lame_duck = SPAN;
    rig_script(rig)->stays_open = true;
    return rig;
}

static void stop(struct rig *rig)
{
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + WITHIN);
}

/* Turn until it is being ended. Returns false when it is not. */
static bool await_retiring(struct rig *rig)
{
    for (uint64_t due = vn_clock() + WITHIN; vn_clock() < due;) {
        const struct vn_connection *connection = rig_conn(rig);
        if (connection == NULL || connection->is_ending)
            return false;
        if (connection->is_retiring)
            return true;
        vn_loop_turn(&rig->worker.loop, WITHIN);
    }
    return false;
}

/* The client asks again, and the request is handled. Returns false when it is not. */
static bool ask(struct rig *rig)
{
    uint32_t before = rig->handled;
    rig_feed(rig, get, sizeof get - 1);
    for (uint64_t due = vn_clock() + WITHIN; rig->handled == before && vn_clock() < due;)
        vn_loop_turn(&rig->worker.loop, 1);
    return rig->handled > before;
}

static int count_in(const char *text, const char *part)
{
    int count = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        count++;
    }
    return count;
}

/* Whether so many answers were given, of which so many say that the connection closes. */
static const char *expect(struct rig *rig, int answers, int closes)
{
    char *output = rig_output(rig);
    const char *problem = NULL;
    if (count_in(output, "HTTP/1.1 ") != answers || count_in(output, "200 OK") != answers ||
        count_in(output, "Connection: close\r\n") != closes)
        problem = rig_failed("%d answers, %d closes wanted: %s", answers, closes, output);
    free(output);
    return problem;
}

static const char *leave(struct rig *rig, const char *problem)
{
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_retires_at_the_idle_deadline(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig->config.deadlines.idle = SPAN;
    rig_connect(rig, get, sizeof get - 1);
    for (int i = 1; i <= 3 && problem == NULL; i++) {
        if (!await_retiring(rig))
            problem = rig_failed("round %d: it does not end when idle", i);
        else if ((problem = expect(rig, i, 0)) == NULL && !ask(rig))
            problem = rig_failed("round %d: a request is lost", i);
    }
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it does not end at all");
    if (problem == NULL)
        problem = expect(rig, 4, 0);
    if (problem == NULL && rig->worker.counted.timeouts_idle != 1)
        problem = rig_failed("%llu idle connections counted",
                             (unsigned long long) rig->worker.counted.timeouts_idle);
    return leave(rig, problem);
}

const char *vn_check_retires_when_the_server_stops(int over)
{
    struct rig *rig = make(over);
    const char *problem = NULL;
    rig_connect(rig, get, sizeof get - 1);
    rig_turn_until_idle(rig);
    stop(rig);
    if (!await_retiring(rig))
        problem = rig_failed("it does not end with the server");
    else if (!ask(rig))
        problem = rig_failed("a request is lost");
    rig_script(rig)->stays_open = false; /* it closes when it has heard of the close */
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it does not end at all");
    if (problem == NULL)
        problem = expect(rig, 2, 1);
    if (problem == NULL && rig->worker.counted.timeouts_idle != 0)
        problem = rig_failed("the end of the server is counted as idleness");
    return leave(rig, problem);
}

static const char *check_grace(int over, bool is_new)
{
    struct rig *rig = make(over);
    rig->config.lame_duck = WITHIN;
    rig_connect(rig, get, is_new ? 0 : sizeof get - 1);
    rig_turn_until_idle(rig);
    stop(rig);
    rig_turn_until_idle(rig);
    const char *problem =
        rig->client.peer.ended == 0 ? NULL : rig_failed("an idle connection ended without grace");
    if (problem == NULL && !ask(rig))
        problem = rig_failed("a request is lost");
    rig_script(rig)->stays_open = false;
    if (problem == NULL && !rig_finish(rig))
        problem = rig_failed("it does not end at all");
    if (problem == NULL)
        problem = expect(rig, is_new ? 1 : 2, 1);
    return leave(rig, problem);
}

const char *vn_check_answers_in_the_grace(int over)
{
    const char *problem = check_grace(over, false);
    return problem != NULL ? problem : check_grace(over, true);
}
