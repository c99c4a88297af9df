// SPDX-License-Identifier: MIT
#include "include/unread_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "serve/unread_watch.h"

/* ---- The choice ---- */

const char *vn_check_unread_choice(uint64_t seed)
{
    enum { SLOTS = 200, UNTIL = 50 };
    struct vn_seen seen[SLOTS] = {0};
    bool is_chosen[SLOTS] = {false};
    uint64_t wanted = rig_draw(&seed, 40000), sum = 0, last = 0;
    for (int i = 0; i < SLOTS; i++)
        seen[i] = (struct vn_seen) {.generation = 1,
                                    .bytes = rig_draw(&seed, 2) * rig_draw(&seed, 1000),
                                    .sent = rig_draw(&seed, 10),
                                    .since = rig_draw(&seed, 100)};
    uint32_t count = SLOTS;
    struct vn_stalled *stalled = vn_unread_choose(seen, &count, UNTIL, wanted);
    uint64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct vn_seen *one = &seen[stalled[i].index];
        before = sum;
        sum += one->bytes;
        last = one->since * 100 + one->sent;
        is_chosen[stalled[i].index] = true;
        if (one->bytes == 0 || one->since > UNTIL)
            return rig_failed("%llu bytes since %llu", (unsigned long long) one->bytes,
                              (unsigned long long) one->since);
    }
    free(stalled);
    if (count > 0 && before >= wanted)
        return rig_failed("more than is needed");
    for (int i = 0; i < SLOTS; i++) {
        if (is_chosen[i] || seen[i].bytes == 0 || seen[i].since > UNTIL)
            continue;
        if (sum < wanted)
            return rig_failed("less than is needed");
        if (seen[i].since * 100 + seen[i].sent < last)
            return rig_failed("one that stalled for longer was left");
    }
    return NULL;
}

const char *vn_check_unread_notes(void)
{
    static const struct {
        struct vn_seen look;
        uint64_t now, since;
    } rows[] = {
        {{.generation = 1, .bytes = 10, .taken = 5}, 100, 100}, /* seen first */
        {{.generation = 1, .bytes = 10, .taken = 5}, 200, 100},
        {{.generation = 1, .bytes = 30, .taken = 5}, 300, 100}, /* it was sent more */
        {{.generation = 1, .bytes = 30, .taken = 6},
         400,
         400}, /* it took some, and was sent as much */
        {{.generation = 1, .bytes = 30, .taken = 6}, 500, 400},
        {{.generation = 1, .bytes = 30, .taken = 6, .is_postponed = true}, 600, 600},
        {{.generation = 1, .bytes = 30, .taken = 6}, 700, 600},
        {{.generation = 3, .bytes = 30, .taken = 6}, 800, 800}, /* another in the same slot */
        {{0}, 900, 900}, /* all is taken */
        {{.generation = 3, .bytes = 30, .taken = 6}, 1000, 1000},
    };
    struct vn_seen seen = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vn_unread_note(&seen, &rows[i].look, rows[i].now);
        if (seen.since != rows[i].since || seen.bytes != rows[i].look.bytes)
            return rig_failed("look %zu: %llu bytes since %llu", i, (unsigned long long) seen.bytes,
                              (unsigned long long) seen.since);
    }
    return NULL;
}

/* ---- Connections ---- */

enum { BODY = 40000, CLIENTS = 4 };

struct scene {
    struct rig *rig;
    struct scripted_client clients[CLIENTS];
    struct vn_connection *connections[CLIENTS];
    uint64_t sum; /* this check's own: others of the process do not count */
};

static void scene_open(struct scene *scene, int over, uint64_t limit)
{
    *scene = (struct scene) {.rig = rig_make(over)};
    struct rig *rig = scene->rig;
    rig->config.limits.unread = limit;
    rig_script(rig)->stays_open = true;
    vn_unread_watch_begin(&rig->worker, 1);
    rig->worker.unread.sum = &scene->sum;
    for (int i = 0; i < CLIENTS; i++) {
        scene->clients[i].over = over;
        scene->connections[i] =
            scripted_connect(&rig->worker, &scene->clients[i], rig->protocol, "", 0);
    }
}

/* A client asks for a copy of what it sends. */
static void scene_ask(struct scene *scene, int number)
{
    static char request[BODY + 100];
    int head = snprintf(request, sizeof request,
                        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", BODY);
    memset(request + head, 'x', BODY);
    scripted_feed(&scene->rig->worker, &scene->clients[number], scene->connections[number], request,
                  (size_t) head + BODY);
}

static int scene_ended(const struct scene *scene)
{
    int ended = 0;
    for (int i = 0; i < CLIENTS; i++)
        ended += (int) scene->clients[i].peer.ended;
    return ended;
}

/* Turn until it was looked `looks` times. */
static bool scene_look(struct scene *scene, int looks)
{
    struct vn_worker *worker = &scene->rig->worker;
    for (uint64_t due = vn_clock() + 20000; looks > 0 && vn_clock() < due;) {
        uint64_t before = worker->unread.looked;
        vn_loop_turn(&worker->loop, 1000);
        looks -= worker->unread.looked != before;
    }
    return looks == 0;
}

static const char *scene_close(struct scene *scene, const char *problem)
{
    struct rig *rig = scene->rig;
    while (rig_conn(rig) != NULL && !rig_conn(rig)->is_ending)
        vn_connection_end(rig_conn(rig)), rig_turn_until_idle(rig);
    vn_unread_watch_end(&rig->worker);
    if (problem == NULL && scene->sum != 0)
        problem = rig_failed("%llu bytes are still counted", (unsigned long long) scene->sum);
    rig->client.peer.ended = 1; /* it was not used */
    const char *leak = rig_free(rig);
    for (int i = 0; i < CLIENTS; i++)
        scripted_free(&scene->clients[i]);
    return problem != NULL ? problem : leak;
}

const char *vn_check_unread_order(int over)
{
    struct scene scene;
    const char *problem = NULL;
    scene_open(&scene, over, 100000);
    rig_script(scene.rig)->is_stalled = true;
    for (int i = 0; i < 3; i++) {
        scene_ask(&scene, i);
        if (!scene_look(&scene, 2))
            problem = rig_failed("nobody looked");
    }
    for (uint64_t due = vn_clock() + 20000; scene_ended(&scene) == 0 && vn_clock() < due;)
        vn_loop_turn(&scene.rig->worker.loop, 1000);
    if (!scene_look(&scene, 3))
        problem = rig_failed("nobody looked again");
    uint64_t counted = scene.rig->worker.counted.ended_unread;
    if (problem == NULL && (scene_ended(&scene) != 1 || scene.clients[0].peer.ended != 1))
        problem = rig_failed("ended: %u %u %u of %llu bytes", scene.clients[0].peer.ended,
                             scene.clients[1].peer.ended, scene.clients[2].peer.ended,
                             (unsigned long long) scene.sum);
    if (problem == NULL && counted != 1)
        problem = rig_failed("counted %llu", (unsigned long long) counted);
    return scene_close(&scene, problem);
}

const char *vn_check_unread_ends(int over)
{
    struct scene scene;
    const char *problem = NULL;
    scene_open(&scene, over, 1000000);
    rig_script(scene.rig)->is_stalled = true;
    scene_ask(&scene, 0);
    if (!scene_look(&scene, 2) || scene.sum < BODY || scene.sum > BODY + 1000)
        problem = rig_failed("%llu bytes are counted", (unsigned long long) scene.sum);
    rig_script(scene.rig)->is_stalled = false;
    for (uint64_t due = vn_clock() + 20000;
         scene.rig->worker.unread.is_planned && vn_clock() < due;)
        vn_loop_turn(&scene.rig->worker.loop, 1000);
    if (problem == NULL && (scene.sum != 0 || scene.rig->worker.unread.is_planned))
        problem = rig_failed("%llu bytes are counted in the end", (unsigned long long) scene.sum);
    if (problem == NULL && scripted_count(&scene.clients[0]) < BODY)
        problem = rig_failed("the answer did not come");
    scene_ask(&scene, 1);
    rig_turn_until_idle(scene.rig);
    if (problem == NULL && !scene.rig->worker.unread.is_planned)
        problem = rig_failed("nobody looks at what leaves");
    return scene_close(&scene, problem);
}
