// SPDX-License-Identifier: MIT
#include "include/hub_checks.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/response.h"
#include "scripted_client.h"
#include "events/shard.h"

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

static vn_span text(const char *string)
{
    return (vn_span) {(const uint8_t *) string, strlen(string)};
}

/* ---- A worker without sockets, and a hub ---- */

enum { CLIENTS = 24 };

struct rig {
    vn_config config;
    struct vn_worker worker;
    vn_hub *hub;
    int32_t refused; /* what subscribing last returned */
    bool publishes_then; /* the handler, behind a subscription */
    struct scripted_client clients[CLIENTS];
    struct vn_connection *conns[CLIENTS]; /* of those that are connected */
};

/* GET /TOPIC subscribes, with Last-Event-ID. */
static void handle(void *context, const vn_request *request, vn_response *response)
{
    struct rig *rig = context;
    vn_span path = vn_request_path(request), last_id = {0};
    size_t field = vn_request_find(request, text("Last-Event-ID"), 0);
    if (field < request->field_count)
        last_id = vn_field_value(request, field);
    vn_span topic = {path.bytes + 1, path.count - 1};
    rig->refused = vn_response_subscribe(response, rig->hub, topic, last_id);
    if (rig->refused < 0)
        vn_response_send_empty(response, 503);
    if (rig->publishes_then)
        vn_hub_publish(rig->hub, topic, text("data: then\n"), (vn_span) {0}, (vn_span) {0});
}

static struct rig *rig_make(int over, const vn_hub_options *options)
{
    struct rig *rig = NULL;
    if (posix_memalign((void **) &rig, 128, sizeof *rig) != 0)
        abort();
    memset(rig, 0, sizeof *rig);
    vn_config_init(&rig->config);
    rig->config.handlers = (vn_handlers) {.context = rig, .handle = handle};
    rig->hub = vn_hub_open(options);
    if (rig->hub == NULL || vn_worker_init(&rig->worker, &rig->config) != 0 ||
        serving_open(&rig->worker, vn_loopback_open, CLIENTS, 0) != 0)
        abort();
    rig->worker.context = rig;
    *vn_loopback_script(rig->worker.loop.ring) = (struct vn_loopback_script) {.stays_open = true};
    for (int i = 0; i < CLIENTS; i++)
        rig->clients[i].over = over;
    return rig;
}

static void settle(struct rig *rig)
{
    for (int i = 0; i < 40; i++)
        vn_loop_turn(&rig->worker.loop, 0);
}

static void connect_as(struct rig *rig, int client, const char *topic, const char *version,
                       const char *last_id)
{
    char request[1024];
    snprintf(request, sizeof request, "GET /%s HTTP/%s\r\nHost: a\r\n%s%s%s\r\n", topic, version,
             last_id == NULL ? "" : "Last-Event-ID: ", last_id == NULL ? "" : last_id,
             last_id == NULL ? "" : "\r\n");
    scripted_free(&rig->clients[client]);
    rig->conns[client] = scripted_connect(&rig->worker, &rig->clients[client], &vn_protocol_http1,
                                          request, strlen(request));
    settle(rig);
}

static void leave(struct rig *rig, int client)
{
    if (rig->clients[client].peer.ended == 0)
        vn_connection_end(rig->conns[client]);
    settle(rig);
}

static const char *rig_free(struct rig *rig)
{
    const char *problem = NULL;
    vn_hub_statistics counted;
    for (int i = 0; i < CLIENTS; i++)
        if (rig->conns[i] != NULL)
            leave(rig, i);
    vn_hub_read_statistics(rig->hub, &counted);
    if (counted.connected != 0)
        problem = failed("%llu subscribers are left", (unsigned long long) counted.connected);
    else if (rig->worker.loop.sources.count != 0)
        problem = failed("%u slots are still taken", rig->worker.loop.sources.count);
    for (int i = 0; problem == NULL && i < CLIENTS; i++)
        if (!scripted_is_sound(&rig->clients[i]))
            problem = failed("what client %d got is not what the transport sends", i);
    vn_hub_close(rig->hub);
    vn_worker_close(&rig->worker);
    vn_worker_deinit(&rig->worker);
    for (int i = 0; i < CLIENTS; i++)
        scripted_free(&rig->clients[i]);
    free(rig);
    return problem;
}

static int32_t publish(struct rig *rig, const char *topic, const char *lines)
{
    return vn_hub_publish(rig->hub, text(topic), text(lines), (vn_span) {0}, (vn_span) {0});
}

static vn_hub_options quiet(void)
{
    vn_hub_options options;
    vn_hub_options_init(&options);
    options.stream.heartbeat = 0;
    return options;
}

/* ---- What a client has received ---- */

/* The stream without its head and its chunks. NULL when the framing is wrong. */
static char *payload_of(struct scripted_client *client, bool is_chunked)
{
    char *all = strdup(scripted_bytes(client));
    char *body = strstr(all, "\r\n\r\n");
    char *to = all;
    if (body == NULL) {
        free(all);
        return NULL;
    }
    body += 4;
    if (!is_chunked) {
        memmove(all, body, strlen(body) + 1);
        return all;
    }
    while (*body != '\0') {
        char *end;
        size_t count = strtoul(body, &end, 16);
        if (strncmp(end, "\r\n", 2) != 0 || strlen(end + 2) < count + 2 ||
            strncmp(end + 2 + count, "\r\n", 2) != 0) {
            free(all);
            return NULL;
        }
        memmove(to, end + 2, count);
        to += count;
        body = end + 2 + count + 2;
        if (count == 0)
            break;
    }
    *to = '\0';
    return all;
}

/* The data of the events a client got, each with a blank behind it; "gap " for a gap. The id of the
 * last one goes to `id` when that is not NULL. */
static char *data_of(struct rig *rig, int client, bool is_chunked, char *id)
{
    char *payload = payload_of(&rig->clients[client], is_chunked);
    if (payload == NULL)
        return NULL;
    char *out = calloc(1, strlen(payload) + 1), *rest = payload;
    bool is_gap = false;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (strncmp(line, "id: ", 4) == 0 && id != NULL)
            strcpy(id, line + 4);
        else if (strcmp(line, "event: gap") == 0)
            is_gap = true;
        else if (strncmp(line, "data: ", 6) == 0) {
            strcat(strcat(out, is_gap ? "gap" : line + 6), " ");
            is_gap = false;
        }
    }
    free(payload);
    return out;
}

static const char *expect_data(struct rig *rig, int client, bool is_chunked, const char *want,
                               char *id)
{
    char *have = data_of(rig, client, is_chunked, id);
    const char *problem = NULL;
    if (have == NULL)
        problem = failed("client %d: the framing is wrong: %.*s", client,
                         (int) scripted_count(&rig->clients[client]),
                         scripted_bytes(&rig->clients[client]));
    else if (strcmp(have, want) != 0)
        problem = failed("client %d: \"%s\" instead of \"%s\"", client, have, want);
    free(have);
    return problem;
}

/* ---- The checks ---- */

const char *vn_check_hub_delivers(int over)
{
    vn_hub_options options = quiet();
    struct rig *rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    connect_as(rig, 1, "a", "1.0", NULL);
    connect_as(rig, 2, "b", "1.1", NULL);
    publish(rig, "a", "data: 1\n");
    settle(rig);
    for (int i = 2; i <= 6; i++) {
        char lines[32];
        snprintf(lines, sizeof lines, "data: %d\n", i);
        publish(rig, "a", lines);
    }
    publish(rig, "b", "event: x\ndata: 7\n");
    publish(rig, "nobody", "data: 8\n");
    settle(rig);
    const char *problem = expect_data(rig, 0, true, "1 2 3 4 5 6 ", NULL);
    if (problem == NULL)
        problem = expect_data(rig, 1, false, "1 2 3 4 5 6 ", NULL);
    if (problem == NULL)
        problem = expect_data(rig, 2, true, "7 ", NULL);
    vn_hub_statistics counted;
    vn_hub_read_statistics(rig->hub, &counted);
    if (problem == NULL && (counted.published != 8 || counted.delivered != 13 ||
                            counted.connected != 3 || counted.topics != 3))
        problem =
            failed("published %llu, delivered %llu, connected %llu, topics %llu",
                   (unsigned long long) counted.published, (unsigned long long) counted.delivered,
                   (unsigned long long) counted.connected, (unsigned long long) counted.topics);
    if (problem == NULL &&
        strstr(scripted_bytes(&rig->clients[0]), "Content-Type: text/event-stream\r\n") == NULL)
        problem = failed("no content type");
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_hub_replays(int over)
{
    vn_hub_options options = quiet();
    options.topic.history_events = 3;
    struct rig *rig = rig_make(over, &options);
    char id[64] = "", second[64] = "";
    const char *problem = NULL;
#define STEP(call) problem = problem != NULL ? problem : (call)
    /* From before the first event. */
    connect_as(rig, 0, "a", "1.1", NULL);
    STEP(expect_data(rig, 0, true, "", id));
    leave(rig, 0);
    publish(rig, "a", "data: 1\n");
    publish(rig, "a", "data: 2\n");
    connect_as(rig, 0, "a", "1.1", id);
    STEP(expect_data(rig, 0, true, "1 2 ", second));
    leave(rig, 0);
    /* With the third still in the inbox of a shard that others keep open. */
    connect_as(rig, 1, "a", "1.1", NULL);
    publish(rig, "a", "data: 3\n");
    connect_as(rig, 0, "a", "1.1", second);
    STEP(expect_data(rig, 0, true, "3 ", NULL));
    leave(rig, 0);
    /* Three are kept, so what is before them is lost. */
    publish(rig, "a", "data: 4\n");
    settle(rig);
    connect_as(rig, 0, "a", "1.1", second);
    STEP(expect_data(rig, 0, true, "3 4 ", NULL));
    leave(rig, 0);
    connect_as(rig, 0, "a", "1.1", id);
    STEP(expect_data(rig, 0, true, "gap 2 3 4 ", NULL));
    leave(rig, 0);
    /* An id of another hub, or of nobody. */
    const char *strange[] = {"00000000-1", "17", "zzzzzzzz-zz", "99999999999999999999999999999999"};
    for (int i = 0; i < 4; i++) {
        connect_as(rig, 0, "a", "1.1", strange[i]);
        STEP(expect_data(rig, 0, true, "gap 2 3 4 ", NULL));
        leave(rig, 0);
    }
    /* Not published yet, though of this hub. */
    snprintf(id, sizeof id, "%.9s%s", second, "77");
    connect_as(rig, 0, "a", "1.1", id);
    STEP(expect_data(rig, 0, true, "gap 2 3 4 ", NULL));
    leave(rig, 0);
    /* An id of the user's own. */
    vn_hub_publish(rig->hub, text("a"), text("data: 5\n"), text("five"), (vn_span) {0});
    publish(rig, "a", "data: 6\n");
    connect_as(rig, 0, "a", "1.1", "five");
    STEP(expect_data(rig, 0, true, "6 ", NULL));
    vn_hub_statistics counted;
    vn_hub_read_statistics(rig->hub, &counted);
    if (problem == NULL && counted.gaps != 6)
        problem = failed("%llu gaps", (unsigned long long) counted.gaps);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_hub_history(int over)
{
    const char *problem = NULL;
    char id[64] = "";
    size_t size = strlen("id: 00000000-1\ndata: 1\n\n");
    for (uint32_t less = 0; less <= 1; less++) {
        vn_hub_options options = quiet();
        options.topic.history_bytes = (uint32_t) (2 * size) - less;
        struct rig *rig = rig_make(over, &options);
        connect_as(rig, 0, "a", "1.1", NULL);
        STEP(expect_data(rig, 0, true, "", id));
        leave(rig, 0);
        publish(rig, "a", "data: 1\n");
        publish(rig, "a", "data: 2\n");
        connect_as(rig, 0, "a", "1.1", id);
        STEP(expect_data(rig, 0, true, less == 0 ? "1 2 " : "gap 2 ", NULL));
        const char *leak = rig_free(rig);
        STEP(leak);
    }
    /* Age. */
    vn_hub_options options = quiet();
    options.topic.history_age = 20;
    struct rig *rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    STEP(expect_data(rig, 0, true, "", id));
    leave(rig, 0);
    publish(rig, "a", "data: 1\n");
    for (uint64_t until = vn_clock() + 22; vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 5);
    connect_as(rig, 0, "a", "1.1", id);
    STEP(expect_data(rig, 0, true, "gap ", NULL));
    /* No history at all: who comes back at once has missed what came meanwhile. */
    const char *leak = rig_free(rig);
    STEP(leak);
    options = quiet();
    options.topic.history_events = 0;
    rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    STEP(expect_data(rig, 0, true, "", id));
    leave(rig, 0);
    connect_as(rig, 0, "a", "1.1", id);
    publish(rig, "a", "data: 1\n");
    settle(rig);
    STEP(expect_data(rig, 0, true, "1 ", NULL));
    leave(rig, 0);
    connect_as(rig, 0, "a", "1.1", id);
    STEP(expect_data(rig, 0, true, "gap ", NULL));
    leak = rig_free(rig);
    STEP(leak);
    return problem;
}

/* The client takes nothing from here on. A record that does not leave cannot be taken back: over
 * TLS the first event after that is no backlog. */
static void fill_transport(struct rig *rig, int over)
{
    if (over != OVER_TLS)
        return;
    publish(rig, "a", "data: first\n");
    settle(rig);
}

/* Events of 100 bytes each ("id" line included) for a client that takes nothing until the end. */
static const char *check_slow(int over, uint8_t slow, uint32_t fits, int events, const char *keys,
                              const char *want, uint64_t dropped, uint64_t disconnected)
{
    vn_hub_options options = quiet();
    options.topic.slow = slow;
    options.topic.history_bytes = 0;
    options.topic.backlog_bytes = fits;
    struct rig *rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    struct vn_loopback_script *script = vn_loopback_script(rig->worker.loop.ring);
    script->is_stalled = true;
    fill_transport(rig, over);
    for (int i = 0; i < events; i++) {
        char lines[128];
        snprintf(lines, sizeof lines, "data: %d\n: %075d\n", i, 0);
        char key[2] = {keys == NULL ? '\0' : keys[i], '\0'};
        vn_hub_publish(rig->hub, text("a"), text(lines), (vn_span) {0}, text(key));
        settle(rig);
    }
    script->is_stalled = false;
    settle(rig);
    const char *problem = NULL;
    char all[64];
    snprintf(all, sizeof all, "%s%s", over == OVER_TLS ? "first " : "", want);
    if (disconnected == 0)
        problem = expect_data(rig, 0, true, all, NULL);
    else if (rig->clients[0].peer.ended != 1)
        problem = failed("a slow subscriber was not cut");
    vn_hub_statistics counted;
    vn_hub_read_statistics(rig->hub, &counted);
    if (problem == NULL && (counted.dropped != dropped || counted.disconnected != disconnected))
        problem =
            failed("policy %u: dropped %llu, disconnected %llu", slow,
                   (unsigned long long) counted.dropped, (unsigned long long) counted.disconnected);
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

const char *vn_check_hub_slow(int over)
{
    const char *problem = NULL;
    /* The size of an event, and that of its chunk on the way: the first one is with the kernel. */
    uint32_t size = (uint32_t) strlen("id: 00000000-1\n") + 8 + 78 + 1, chunk = size + 6;
    uint32_t three = chunk + 2 * size;
    STEP(check_slow(over, VN_SLOW_DISCONNECT, three, 3, NULL, "0 1 2 ", 0, 0));
    STEP(check_slow(over, VN_SLOW_DISCONNECT, three - 1, 3, NULL, "", 0, 1));
    STEP(check_slow(over, VN_SLOW_DROP_OLDEST, three, 3, NULL, "0 1 2 ", 0, 0));
    STEP(check_slow(over, VN_SLOW_DROP_OLDEST, three - 1, 3, NULL, "0 2 ", 1, 0));
    STEP(check_slow(over, VN_SLOW_DROP_OLDEST, three, 8, NULL, "0 6 7 ", 5, 0));
    STEP(check_slow(over, VN_SLOW_KEEP_NEWEST, three, 8, "abababab", "0 6 7 ", 5, 0));
    STEP(check_slow(over, VN_SLOW_KEEP_NEWEST, three, 5, "aabca", "0 3 4 ", 2, 0));
    /* One that fits nowhere: the socket is full already. */
    STEP(check_slow(over, VN_SLOW_DROP_OLDEST, chunk, 3, NULL, "0 ", 2, 0));
    STEP(check_slow(over, VN_SLOW_DISCONNECT, chunk, 2, NULL, "", 0, 1));

    /* Age: what waits for longer makes the backlog full. */
    vn_hub_options options = quiet();
    options.topic.backlog_age = 20;
    struct rig *rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    vn_loopback_script(rig->worker.loop.ring)->is_stalled = true;
    fill_transport(rig, over);
    publish(rig, "a", "data: 1\n");
    settle(rig);
    publish(rig, "a", "data: 2\n");
    settle(rig);
    for (uint64_t until = vn_clock() + 24; vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 5);
    publish(rig, "a", "data: 3\n");
    settle(rig);
    if (problem == NULL && rig->clients[0].peer.ended != 1)
        problem = failed("a backlog of any age is taken");
    const char *leak = rig_free(rig);
    STEP(leak);
    return problem;
}

/* A new subscriber and an event in the same turn, behind output that is still owed. */
const char *vn_check_hub_haste(int over)
{
    const char *problem = NULL;
    for (uint8_t slow = VN_SLOW_DISCONNECT; slow <= VN_SLOW_KEEP_NEWEST; slow++) {
        vn_hub_options options = quiet();
        options.topic.slow = slow;
        options.topic.backlog_age = 20;
        struct rig *rig = rig_make(over, &options);
        char id[64] = "";
        connect_as(rig, 0, "a", "1.1", NULL);
        STEP(expect_data(rig, 0, true, "", id));
        leave(rig, 0);
        publish(rig, "a", "data: old\n");
        for (uint64_t until = vn_clock() + 24; vn_clock() < until;)
            vn_loop_turn(&rig->worker.loop, 1);
        vn_loopback_script(rig->worker.loop.ring)->sends_later = true;
        rig->publishes_then = true;
        connect_as(rig, 0, "a", "1.1", id);
        STEP(expect_data(rig, 0, true, "old then ", NULL));
        const char *leak = rig_free(rig);
        STEP(leak);
    }
    return problem;
}

/* While the worker is busy its inbox keeps no more than one subscriber may wait for. */
const char *vn_check_hub_inbox(int over)
{
    const char *problem = NULL;
    for (uint8_t slow = VN_SLOW_DISCONNECT; slow <= VN_SLOW_DROP_OLDEST; slow++) {
        vn_hub_options options = quiet();
        options.topic.slow = slow;
        options.topic.history_bytes = options.topic.backlog_bytes = 1000;
        struct rig *rig = rig_make(over, &options);
        connect_as(rig, 0, "a", "1.1", NULL);
        for (int i = 0; i < 10000; i++)
            publish(rig, "a", "data: 1\n");
        const struct vn_hub_shard *shard = rig->worker.hub_shards;
        if (problem == NULL && shard->inbox.count > 1000 / strlen("id: 00000000-1\ndata: 1\n\n"))
            problem = failed("%u entries wait", shard->inbox.count);
        settle(rig);
        vn_hub_statistics counted;
        vn_hub_read_statistics(rig->hub, &counted);
        bool is_cut = slow == VN_SLOW_DISCONNECT;
        if (problem == NULL &&
            (counted.disconnected != is_cut || rig->clients[0].peer.ended != is_cut ||
             (!is_cut && counted.dropped + counted.delivered != 10000)))
            problem = failed("disconnected %llu, dropped %llu, delivered %llu",
                             (unsigned long long) counted.disconnected,
                             (unsigned long long) counted.dropped,
                             (unsigned long long) counted.delivered);
        leave(rig, 0);
        /* With nobody left the worker keeps nothing of the hub. */
        if (problem == NULL && rig->worker.hub_shards != NULL)
            problem = failed("a shard is left");
        const char *leak = rig_free(rig);
        STEP(leak);
    }
    return problem;
}

static bool turn_until(struct rig *rig, int client, const char *want)
{
    for (uint64_t until = vn_clock() + 10000; vn_clock() < until;) {
        vn_loop_turn(&rig->worker.loop, 20);
        char *payload = payload_of(&rig->clients[client], true);
        bool is_there = payload != NULL && strstr(payload, want) != NULL;
        free(payload);
        if (is_there)
            return true;
    }
    return false;
}

const char *vn_check_hub_life(int over)
{
    const char *problem = NULL;
    vn_hub_options options = quiet();
    options.stream = (vn_event_stream) {
        .heartbeat = 60, .retry_min = 70, .retry_max = 79, .shutdown_spread = 50};
    struct rig *rig = rig_make(over, &options);
    connect_as(rig, 0, "a", "1.1", NULL);
    if (!turn_until(rig, 0, ":\n\n:\n\n"))
        problem = failed("no heartbeats");
    /* None while events come more often. Where a busy machine holds them up, they do not: then the
       stream is made busy again. */
    for (bool is_late = true; problem == NULL && is_late;) {
        uint64_t last = vn_clock();
        publish(rig, "a", "data: x\n");
        settle(rig);
        size_t before = scripted_count(&rig->clients[0]);
        is_late = false;
        for (int i = 0; i < 30; i++) {
            uint64_t began = vn_clock();
            publish(rig, "a", "data: x\n");
            for (uint64_t until = began + 5; vn_clock() < until;)
                vn_loop_turn(&rig->worker.loop, 5);
            is_late |= vn_clock() + 1 >= last + options.stream.heartbeat;
            last = began;
        }
        if (!is_late && memmem(scripted_bytes(&rig->clients[0]) + before,
                               scripted_count(&rig->clients[0]) - before, "\n:\n\n", 4) != NULL)
            problem = failed("a heartbeat in a busy stream");
    }

    /* A client that ends its side has left. */
    connect_as(rig, 1, "a", "1.1", NULL);
    vn_loopback_script(rig->worker.loop.ring)->stays_open = false;
    settle(rig);
    if (problem == NULL && (rig->clients[0].peer.ended != 1 || rig->clients[1].peer.ended != 1))
        problem = failed("a client that is gone is still subscribed");
    if (problem == NULL &&
        memcmp(scripted_bytes(&rig->clients[1]) + scripted_count(&rig->clients[1]) - 5, "0\r\n\r\n",
               5) != 0)
        problem = failed("the stream of a client that left is cut");
    /* And one whose input had ended before. */
    connect_as(rig, 3, "a", "1.1", NULL);
    settle(rig);
    if (problem == NULL && rig->clients[3].peer.ended != 1)
        problem = failed("a client that left before its stream began is still subscribed");
    vn_loopback_script(rig->worker.loop.ring)->stays_open = true;

    connect_as(rig, 2, "a", "1.1", NULL);
    vn_mailbox_stop(&rig->worker.loop.mailbox, vn_clock() + 10000);
    if (problem == NULL && !turn_until(rig, 2, "\nretry: 7"))
        problem = failed("no time to reconnect at the end of the stream");
    for (uint64_t until = vn_clock() + 10000;
         rig->clients[2].peer.ended == 0 && vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 20);
    if (problem == NULL &&
        (rig->clients[2].peer.ended != 1 ||
         memcmp(scripted_bytes(&rig->clients[2]) + scripted_count(&rig->clients[2]) - 5,
                "0\r\n\r\n", 5) != 0))
        problem = failed("the stream did not end whole");
    const char *leak = rig_free(rig);
    STEP(leak);
    return problem;
}

const char *vn_check_hub_refusals(int over)
{
    const char *problem = NULL;
    vn_hub_options options = quiet();
    options.topics = 3;
    options.topic.history_age = 1;
    struct rig *rig = rig_make(over, &options);
    static uint8_t long_name[256];
    memset(long_name, 'n', sizeof long_name);
    vn_span none = {0}, most = {long_name, 255}, beyond = {long_name, 256};
    vn_topic_options topic = options.topic;
    struct {
        int32_t have, want;
    } rows[] = {
        {vn_hub_publish(rig->hub, most, text("data: 1\n"), most, most), 0},
        {vn_hub_publish(rig->hub, beyond, none, none, none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, beyond, none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, none, beyond), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("a\nb"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("a\rb"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, (vn_span) {(const uint8_t *) "a\0b", 3}, none),
         -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("a\001b"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("\177"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text(" a"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("a\t"), none), -EINVAL},
        {vn_hub_publish(rig->hub, none, none, text("a \tb\303\274"), none), 0},
        {vn_hub_publish(rig->hub, none, (vn_span) {long_name, 16 * 1024 * 1024 + 1}, none, none),
         -EMSGSIZE},
        {vn_hub_declare(rig->hub, text("b"), &topic), 0},
        {vn_hub_declare(rig->hub, text("b"), &topic), -EEXIST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows && problem == NULL; i++)
        if (rows[i].have != rows[i].want)
            problem = failed("row %zu: %d instead of %d", i, rows[i].have, rows[i].want);
    topic.backlog_bytes = topic.history_bytes - 1;
    if (problem == NULL && vn_hub_declare(rig->hub, text("c"), &topic) != -EINVAL)
        problem = failed("a backlog below the history is taken");

    /* The third topic fits, the fourth does not until one is forgotten. Over TLS a handshake lasts
     * longer than that takes. */
    if (over == OVER_TLS) {
        const char *leak = rig_free(rig);
        return problem != NULL ? problem : leak;
    }
    connect_as(rig, 0, "third", "1.1", NULL);
    int32_t fourth = publish(rig, "fourth", "data: 1\n");
    connect_as(rig, 1, "fifth", "1.1", NULL);
    for (uint64_t until = vn_clock() + 4; vn_clock() < until;)
        vn_loop_turn(&rig->worker.loop, 1);
    int32_t later = publish(rig, "fourth", "data: 1\n");
    if (problem == NULL && ((fourth != -ENOBUFS && fourth != 0) || later != 0))
        problem = failed("topics beyond the limit: %d, later %d", fourth, later);
    const char *leak = rig_free(rig);
    STEP(leak);
    return problem;
}

const char *vn_check_hub_model(int over, uint64_t seed)
{
    enum { STEPS = 1500, TOPICS = 3 };
    uint64_t state = seed * 2 + 1;
    vn_hub_options options = quiet();
    options.topic.history_events = 100000;
    options.topic.history_bytes = options.topic.backlog_bytes = 1 << 26;
    struct rig *rig = rig_make(over, &options);
    vn_loopback_script(rig->worker.loop.ring)->seed = seed + 1;
    int next[TOPICS] = {0}; /* number of the next event of a topic */
    struct {
        bool is_there, is_old;
        int topic, first; /* the first event that it must have got */
        char id[64];
    } clients[CLIENTS] = {0};
    const char *problem = NULL;
    for (int step = 0; step < STEPS && problem == NULL; step++) {
        int i = (int) draw(&state, CLIENTS);
        static const char *const names[TOPICS] = {"a", "b", "c"};
        uint64_t what = draw(&state, 10);
        if (what < 6) {
            int topic = (int) draw(&state, TOPICS);
            char lines[64];
            snprintf(lines, sizeof lines, "data: %d\n", next[topic]++);
            publish(rig, names[topic], lines);
        } else if (what == 6)
            vn_loop_turn(&rig->worker.loop, 0);
        else if (!clients[i].is_there) {
            /* What is published but not handed out reaches a new subscriber or not: settle. */
            settle(rig);
            bool comes_back = clients[i].is_old && draw(&state, 2) == 0;
            if (!comes_back) {
                clients[i].topic = (int) draw(&state, TOPICS);
                clients[i].first = next[clients[i].topic];
            }
            connect_as(rig, i, names[clients[i].topic], draw(&state, 2) ? "1.1" : "1.0",
                       comes_back ? clients[i].id : NULL);
            clients[i].is_there = true;
            clients[i].is_old = true;
        } else {
            /* Read what it got, and leave at any moment. */
            if (draw(&state, 2) == 0)
                for (int turn = 0; turn < 400; turn++)
                    vn_loop_turn(&rig->worker.loop, 0);
            leave(rig, i);
            clients[i].is_there = false;
            int expected = clients[i].first;
            /* Line by line over the raw output: chunk lines begin with no field's name. */
            char *raw = malloc(scripted_count(&rig->clients[i]) + 1), *rest = raw;
            memcpy(raw, scripted_bytes(&rig->clients[i]), scripted_count(&rig->clients[i]));
            raw[scripted_count(&rig->clients[i])] = '\0';
            char id[64] = "";
            int number = -1;
            for (char *line; (line = strsep(&rest, "\n")) != NULL && rest != NULL;) {
                if (strncmp(line, "id: ", 4) == 0)
                    snprintf(id, sizeof id, "%s", line + 4);
                else if (strncmp(line, "data: ", 6) == 0)
                    number = atoi(line + 6);
                else if (*line == '\0' && (number >= 0 || id[0] != '\0')) {
                    /* The blank line: dispatched. */
                    if (number >= 0 && number != expected && problem == NULL)
                        problem = failed("seed %llu step %d: client %d got %d instead of %d",
                                         (unsigned long long) seed, step, i, number, expected);
                    if (number >= 0)
                        expected = number + 1;
                    strcpy(clients[i].id, id);
                    number = -1;
                    id[0] = '\0';
                }
            }
            free(raw);
            clients[i].first = expected;
            if (clients[i].id[0] == '\0')
                clients[i].is_old = false; /* it left before it got its first id */
        }
    }
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}

enum { PUBLISHERS = 4, EVENTS = 500 };

struct publisher {
    struct rig *rig;
    int index;
};

static void *publish_many(void *context)
{
    struct publisher *publisher = context;
    for (int i = 0; i < EVENTS; i++) {
        char lines[64];
        snprintf(lines, sizeof lines, "data: %d-%d\n", publisher->index, i);
        publish(publisher->rig, "a", lines);
    }
    return NULL;
}

const char *vn_check_hub_threads(int over)
{
    vn_hub_options options = quiet();
    struct rig *rig = rig_make(over, &options);
    for (int i = 0; i < 3; i++)
        connect_as(rig, i, "a", "1.1", NULL);
    pthread_t threads[PUBLISHERS];
    struct publisher publishers[PUBLISHERS];
    for (int i = 0; i < PUBLISHERS; i++) {
        publishers[i] = (struct publisher) {rig, i};
        pthread_create(&threads[i], NULL, publish_many, &publishers[i]);
    }
    vn_hub_statistics counted = {0};
    for (uint64_t until = vn_clock() + 20000;
         counted.delivered < 3 * PUBLISHERS * EVENTS && vn_clock() < until;) {
        vn_loop_turn(&rig->worker.loop, 10);
        vn_hub_read_statistics(rig->hub, &counted);
    }
    for (int i = 0; i < PUBLISHERS; i++)
        pthread_join(threads[i], NULL);
    settle(rig);
    const char *problem = NULL;
    for (int client = 0; client < 3 && problem == NULL; client++) {
        int next[PUBLISHERS] = {0}, all = 0;
        char *data = data_of(rig, client, true, NULL), *rest = data;
        for (char *word; rest != NULL && (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
            int index, number;
            if (sscanf(word, "%d-%d", &index, &number) != 2 || number != next[index]++)
                problem = failed("client %d got %s out of order", client, word);
            all++;
        }
        free(data);
        if (problem == NULL && all != PUBLISHERS * EVENTS)
            problem = failed("client %d got %d events", client, all);
    }
    const char *leak = rig_free(rig);
    return problem != NULL ? problem : leak;
}
