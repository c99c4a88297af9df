// SPDX-License-Identifier: MIT
/* The hub of the C core alone, with no Swift above it: GET /sse and POST /notification.
 *
 * Options: --port N, --backend auto|io_uring|epoll, --workers N. */
#include <CVanillaIO.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENT_MAX = 65536 };

static vn_server *server;
static uint32_t workers = 1;

static void answer_status(vn_response *response, uint16_t status)
{
    vn_response_set_status(response, status);
    vn_response_send(response, vn_span_of(""), vn_span_of(""));
}

/* The body is the data of an event, of one line. */
static int32_t publish(vn_hub *hub, vn_span body)
{
    static _Thread_local uint8_t lines[sizeof "data: \n" + EVENT_MAX];
    if (body.count > EVENT_MAX || memchr(body.bytes, '\n', body.count) != NULL ||
        memchr(body.bytes, '\r', body.count) != NULL)
        return -1;
    memcpy(lines, "data: ", 6);
    memcpy(lines + 6, body.bytes, body.count);
    lines[6 + body.count] = '\n';
    return vn_hub_publish(hub, vn_span_of("notifications"), (vn_span) {lines, 7 + body.count},
                          (vn_span) {0}, (vn_span) {0});
}

static bool is(vn_span path, const char *text)
{
    return path.count == strlen(text) && memcmp(path.bytes, text, path.count) == 0;
}

static void handle(void *context, const vn_request *request, vn_response *response)
{
    vn_span path = vn_request_path(request), last_id = {0};
    size_t field = vn_request_find(request, vn_span_of("Last-Event-ID"), 0);
    if (field < request->field_count)
        last_id = vn_field_value(request, field);
    if (is(path, "/sse")) {
        if (vn_response_subscribe(response, context, vn_span_of("notifications"), last_id) < 0)
            answer_status(response, 503);
    } else if (is(path, "/notification") && request->method_id == VN_METHOD_POST)
        answer_status(response, publish(context, request->body) < 0 ? 400 : 204);
    else
        answer_status(response, 404);
}

static void announce(void *context)
{
    (void) context;
    printf("listening on http://127.0.0.1:%u (%s, %u worker%s)\n", vn_server_port(server, 0),
           vn_server_backend(server) == VN_BACKEND_URING ? "io_uring" : "epoll", workers,
           workers == 1 ? "" : "s");
    fflush(stdout);
}

static uint8_t backend_named(const char *name)
{
    if (strcmp(name, "io_uring") == 0)
        return VN_BACKEND_URING;
    return strcmp(name, "epoll") == 0 ? VN_BACKEND_EPOLL : VN_BACKEND_AUTO;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"backend", required_argument, NULL, 'b'},
                                            {"workers", required_argument, NULL, 'w'},
                                            {0}};
    vn_config config;
    vn_config_init(&config);
    vn_hub_options hub_options;
    vn_hub_options_init(&hub_options);
    for (int option; (option = getopt_long(argc, argv, "p:b:w:", options, NULL)) != -1;)
        if (option == 'p')
            config.listeners[0].port = (uint16_t) atoi(optarg);
        else if (option == 'b')
            config.backend = backend_named(optarg);
        else if (option == 'w')
            workers = (uint32_t) atoi(optarg);
        else
            return 64;
    vn_hub *hub = vn_hub_open(&hub_options);
    config.listeners[0].host = "127.0.0.1";
    config.workers = workers;
    config.uses_calling_thread = true;
    config.handlers.context = hub;
    config.handlers.handle = handle;
    vn_error error;
    server = vn_server_open(&config, &error);
    if (hub == NULL || server == NULL || vn_server_run(server, true, announce, NULL, &error) < 0) {
        fprintf(stderr, "%s\n", hub == NULL ? "out of memory" : error.message);
        return 1;
    }
    vn_server_close(server);
    vn_hub_close(hub);
    return 0;
}
