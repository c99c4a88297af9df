// SPDX-License-Identifier: MIT
/* unread_live_checks.c - what clients leave unread, over real sockets. */
#include "include/unread_checks.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "include/CVanillaIO.h"
#include "live_server.h"

enum {
    CROWD = 300, /* that read nothing: each leaves at least UNREAD_MIN in the kernel */
    READERS = 5,
    UNREAD_MIN = 64 * 1024,
    LIMIT = 8 * 1024 * 1024,
    BODY = 4 * 1024 * 1024,
    EVENT = 32 * 1024,
    EVENTS = 6, /* fewer bytes than ROOM */
    ROOM = 208 * 1024, /* for what a reader has not read, in the kernel; no more is allowed */
    LITTLE = 16 * 1024, /* that a reader takes at once */
    SMALL = 100 * 1000, /* an answer that the kernel takes whole */
    NEVER = 3600 * 1000, /* milliseconds */
    WRITE_STALL = 2000,
};

static uint8_t body[BODY];
static vn_hub *hub;

static void handle_large(void *context, const vn_request *request, vn_response *response)
{
    vn_span path = vn_request_path(request);
    if (path.count == 6 && memcmp(path.bytes, "/large", 6) == 0)
        vn_response_send_shared(response, vn_span_of("text/plain"), (vn_span) {body, BODY}, NULL,
                                NULL);
    else if (path.count == 6 && memcmp(path.bytes, "/small", 6) == 0)
        vn_response_send_shared(response, vn_span_of("text/plain"), (vn_span) {body, SMALL}, NULL,
                                NULL);
    else if (path.count == 7 && memcmp(path.bytes, "/events", 7) == 0)
        vn_response_subscribe(response, hub, vn_span_of("topic"), (vn_span) {0});
    else
        handle(context, request, response);
}

struct client {
    int fd;
    size_t count; /* bytes that it read */
};

static struct client join(uint16_t port, const char *request, int room)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(fd, (struct sockaddr *) &address, sizeof address) == 0)
        ask(fd, request);
    return (struct client) {.fd = fd};
}

/* Read a little where there is something. Returns false once there will be no more. */
static bool read_little(struct client *client)
{
    char bytes[LITTLE];
    ssize_t count = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    client->count += count > 0 ? (size_t) count : 0;
    return count > 0 || (count < 0 && errno == EAGAIN);
}

/* Whether the server has reset it. */
static bool is_reset(const struct client *client)
{
    struct pollfd polled = {.fd = client->fd, .events = POLLOUT};
    return poll(&polled, 1, 0) == 1 && (polled.revents & (POLLERR | POLLHUP)) != 0;
}

struct crowd {
    struct stage stage;
    vn_server *server;
    struct client stalled[CROWD];
    struct client readers[READERS];
    int neighbour;
};

static const char *crowd_open(struct crowd *crowd, uint8_t backend, uint32_t write_stall)
{
    vn_error error;
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    stage_init(&crowd->stage);
    vn_config config = config_of(&crowd->stage, backend);
    config.handlers.handle = handle_large;
    config.workers = 2;
    config.limits.unread = LIMIT;
    config.deadlines.write_stall = write_stall;
    config.deadlines.write_rate = 0;
    config.deadlines.idle = config.deadlines.linger = 50;
    crowd->server = vn_server_open(&config, &error);
    if (crowd->server == NULL || vn_server_start(crowd->server, &error) < 0)
        return failed("%s", error.message);
    return NULL;
}

static void crowd_join(struct crowd *crowd, const char *request)
{
    uint16_t port = vn_server_port(crowd->server, 0);
    crowd->neighbour = dial(port);
    for (int i = 0; i < CROWD; i++)
        crowd->stalled[i] = join(port, request, 4096);
    for (int i = 0; i < READERS; i++) /* last: on a busy machine they also stall, but not as long */
        crowd->readers[i] = join(port, request, ROOM);
}

static int count_reset(const struct crowd *crowd)
{
    int count = 0;
    for (int i = 0; i < CROWD; i++)
        count += is_reset(&crowd->stalled[i]);
    return count;
}

/* The readers read until they have `wanted`, or would be ended, and so few of the crowd are left
 * that the limit is kept. */
static const char *crowd_wait(struct crowd *crowd, size_t wanted)
{
    enum { LEFT_MAX = LIMIT / UNREAD_MIN };
    uint64_t due = milliseconds() + 3 * WAIT_MAX;
    int reset = 0;
    bool has_all = false;
    while ((!has_all || CROWD - reset > LEFT_MAX) && milliseconds() < due) {
        has_all = true;
        for (int i = 0; i < READERS; i++) {
            struct client *reader = &crowd->readers[i];
            if (reader->count < wanted && !read_little(reader))
                return failed("a reader was ended after %zu bytes", reader->count);
            has_all = has_all && reader->count >= wanted;
        }
        if (!says_hello(crowd->neighbour))
            return failed("the neighbour was not served");
        reset = count_reset(crowd);
    }
    if (CROWD - reset > LEFT_MAX)
        return failed("%d are left that read nothing", CROWD - reset);
    if (!has_all)
        return failed("the readers have not got everything");
    vn_statistics counted;
    vn_server_statistics(crowd->server, &counted);
    if (counted.ended_unread < (uint64_t) reset || counted.ended_unread > CROWD)
        return failed("%llu were counted, %d reset", (unsigned long long) counted.ended_unread,
                      reset);
    return reset < CROWD ? NULL : failed("all were ended, and not only what was too much");
}

static const char *crowd_close(struct crowd *crowd, const char *problem)
{
    for (int i = 0; i < READERS; i++)
        close(crowd->readers[i].fd);
    for (int i = 0; i < CROWD; i++)
        close(crowd->stalled[i].fd);
    close(crowd->neighbour);
    if (crowd->server != NULL)
        vn_server_close(crowd->server);
    return problem;
}

const char *vn_check_unread_answers(uint8_t backend)
{
    static const char get_large[] = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
    struct crowd crowd = {0};
    const char *problem = crowd_open(&crowd, backend, NEVER);
    if (problem == NULL) {
        crowd_join(&crowd, get_large);
        problem = crowd_wait(&crowd, BODY);
    }
    return crowd_close(&crowd, problem);
}

/* Until everybody has subscribed. */
static bool all_subscribed(void)
{
    vn_hub_statistics counted;
    uint64_t due = milliseconds() + WAIT_MAX;
    do
        vn_hub_read_statistics(hub, &counted);
    while (counted.connected < CROWD + READERS && milliseconds() < due);
    return counted.connected == CROWD + READERS;
}

const char *vn_check_unread_events(uint8_t backend)
{
    static const char get_events[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
    static char lines[EVENT];
    memset(lines, 'x', sizeof lines);
    memcpy(lines, "data:", 5);
    lines[EVENT - 1] = '\n';
    vn_hub_options options;
    vn_hub_options_init(&options);
    hub = vn_hub_open(&options);
    struct crowd crowd = {0};
    const char *problem = crowd_open(&crowd, backend, NEVER);
    if (problem == NULL) {
        crowd_join(&crowd, get_events);
        if (!all_subscribed())
            problem = failed("not all have subscribed");
        for (int i = 0; i < EVENTS; i++)
            vn_hub_publish(hub, vn_span_of("topic"), (vn_span) {(uint8_t *) lines, EVENT},
                           (vn_span) {0}, (vn_span) {0});
    }
    if (problem == NULL)
        problem = crowd_wait(&crowd, EVENTS * EVENT);
    problem = crowd_close(&crowd, problem);
    vn_hub_close(hub);
    return problem;
}

/* ---- Closes ---- */

/* Bytes that the kernel holds for a port's connections, those included that nobody has open any
 * more: proc_net_tcp(5). */
static uint64_t held_by_kernel(uint16_t port)
{
    char line[512];
    unsigned local, state;
    unsigned long long queued;
    uint64_t sum = 0;
    FILE *file = fopen("/proc/net/tcp", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%*s %*[0-9A-F]:%x %*s %x %llx:", &local, &state, &queued) == 3 &&
            local == port)
            sum += queued;
    if (file != NULL)
        fclose(file);
    return sum;
}

/* How a connection closes whose answer the kernel has taken whole. */
static const struct {
    const char *request;
    bool is_half_closed; /* by the client */
} closes[] = {
    {"GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
    {"GET /small HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
    {"GET /small HTTP/1.1\r\nHost: a\r\n\r\n", true},
    {"GET /small HTTP/1.1\r\nHost: a\r\n\r\n", false}, /* at the idle deadline */
};

const int vn_unread_closes = sizeof closes / sizeof *closes;

/* Until all were answered, of whom a reader takes its answer in small pieces, and then until the
 * kernel holds no more than that. */
static const char *crowd_close_wait(struct crowd *crowd, uint64_t held_max)
{
    uint16_t port = vn_server_port(crowd->server, 0);
    uint64_t due = milliseconds() + WAIT_MAX, held = UINT64_MAX;
    struct client *reader = &crowd->readers[0];
    vn_statistics counted;
    do {
        char bytes[1024];
        ssize_t count = recv(reader->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        reader->count += count > 0 ? (size_t) count : 0;
        vn_server_statistics(crowd->server, &counted);
    } while ((counted.bytes_sent < (uint64_t) CROWD * SMALL || reader->count < SMALL) &&
             milliseconds() < due);
    while (held > held_max && milliseconds() < due)
        held = held_by_kernel(port);
    if (reader->count < SMALL)
        return failed("a reader got %zu bytes", reader->count);
    vn_server_statistics(crowd->server, &counted);
    return held <= held_max
               ? NULL
               : failed("the kernel holds %llu bytes, and the server has %llu connections",
                        (unsigned long long) held, (unsigned long long) counted.open);
}

const char *vn_check_unread_close(uint8_t backend, int row, bool is_stalled_for_long)
{
    struct crowd crowd = {0};
    const char *problem = crowd_open(&crowd, backend, is_stalled_for_long ? WRITE_STALL : NEVER);
    if (problem == NULL) {
        crowd_join(&crowd, closes[row].request);
        for (int i = 0; i < CROWD && closes[row].is_half_closed; i++)
            shutdown(crowd.stalled[i].fd, SHUT_WR);
        problem = crowd_close_wait(&crowd, is_stalled_for_long ? 0 : LIMIT);
    }
    return crowd_close(&crowd, problem);
}
