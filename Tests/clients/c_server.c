// SPDX-License-Identifier: MIT
/* c_server.c - a server in C that includes nothing of this project but CVanillaIO.h.
 *
 *   GET  /              "Hello from C"
 *   GET  /length/N      N bytes of a known pattern, by Content-Length
 *   GET  /chunked/N     the same, chunked
 *   GET  /shared/N      the same by Content-Length, without a copy
 *   GET  /tagged        "Hello from C" with its tag and a date, unless the client has it
 *   PUT  /tagged        changes nothing, where its preconditions hold
 *   POST /sink          the body goes to the descriptor of --sink; answers its size
 *   POST /ignore        answers at once; the body is drained
 *   GET  /client        the user, the group and the process of a client on a unix domain socket
 *   POST /stop          stops the server
 *
 * Options: --backend auto|io_uring|epoll|kqueue, --workers N, --unix PATH, --sink FD,
 * --head-deadline MS, --write-stall MS, --write-rate N, and --h2c-port N for a second listener, of
 * HTTP/2. It prints the line that every program of this project prints, for each listener, and
 * returns when it was stopped. */
#include <CVanillaIO.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATTERN_SIZE = 65536 };

static uint8_t pattern[PATTERN_SIZE];
static vn_server *server;
static int sink = -1;

/* One download under way. */
struct download {
    uint64_t at;
    uint64_t left;
    bool is_shared;
};

/* One upload under way. */
struct upload {
    uint64_t count;
};

static bool equals(vn_span span, const char *text)
{
    return span.count == strlen(text) && memcmp(span.bytes, text, span.count) == 0;
}

static bool begins(vn_span span, const char *text)
{
    return span.count > strlen(text) && memcmp(span.bytes, text, strlen(text)) == 0;
}

/* The number at the end of a path, or -1. */
static int64_t number_after(vn_span path, const char *prefix)
{
    int64_t value = 0;
    for (size_t i = strlen(prefix); i < path.count; i++) {
        if (path.bytes[i] < '0' || path.bytes[i] > '9' || value > INT64_MAX / 100)
            return -1;
        value = value * 10 + (path.bytes[i] - '0');
    }
    return value;
}

static int32_t download_write(void *context, vn_body_writer *stream)
{
    struct download *download = context;
    size_t room = vn_body_capacity(stream);
    while (room > 0 && download->left > 0) {
        size_t from = (size_t) (download->at % PATTERN_SIZE);
        size_t count = PATTERN_SIZE - from;
        if (count > room)
            count = room;
        if (count > download->left)
            count = (size_t) download->left;
        vn_span piece = {pattern + from, count};
        int32_t error = download->is_shared ? vn_body_write_shared(stream, piece, NULL, NULL)
                                            : vn_body_write(stream, piece);
        if (error < 0)
            return error;
        download->at += count;
        download->left -= count;
        room -= count;
    }
    return download->left == 0 ? VN_PRODUCE_DONE : VN_PRODUCE_MORE;
}

static void answer_text(vn_response *response, const char *text)
{
    vn_response_send(response, vn_span_of("text/plain"), vn_span_of(text));
}

static void answer_status(vn_response *response, uint16_t status)
{
    vn_response_set_status(response, status);
    vn_response_send(response, vn_span_of(""), vn_span_of(""));
}

static void answer_download(vn_response *response, vn_span path, const char *prefix,
                            bool is_chunked, bool is_shared)
{
    int64_t count = number_after(path, prefix);
    struct download *download = count < 0 ? NULL : malloc(sizeof *download);
    if (download == NULL) {
        answer_status(response, count < 0 ? 404 : 503);
        return;
    }
    *download = (struct download) {.left = (uint64_t) count, .is_shared = is_shared};
    vn_response_stream(response, vn_span_of("application/octet-stream"), is_chunked ? -1 : count,
                       download_write, free, download);
}

static void answer_tagged(const vn_request *request, vn_response *response)
{
    vn_span body = vn_span_of("Hello from C");
    uint8_t hash[VN_TAG_HASH_SIZE];
    vn_tag_hash(body, hash);
    vn_validators validators = {
        .tag.opaque = {hash, sizeof hash},
        .has_tag = true,
        .last_modified = 784111777,
        .has_last_modified = true,
    };
    vn_response_add_field(response, vn_span_of("Cache-Control"), vn_span_of("max-age=60"));
    if (request->method_id != VN_METHOD_PUT)
        vn_response_send_validated(response, &validators, vn_span_of("text/plain"), body);
    else if (vn_request_evaluate(request, &validators) == VN_PERFORM)
        answer_status(response, 204);
    else
        vn_response_decline(response, &validators, VN_PRECONDITION_FAILED);
}

static int32_t write_all(vn_span piece)
{
    while (piece.count > 0) {
        ssize_t written = write(sink, piece.bytes, piece.count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        piece.bytes += written;
        piece.count -= (size_t) written;
    }
    return 0;
}

static int32_t upload_read(void *context, vn_response *response, vn_span piece, bool is_last)
{
    struct upload *upload = context;
    int32_t error = sink < 0 ? 0 : write_all(piece);
    if (error < 0)
        return error;
    upload->count += piece.count;
    if (is_last) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, upload->count);
        answer_text(response, text);
    }
    return VN_RECEIVE_MORE;
}

static void answer_upload(vn_response *response)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (upload == NULL) {
        answer_status(response, 503);
        return;
    }
    vn_response_receive(response, upload_read, free, upload);
}

static int32_t choose_body(void *context, const vn_request *request)
{
    (void) context;
    vn_span path = vn_request_path(request);
    if (equals(path, "/sink"))
        return VN_BODY_STREAMED;
    return equals(path, "/ignore") ? VN_BODY_IGNORED : VN_BODY_WHOLE;
}

static void answer_credentials(const vn_request *request, vn_response *response)
{
    vn_peer_credentials client;
    char text[48] = "unknown";
    if (vn_request_peer_credentials(request, &client))
        snprintf(text, sizeof text, "%" PRIu32 " %" PRIu32 " %" PRId32, client.user, client.group,
                 client.process);
    answer_text(response, text);
}

static void handle(void *context, const vn_request *request, vn_response *response)
{
    (void) context;
    vn_span path = vn_request_path(request);
    if (equals(path, "/"))
        answer_text(response, "Hello from C");
    else if (begins(path, "/length/"))
        answer_download(response, path, "/length/", false, false);
    else if (begins(path, "/chunked/"))
        answer_download(response, path, "/chunked/", true, false);
    else if (begins(path, "/shared/"))
        answer_download(response, path, "/shared/", false, true);
    else if (equals(path, "/tagged"))
        answer_tagged(request, response);
    else if (equals(path, "/sink"))
        answer_upload(response);
    else if (equals(path, "/ignore"))
        answer_text(response, "ignored");
    else if (equals(path, "/client"))
        answer_credentials(request, response);
    else if (equals(path, "/stop")) {
        answer_text(response, "stopping");
        vn_server_stop(server, 1000);
    } else
        answer_status(response, 404);
}

static uint8_t backend_named(const char *name)
{
    if (strcmp(name, "io_uring") == 0)
        return VN_BACKEND_URING;
    if (strcmp(name, "kqueue") == 0)
        return VN_BACKEND_KQUEUE;
    return strcmp(name, "epoll") == 0 ? VN_BACKEND_EPOLL : VN_BACKEND_AUTO;
}

static void read_options(vn_config *config, int count, char **arguments)
{
    static const struct option options[] = {
        {"backend", required_argument, NULL, 'b'},
        {"workers", required_argument, NULL, 'w'},
        {"unix", required_argument, NULL, 'u'},
        {"sink", required_argument, NULL, 's'},
        {"head-deadline", required_argument, NULL, 'h'},
        {"write-stall", required_argument, NULL, 't'},
        {"write-rate", required_argument, NULL, 'r'},
        {"h2c-port", required_argument, NULL, '2'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'b':
            config->backend = backend_named(optarg);
            break;
        case 'w':
            config->workers = (uint32_t) atoi(optarg);
            break;
        case 'u':
            config->listeners[0].unix_path = optarg;
            break;
        case 's':
            sink = atoi(optarg);
            break;
        case 'h':
            config->deadlines.head = (uint32_t) atoi(optarg);
            break;
        case 't':
            config->deadlines.write_stall = (uint32_t) atoi(optarg);
            break;
        case 'r':
            config->deadlines.write_rate = (uint32_t) atoi(optarg);
            break;
        case '2':
            config->listener_count = 2;
            config->listeners[1].host = "127.0.0.1";
            config->listeners[1].port = (uint16_t) atoi(optarg);
            config->listeners[1].protocols = VN_SPEAKS_HTTP1 | VN_SPEAKS_HTTP2;
            break;
        default:
            exit(64);
        }
    }
}

static void say_where(const vn_config *config)
{
    static const char *const names[] = {
        [VN_BACKEND_URING] = "io_uring",
        [VN_BACKEND_EPOLL] = "epoll",
        [VN_BACKEND_KQUEUE] = "kqueue",
    };
    const char *backend = names[vn_server_backend(server)];
    uint32_t workers = vn_server_workers(server);
    const char *plural = workers == 1 ? "" : "s";
    const vn_listener *listener = &config->listeners[0];
    if (listener->unix_path != NULL)
        printf("listening on unix:%s (%s, %u worker%s)\n", listener->unix_path, backend, workers,
               plural);
    else
        printf("listening on http://%s:%u (%s, %u worker%s)\n", listener->host,
               vn_server_port(server, 0), backend, workers, plural);
    if (config->listener_count > 1)
        printf("listening on h2c://%s:%u (%s, %u worker%s)\n", config->listeners[1].host,
               vn_server_port(server, 1), backend, workers, plural);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    for (size_t i = 0; i < PATTERN_SIZE; i++)
        pattern[i] = (uint8_t) (i * 31 + i / 251);

    vn_config config;
    vn_config_init(&config);
    config.listeners[0].host = "127.0.0.1";
    config.listeners[0].port = 0;
    config.handlers.handle = handle;
    config.handlers.choose_body = choose_body;
    read_options(&config, count, arguments);

    vn_error error;
    server = vn_server_open(&config, &error);
    if (server == NULL || vn_server_start(server, &error) < 0) {
        fprintf(stderr, "c_server: %s\n", error.message);
        return 1;
    }
    say_where(&config);
    vn_server_wait(server);
    vn_server_close(server);
    return 0;
}
