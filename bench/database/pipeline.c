// SPDX-License-Identifier: MIT
/* What a bare C server costs that asks the database: epoll_echo.c, but each request is a prepared
 * query in libpq's pipeline mode on one connection, and each turn of the loop has one Sync. Answers
 * in the order of the requests. */
#include "../ceiling/common.h"
#include "rows.h"
#include <sys/epoll.h>

#define EVENTS 512
#define WAITING 65536 /* a power of two: requests under way, and Syncs between them */
#define SYNC (-1)

static PGconn *connection;
static int waiting[WAITING]; /* whose answer is next: a descriptor, or SYNC */
static unsigned first, end;
static int has_asked;

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, PQerrorMessage(connection));
    exit(1);
}

static void expect(int what)
{
    if (end - first == WAITING)
        fail("too many under way");
    waiting[end++ % WAITING] = what;
}

static void ask(int fd)
{
    uint32_t key = rows_key();
    const char *value = (const char *) &key;
    int size = sizeof key, binary = 1;
    if (!PQsendQueryPrepared(connection, "row", 1, &value, &size, &binary, 1))
        fail("send");
    expect(fd);
    has_asked = 1;
}

static void answer(int fd, const PGresult *result)
{
    char body[64], text[256];
    int count = snprintf(body, sizeof body, "{\"id\":%u,\"randomNumber\":%u}",
                         rows_column(result, 0), rows_column(result, 1));
    int all = snprintf(text, sizeof text,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       count, body);
    (void) !send(fd, text, (size_t) all, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The results that are complete. */
static void take(void)
{
    if (!PQconsumeInput(connection))
        fail("receive");
    while (first != end && !PQisBusy(connection)) {
        PGresult *result = PQgetResult(connection);
        if (!result)
            continue; /* the end of one query's results */
        int fd = waiting[first++ % WAITING];
        if (fd == SYNC) {
            if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
                fail("sync");
        } else {
            answer(fd, result);
        }
        PQclear(result);
    }
}

/* The end of a turn: what was asked leaves, with one Sync, which libpq before 17 sends at once. */
static void flush(void)
{
    if (has_asked) {
        if (!PQpipelineSync(connection))
            fail("sync");
        expect(SYNC);
        has_asked = 0;
    }
    if (PQflush(connection) < 0)
        fail("flush");
}

static void receive(int fd, uint8_t *state)
{
    char buffer[4096];
    ssize_t count = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR))
            close(fd);
        return;
    }
    for (unsigned requests = count_ends(buffer, (unsigned) count, state); requests; requests--)
        ask(fd);
}

static void take_connections(int ep, int listener, uint8_t *states)
{
    for (int fd; (fd = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        if (fd >= 65536) {
            close(fd);
            continue;
        }
        struct epoll_event event = {.events = EPOLLIN | EPOLLET | EPOLLRDHUP, .data.fd = fd};
        states[fd] = 0;
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "pipeline CONNECTION PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_nofile();
    connection = rows_open(argv[1]);
    if (PQsetnonblocking(connection, 1) || !PQenterPipelineMode(connection))
        fail("pipeline");

    static uint8_t states[65536];
    static struct epoll_event events[EVENTS];
    int ep = epoll_create1(EPOLL_CLOEXEC), listener = listen_on(atoi(argv[2]), 1);
    int database = PQsocket(connection);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = database;
    epoll_ctl(ep, EPOLL_CTL_ADD, database, &event);
    for (;;) {
        int count = epoll_wait(ep, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                take_connections(ep, listener, states);
            else if (fd == database)
                take();
            else
                receive(fd, &states[fd]);
        }
        flush();
    }
}
