// SPDX-License-Identifier: MIT
/* open_loop: requests at a fixed rate, whatever the answers do, each on the next of -c connections
 * that waits for none. What it could not send for more than a millisecond, because it stood still
 * itself, it leaves out and counts: sent at once, that would be a load of its own, and a rate that
 * nobody asked for. Prints how late the answers were, less what the server was asked to wait (-m
 * milliseconds): from the sending of the request until the kernel had the answer, which is the
 * server's own part; and from when the request was due until the answer was read, which has what
 * this program itself lost. The kernel notes an answer's arrival (SO_TIMESTAMPNS, socket(7)) where
 * it is sent, on the server's core, so no standstill of this one is in it. With -P PID also what
 * that server spent of a CPU while it was measured. Loopback only. */
#include "../ceiling/common.h"
#include "../ceiling/cpu_time.h"
#include <sys/epoll.h>
#include <stdbool.h>
#include <time.h>

#define EVENTS 1024
#define STANDSTILL 1000000 /* nanoseconds */
#define MICROSECONDS 4000000 /* the largest lateness that is told from a larger one */

struct conn {
    uint64_t due, sent; /* of the request that is to be answered; 0: none */
    int fd;
    uint8_t state;
};

/* What there was at one moment: of the clock, of the server's CPU time, and of answers since the
 * start. */
struct moment {
    uint64_t at, cpu, answered;
};

static struct conn *conns;
/* A ring of those that wait for none, so that all take turns. */
static unsigned *idle, idle_count;
static unsigned idle_first, conn_count;
static char request[256];
static size_t request_size;
static uint64_t delay, from_due, answers, answered, omitted, postponed, wrong;
static int server;
/* When the warm-up was over, and when all was asked. */
static struct moment begun, ended;
static uint32_t late_to_arrive[MICROSECONDS + 1], late_to_read[MICROSECONDS + 1];

static uint64_t nanoseconds(struct timespec at)
{
    return (uint64_t) at.tv_sec * 1000000000 + (uint64_t) at.tv_nsec;
}

/* By the clock that the kernel notes arrivals with. */
static uint64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return nanoseconds(at);
}

static struct moment look(void)
{
    return (struct moment) {.at = now(), .cpu = cpu_time(server), .answered = answered};
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void put_idle(unsigned index)
{
    idle[(idle_first + idle_count++) % conn_count] = index;
}

static unsigned take_idle(void)
{
    unsigned index = idle[idle_first];
    idle_first = (idle_first + 1) % conn_count;
    idle_count--;
    return index;
}

static void count(uint32_t *histogram, uint64_t since, uint64_t at)
{
    uint64_t late = at > since + delay ? (at - since - delay) / 1000 : 0;
    histogram[late < MICROSECONDS ? late : MICROSECONDS]++;
}

static double percentile(const uint32_t *histogram, double part)
{
    uint64_t wanted = (uint64_t) ((double) answers * part), seen = 0;
    for (unsigned i = 0; i <= MICROSECONDS; i++)
        if ((seen += histogram[i]) > wanted)
            return (double) i / 1000;
    return (double) MICROSECONDS / 1000;
}

static void connect_all(int ep, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t) port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (unsigned i = 0; i < conn_count; i++) {
        struct conn *conn = &conns[i];
        int one = 1;
        /* Its close is a reset, which leaves nothing in TIME_WAIT: thousands of those end together
         * a minute later, and would hold up a core in the midst of another round. */
        struct linger reset = {.l_onoff = 1};
        conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (conn->fd < 0 || connect(conn->fd, (void *) &to, sizeof to))
            fail("connect");
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (setsockopt(conn->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one))
            fail("setsockopt");
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
        if (epoll_ctl(ep, EPOLL_CTL_ADD, conn->fd, &event))
            fail("epoll_ctl");
        put_idle(i);
    }
}

static void ask(uint64_t due)
{
    struct conn *conn = &conns[take_idle()];
    conn->due = due;
    conn->sent = now();
    if (send(conn->fd, request, request_size, MSG_NOSIGNAL | MSG_DONTWAIT) !=
        (ssize_t) request_size)
        fail("send");
}

/* When what was received had arrived. */
static uint64_t arrival(struct msghdr *message)
{
    struct cmsghdr *note = CMSG_FIRSTHDR(message);
    struct timespec at;
    if (!note || note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS)
        fail("the kernel noted no arrival");
    memcpy(&at, CMSG_DATA(note), sizeof at);
    return nanoseconds(at);
}

static void receive(unsigned index)
{
    struct conn *conn = &conns[index];
    char buffer[4096];
    _Alignas(struct cmsghdr) char notes[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec room = {buffer, sizeof buffer};
    struct msghdr message = {
        .msg_iov = &room, .msg_iovlen = 1, .msg_control = notes, .msg_controllen = sizeof notes};
    ssize_t size = recvmsg(conn->fd, &message, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0)
        fail("the server closed a connection");
    uint64_t at = now();
    if (conn->state == 0 && memcmp(buffer, "HTTP/1.1 200", (size_t) size < 12 ? (size_t) size : 12))
        wrong++;
    /* A short body comes with its head, or is what a later event finds. */
    if (!count_ends(buffer, (unsigned) size, &conn->state) || !conn->sent)
        return;
    conn->state = 0;
    answered++;
    if (conn->due >= from_due) {
        answers++;
        count(late_to_arrive, conn->sent, arrival(&message));
        count(late_to_read, conn->due, at);
    }
    conn->sent = 0;
    put_idle(index);
}

/* Nanoseconds until there is something to do that no answer brings. */
static uint64_t left_until(uint64_t due, uint64_t end)
{
    uint64_t at = now(), next = due < end ? due : end;
    if (due < end && !idle_count)
        return 1000000000;
    if (next > at)
        return next - at;
    return due < end ? 0 : 1000000000;
}

static void run(int ep, double rate, double warm, double seconds)
{
    static struct epoll_event events[EVENTS];
    double interval = 1e9 / rate;
    bool is_starved = false;
    uint64_t start = now(), asked = 0, end = start + (uint64_t) ((warm + seconds) * 1e9);
    from_due = start + (uint64_t) (warm * 1e9);
    for (;;) {
        uint64_t due = start + (uint64_t) ((double) asked * interval), at = now();
        if (!is_starved && due + STANDSTILL < at && due < end) {
            uint64_t missed = (uint64_t) ((double) ((at < end ? at : end) - due) / interval);
            asked += missed;
            omitted += due >= from_due ? missed : 0;
            due = start + (uint64_t) ((double) asked * interval);
        }
        while (due <= at && due < end && idle_count) {
            ask(due);
            due = start + (uint64_t) ((double) ++asked * interval);
        }
        if (begun.at == 0 && at >= from_due)
            begun = look();
        if (ended.at == 0 && at >= end && due >= end)
            ended = look();
        if (ended.at && idle_count == conn_count)
            return;
        is_starved = due <= at && due < end; /* the server has all connections */
        postponed += is_starved;
        uint64_t left = left_until(due, end);
        struct timespec timeout = {.tv_sec = (time_t) (left / 1000000000),
                                   .tv_nsec = (long) (left % 1000000000)};
        int found = epoll_pwait2(ep, events, EVENTS, &timeout, 0);
        for (int i = 0; i < found; i++)
            receive(events[i].data.u32);
        if (now() > end + 10000000000)
            fail("answers are missing");
    }
}

int main(int argc, char **argv)
{
    int option, port = 0;
    double rate = 1000, warm = 1, seconds = 5;
    const char *path = "/";
    while ((option = getopt(argc, argv, "a:c:r:d:w:u:m:P:")) != -1)
        switch (option) {
        case 'a':
            port = atoi(optarg);
            break;
        case 'c':
            conn_count = (unsigned) atoi(optarg);
            break;
        case 'r':
            rate = atof(optarg);
            break;
        case 'd':
            seconds = atof(optarg);
            break;
        case 'w':
            warm = atof(optarg);
            break;
        case 'u':
            path = optarg;
            break;
        case 'm':
            delay = (uint64_t) (atof(optarg) * 1e6);
            break;
        case 'P':
            server = atoi(optarg);
            break;
        default:
            fprintf(stderr, "open_loop -a port -c connections -r requests-a-second -u path "
                            "-m milliseconds [-w warm-up seconds] [-d seconds] [-P pid]\n");
            return 2;
        }
    if (conn_count < 1 || conn_count > 60000 || rate <= 0)
        return 2;
    raise_nofile();
    request_size = (size_t) snprintf(request, sizeof request,
                                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    conns = calloc(conn_count, sizeof *conns);
    idle = calloc(conn_count, sizeof *idle);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    connect_all(ep, port);
    run(ep, rate, warm, seconds);
    uint64_t spent = ended.cpu - begun.cpu, served = ended.answered - begun.answered;
    printf(
        "{\"answers\":%llu,\"wrong\":%llu,\"omitted\":%llu,\"postponed\":%llu,"
        "\"arrived_p50_ms\":%.3f,\"arrived_p99_ms\":%.3f,\"read_p50_ms\":%.3f,\"read_p99_ms\":%.3f,"
        "\"cpu_us\":%.3f,\"utilisation\":%.3f}\n",
        (unsigned long long) answers, (unsigned long long) wrong, (unsigned long long) omitted,
        (unsigned long long) postponed, percentile(late_to_arrive, 0.5),
        percentile(late_to_arrive, 0.99), percentile(late_to_read, 0.5),
        percentile(late_to_read, 0.99), served ? (double) spent / 1e3 / (double) served : 0,
        (double) spent / (double) (ended.at - begun.at));
}
