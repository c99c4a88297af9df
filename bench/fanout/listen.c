// SPDX-License-Identifier: MIT
/* The load of fan-out: subscribers, and a publisher whose events they time.
 *
 *   listen -a PORT [-P PID] [-s EVENT-STREAM-TARGET] [-p PUBLISH-TARGET]
 *
 * Commands on standard input, each answered with one line on standard output:
 *
 *   connect N                      open subscribers until there are N           connected N
 *   run ROUNDS BURST PERIOD        every PERIOD microseconds a burst of events  one object of JSON
 *
 * A burst is that many POSTs on one connection, written at once. The next one waits for the last
 * delivery of the one before, so nothing piles up, and a slow server is measured with fewer bursts
 * a second. An event's data is its number and the monotonic time when it was written. Each
 * subscriber must get every event once and in order; one that does not, or whose stream ends, is an
 * error.
 *
 * While deliveries are missing this program polls without sleeping: no server pays for waking it.
 * CPU time of the server is that of all threads of PID, read before the first and after the last
 * burst. */
#include "../ceiling/cpu_time.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 65536,
    EVENTS = 512,
    DATA_SIZE = 48, /* an event's data: number, time, padding */
    NUMBER_SIZE = 10,
    TIME_SIZE = 20,
    BURST_MAX = 64,
    TAIL = 128, /* bytes of an unfinished line that are kept */
    PER_ADDRESS = 20000, /* connections from one source address */
    TIMEOUT = 20, /* seconds without a delivery */
    UNDER_WAY = 256, /* connections that are opened at once */
};

static const char mark[] = "data: ";

struct subscriber {
    uint64_t next; /* the number of the next event */
    uint32_t tail_count;
    bool is_greeted; /* the head of its answer came */
    char tail[TAIL];
};

static int o_port, o_pid;
static const char *o_stream = "/sse", *o_publish = "/notification";

static int epoll_fd, publisher = -1;
static struct subscriber *subscribers[DESCRIPTORS];
static int connected, greeted;
static uint64_t published, delivered;
static uint32_t *lags; /* microseconds */
static uint64_t lag_count, lag_capacity;
static uint64_t now; /* nanoseconds: of the last look */

static uint64_t look(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return now = (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

static void fail(const char *why, const char *what)
{
    fprintf(stderr, "listen: %s: %s\n", why, what);
    exit(1);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return (x > y) - (x < y);
}

/* ---- Connections ---- */

static int dial(int index)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t) o_port)};
    /* With 0 as its end the close is a reset, which leaves no port in TIME_WAIT. */
    struct linger reset = {.l_onoff = 1};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t) (index / PER_ADDRESS));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || fd >= DESCRIPTORS)
        fail("no descriptor", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (index >= PER_ADDRESS && bind(fd, (struct sockaddr *) &source, sizeof source) < 0)
        fail("bind", strerror(errno));
    if (connect(fd, (struct sockaddr *) &target, sizeof target) < 0)
        fail("connect", strerror(errno));
    return fd;
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl", strerror(errno));
}

static void subscribe(int index)
{
    char request[512];
    int size =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n", o_stream);
    int fd = dial(index);
    if (write(fd, request, (size_t) size) != size)
        fail("write", strerror(errno));
    subscribers[fd] = calloc(1, sizeof *subscribers[fd]);
    subscribers[fd]->next = 1;
    watch(fd);
    connected++;
}

/* ---- What comes ---- */

static uint64_t number_at(const char *digits, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value * 10 + (uint64_t) (digits[i] - '0');
    return value;
}

static void note_lag(uint64_t sent)
{
    if (lag_count == lag_capacity) {
        lag_capacity = lag_capacity == 0 ? 1 << 16 : lag_capacity * 2;
        lags = realloc(lags, lag_capacity * sizeof *lags);
        if (lags == NULL)
            fail("memory", "none left");
    }
    lags[lag_count++] = (uint32_t) ((now - sent) / 1000);
}

/* Use the events in these bytes; returns how many are used. What stays is less than an event. */
static size_t use(struct subscriber *subscriber, const char *bytes, size_t count)
{
    const char *at = bytes, *end = bytes + count, *found;
    size_t whole = sizeof mark - 1 + DATA_SIZE;
    while ((found = memmem(at, (size_t) (end - at), mark, sizeof mark - 1)) != NULL) {
        if ((size_t) (end - found) < whole)
            return (size_t) (found - bytes);
        const char *data = found + sizeof mark - 1;
        uint64_t number = number_at(data, NUMBER_SIZE);
        if (number != subscriber->next)
            fail("events are missing, doubled or out of order", data);
        subscriber->next++;
        delivered++;
        note_lag(number_at(data + NUMBER_SIZE, TIME_SIZE));
        at = found + whole;
    }
    size_t kept = sizeof mark - 2;
    return (size_t) (end - at) <= kept ? (size_t) (at - bytes) : count - kept;
}

static void hear(int fd)
{
    static char buffer[TAIL + 65536 + 1];
    struct subscriber *subscriber = subscribers[fd];
    size_t before = subscriber->tail_count;
    ssize_t count = recv(fd, buffer + before, 65536, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0)
        fail("a stream ended", count < 0 ? strerror(errno) : "closed by the server");
    look();
    memcpy(buffer, subscriber->tail, before);
    size_t size = before + (size_t) count;
    buffer[size] = 0;
    if (!subscriber->is_greeted) {
        subscriber->is_greeted = true;
        if (memcmp(buffer, "HTTP/1.1 200", least(size, 12)) != 0)
            fail("not answered with a stream", buffer);
        greeted++;
    }
    size_t used = use(subscriber, buffer, size);
    subscriber->tail_count = (uint32_t) (size - used);
    if (size - used > TAIL)
        fail("a line is too long", buffer + used);
    memcpy(subscriber->tail, buffer + used, size - used);
}

/* The publisher's answers: all must be 2xx. They are not counted, since deliveries are. */
static void hear_publisher(void)
{
    static char buffer[65536 + 1];
    ssize_t count = recv(publisher, buffer, 65536, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0)
        fail("the publisher", count < 0 ? strerror(errno) : "closed by the server");
    buffer[count] = 0;
    for (char *line = buffer; (line = strstr(line, "HTTP/1.1 ")) != NULL; line += 9)
        if (line[9] != 0 && line[9] != '2')
            fail("the publisher's answer", line);
}

static void hear_all(int timeout)
{
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll_fd, events, EVENTS, timeout);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == publisher)
            hear_publisher();
        else
            hear(events[i].data.fd);
    }
}

/* ---- Commands ---- */

static void connect_until(int count)
{
    while (greeted < count) {
        if (connected < count && connected - greeted < UNDER_WAY)
            subscribe(connected);
        else
            hear_all(1000);
    }
    printf("connected %d\n", connected);
    fflush(stdout);
}

static void publish(int burst)
{
    static char requests[BURST_MAX * 512];
    char *at = requests;
    for (int i = 0; i < burst; i++)
        at += sprintf(at,
                      "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
                      "%0*" PRIu64 "%0*" PRIu64 "%0*d",
                      o_publish, DATA_SIZE, NUMBER_SIZE, ++published, TIME_SIZE, look(),
                      DATA_SIZE - NUMBER_SIZE - TIME_SIZE, 0);
    if (write(publisher, requests, (size_t) (at - requests)) != at - requests)
        fail("publish", strerror(errno));
}

static void wait_for_deliveries(uint64_t expected)
{
    uint64_t before = delivered, since = look();
    while (delivered < expected) {
        hear_all(0);
        if (delivered != before) {
            before = delivered;
            since = now;
        } else if (look() - since > (uint64_t) TIMEOUT * 1000000000)
            fail("no more deliveries", "events are missing");
    }
}

static void wait_until(uint64_t due)
{
    while (look() < due) {
        struct timespec span = {.tv_nsec = (long) least(due - now, 999999999)};
        nanosleep(&span, NULL);
    }
}

static void run(int rounds, int burst, int period)
{
    lag_count = 0;
    uint64_t first = delivered, cpu = cpu_time(o_pid), begin = look(), due = begin;
    for (int i = 0; i < rounds; i++) {
        wait_until(due);
        uint64_t expected = delivered + (uint64_t) burst * (uint64_t) connected;
        publish(burst);
        wait_for_deliveries(expected);
        due = now > due + (uint64_t) period * 1000 ? now : due + (uint64_t) period * 1000;
    }
    double seconds = (double) (look() - begin) / 1e9;
    hear_all(50); /* the server is done with what follows the last delivery */
    cpu = cpu_time(o_pid) - cpu;
    qsort(lags, lag_count, sizeof *lags, compare);
    printf("{\"deliveries\": %" PRIu64 ", \"seconds\": %.3f, \"cpu_seconds\": %.6f, "
           "\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u}\n",
           delivered - first, seconds, (double) cpu / 1e9, lags[lag_count / 2],
           lags[lag_count * 99 / 100], lags[lag_count - 1]);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "a:P:s:p:")) != -1;)
        if (option == 'a')
            o_port = atoi(optarg);
        else if (option == 'P')
            o_pid = atoi(optarg);
        else if (option == 's')
            o_stream = optarg;
        else if (option == 'p')
            o_publish = optarg;
        else
            return 64;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = least(limit.rlim_max, DESCRIPTORS);
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    publisher = dial(0);
    watch(publisher);

    char line[128];
    int a, b, c;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "connect %d", &a) == 1)
            connect_until(a);
        else if (sscanf(line, "run %d %d %d", &a, &b, &c) == 3 && b > 0 && b <= BURST_MAX && a > 0)
            run(a, b, c);
        else
            fail("not a command", line);
    }
    return 0;
}
