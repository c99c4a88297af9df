// SPDX-License-Identifier: MIT
#include "include/lateness_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { DEADLINE = 40 };

static const struct {
    const char *begun;
    const char *rest;
} unread[] = {
    {"GET / HTTP/1.1\r\nHost:", " a\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP", "/1.1\r\nHost: a\r\n\r\n"},
    {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\na", "aaaaaaaaaaaaaaaaaaa"},
    {"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", "aaaaaaaa"},
    {"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na",
     "\r\n0\r\n\r\n"},
};

const int vn_unread_requests = sizeof unread / sizeof *unread;

/* The worker does not run. */
static void hold_up(uint64_t milliseconds)
{
    for (uint64_t until = vn_clock() + milliseconds; vn_clock() < until;)
        ;
}

static struct rig *make_hurried(int over, uint32_t deadline)
{
    struct rig *rig = rig_make(over);
    vn_deadlines *deadlines = &rig->config.deadlines;
    deadlines->head = deadlines->body_grace = deadline;
    deadlines->body_rate = 1000000;
    deadlines->linger = 1;
    rig_script(rig)->stays_open = true;
    return rig;
}

/* Its connection ends; the last answer has that status. */
static const char *finish(struct rig *rig, const char *status)
{
    rig_script(rig)->stays_open = false;
    rig_script(rig)->receive_max = 0;
    bool finished = rig_finish(rig);
    char *output = rig_output(rig), *last = output;
    for (char *at = output; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
        last = at;
    const char *problem = NULL;
    if (!finished || strncmp(last, "HTTP/1.1 ", 9) != 0 || strncmp(last + 9, status, 3) != 0)
        problem = rig_failed("finished %d, not %s: %s", finished, status, output);
    free(output);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_unread_in_time(int over, int row)
{
    struct rig *rig = make_hurried(over, DEADLINE);
    rig_connect(rig, unread[row].begun, strlen(unread[row].begun));
    rig_turn_until_idle(rig);
    rig_script(rig)->receive_max = 1; /* a turn reads little of it */
    rig_feed(rig, unread[row].rest, strlen(unread[row].rest));
    hold_up(DEADLINE * 2);
    rig_turn_until_idle(rig);
    return finish(rig, "200");
}

const char *vn_check_dripping_is_late(int over)
{
    enum { BODY = 4000 };
    static const char head[] = "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n";
    static const uint8_t rest[BODY];
    struct rig *rig = make_hurried(over, DEADLINE);
    rig_connect(rig, head, sizeof head - 1);
    rig_turn_until_idle(rig);
    rig_script(rig)->receive_max = 1;
    rig_feed(rig, rest, sizeof rest);
    for (int turn = 0; turn < 1000; turn++) {
        hold_up(1);
        vn_loop_turn(&rig->worker.loop, 0);
    }
    return finish(rig, "408");
}

const char *vn_check_late_worker(int over)
{
    struct rig *rig = make_hurried(over, 3 * DEADLINE);
    rig_connect(rig, unread[0].begun, strlen(unread[0].begun));
    rig_turn_until_idle(rig);
    hold_up(10 * DEADLINE);
    vn_loop_turn(&rig->worker.loop, 0); /* nothing has come yet */
    rig_feed(rig, unread[0].rest, strlen(unread[0].rest));
    rig_turn_until_idle(rig);
    return finish(rig, "200");
}

const char *vn_check_late_stop(int over)
{
    static const char input[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct rig *rig = make_hurried(over, 10000);
    rig_connect(rig, input, sizeof input - 1);
    rig_turn_until_idle(rig);
    hold_up(10 * DEADLINE);
    vn_loop_turn(&rig->worker.loop, 0);
    uint64_t begun = vn_clock();
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + DEADLINE);
    while (rig->client.peer.ended == 0 && vn_clock() < begun + 10000)
        vn_loop_turn(&rig->worker.loop, 10000);
    uint64_t lost = rig->worker.loop.lost, took = vn_clock() - begun;
    const char *leak = rig_free(rig);
    if (lost < 5 * DEADLINE)
        return rig_failed("%llu ms are lost", (unsigned long long) lost);
    if (took < DEADLINE - 1 || took >= 10000)
        return rig_failed("the stop took %llu ms", (unsigned long long) took);
    return leak;
}
