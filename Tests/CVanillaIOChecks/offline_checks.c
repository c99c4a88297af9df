// SPDX-License-Identifier: MIT
#include "include/offline_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/CVanillaIO.h"

enum { BIG = 1 << 20, ROOM = 1000, CLIENTS_MAX = 256 };

struct scene;

struct client {
    struct scene *scene;
    vn_offline_connection *connection;
    size_t received;
    size_t room; /* left */
    uint32_t finished;
    uint32_t ended;
    bool is_overfed;
    char text[64]; /* how it begins */
};

struct scene {
    vn_server *server;
    uint32_t count;
    uint32_t ended;
    uint32_t begun; /* handlers */
    struct client clients[CLIENTS_MAX + 1];
    uint8_t big[BIG];
};

/* ---- The server ---- */

static vn_span span_of(const char *text)
{
    return (vn_span) {(const uint8_t *) text, strlen(text)};
}

static void *begin(void *context, uint32_t worker)
{
    (void) worker;
    ((struct scene *) context)->begun++;
    return context;
}

static void end(void *context)
{
    ((struct scene *) context)->begun--;
}

static void handle(void *context, const vn_request *request, vn_response *response)
{
    struct scene *scene = context;
    if (vn_request_path(request).count == strlen("/big"))
        vn_response_send(response, span_of("text/plain"), (vn_span) {scene->big, BIG});
    else if (vn_request_path(request).count == strlen("/never"))
        vn_response_defer(response);
    else
        vn_response_send(response, span_of("text/plain"), span_of("Hello"));
}

static bool open_scene(struct scene *scene)
{
    vn_config config;
    vn_config_init(&config);
    config.handlers =
        (vn_handlers) {.context = scene, .handle = handle, .begin = begin, .end = end};
    vn_error error;
    scene->server = vn_server_open(&config, &error);
    return scene->server != NULL;
}

/* ---- The clients ---- */

static void client_receive(void *context, vn_span bytes)
{
    struct client *client = context;
    client->is_overfed = client->is_overfed || bytes.count > client->room;
    client->room -= bytes.count;
    for (size_t i = 0; i < bytes.count && client->received + i + 1 < sizeof client->text; i++)
        client->text[client->received + i] = (char) bytes.bytes[i];
    client->received += bytes.count;
    client->room += bytes.count;
    vn_offline_take(client->connection, bytes.count);
    if (client->received > BIG)
        vn_offline_finish(client->connection);
}

static void client_finish(void *context)
{
    ((struct client *) context)->finished++;
}

static void client_end(void *context)
{
    struct client *client = context;
    struct scene *scene = client->scene;
    client->ended++;
    if (++scene->ended == scene->count)
        vn_offline_stop(scene->server, 0);
}

static struct client *client_begin(struct scene *scene)
{
    struct client *client = &scene->clients[scene->count++];
    *client = (struct client) {.scene = scene, .room = ROOM};
    client->connection =
        vn_offline_connect(scene->server, &(vn_offline_client) {client, client_receive,
                                                                client_finish, client_end, ROOM});
    if (client->connection == NULL)
        scene->count--;
    return client->connection == NULL ? NULL : client;
}

static void say(struct client *client, const char *text)
{
    vn_offline_send(client->connection, span_of(text));
}

/* ---- Side by side ---- */

static void begin_three(void *context)
{
    struct scene *scene = context;
    struct client *big = client_begin(scene), *half = client_begin(scene),
                  *gone = client_begin(scene);
    say(big, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    say(half, "GET / HTTP/1.1\r\nHo");
    say(gone, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    say(half, "st: a\r\n\r\n");
    vn_offline_finish(half->connection);
    vn_offline_reset(gone->connection);
}

static const char *problem_of_three(const struct scene *scene)
{
    const struct client *big = &scene->clients[0], *half = &scene->clients[1],
                        *gone = &scene->clients[2];
    if (scene->ended != 3 || big->ended != 1 || half->ended != 1 || gone->ended != 1)
        return "not each connection has ended once";
    if (big->finished > 1 || half->finished > 1 || gone->finished > 1)
        return "a client was told twice that nothing more comes";
    if (big->received <= BIG || strncmp(big->text, "HTTP/1.1 200 OK\r\n", 17) != 0)
        return "a long answer did not come whole";
    if (big->is_overfed)
        return "more came than there was room for";
    if (strncmp(half->text, "HTTP/1.1 200 OK\r\n", 17) != 0 || half->received > 200)
        return "a client that has half-closed was not answered";
    if (gone->received != 0)
        return "a client that is gone was answered";
    return scene->begun != 0 ? "the handlers have not ended" : NULL;
}

const char *vn_check_offline_clients(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    const char *problem = scene == NULL || !open_scene(scene) ? "no memory" : NULL;
    for (int run = 0; run < 2 && problem == NULL; run++) {
        scene->count = scene->ended = 0;
        if (vn_offline_run(scene->server, begin_three, scene) < 0)
            problem = "it cannot run";
        else
            problem = problem_of_three(scene);
    }
    if (scene != NULL && scene->server != NULL)
        vn_server_close(scene->server);
    free(scene);
    return problem;
}

/* ---- Many ---- */

static void begin_many(void *context)
{
    struct scene *scene = context;
    for (uint32_t i = 0; i <= CLIENTS_MAX; i++)
        client_begin(scene);
    vn_offline_stop(scene->server, 0);
}

const char *vn_check_offline_client_count(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    const char *problem = scene == NULL || !open_scene(scene) ? "no memory" : NULL;
    if (problem == NULL && vn_offline_run(scene->server, begin_many, scene) < 0)
        problem = "it cannot run";
    if (problem == NULL && scene->count != CLIENTS_MAX)
        problem = "there are places for more, or fewer, than there may be";
    if (problem == NULL && scene->ended != scene->count)
        problem = "a stop did not cut all";
    if (scene != NULL && scene->server != NULL)
        vn_server_close(scene->server);
    free(scene);
    return problem;
}
