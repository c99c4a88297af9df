// SPDX-License-Identifier: MIT
/* The ceiling of fan-out: the shortest program that serves events. One thread, epoll, an array of
 * descriptors.
 *
 *   GET  /sse            a stream of events, until one end closes
 *   POST /notification   its body is an event's data, which goes to everybody at once
 *
 * Each event is framed once and written with one write() a subscriber, in the order of the array.
 * Nothing waits in memory: a subscriber whose socket does not take a whole event (EAGAIN, or a part
 * of it) is closed, since half an event would break its stream. No heartbeat, no history, no
 * deadline, no limit but the descriptors. A request has to fit into the buffer; a client that sends
 * something else is closed. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS = 65536, BUFFER = 16384, EVENTS = 512 };

static const char greeting[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                               "Cache-Control: no-cache\r\n\r\n:\n\n";
static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";

static int subscribers[DESCRIPTORS];
static int place[DESCRIPTORS]; /* of a descriptor in the array, from 1; 0: no subscriber */
static int count;
static uint64_t number; /* of the last event */

static void drop(int fd)
{
    if (place[fd] > 0) {
        int last = subscribers[--count];
        subscribers[place[fd] - 1] = last;
        place[last] = place[fd];
        place[fd] = 0;
    }
    close(fd);
}

static bool say(int fd, const char *bytes, size_t size)
{
    if (write(fd, bytes, size) == (ssize_t) size)
        return true;
    drop(fd);
    return false;
}

static void publish(const char *data, size_t size)
{
    char event[BUFFER + 64];
    int head = sprintf(event, "id: %llu\ndata: ", (unsigned long long) ++number);
    memcpy(event + head, data, size);
    memcpy(event + (size_t) head + size, "\n\n", 2);
    size += (size_t) head + 2;
    for (int i = 0; i < count;)
        if (say(subscribers[i], event, size))
            i++;
}

/* Answer one request. Returns its size, or 0 when it is no whole request that is known. */
static size_t answer(int fd, const char *bytes, size_t size)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t used = (size_t) (end - bytes) + 4;
    if (size > 9 && memcmp(bytes, "GET /sse ", 9) == 0) {
        if (say(fd, greeting, sizeof greeting - 1)) {
            subscribers[count++] = fd;
            place[fd] = count;
        }
        return used;
    }
    const char *length = memmem(bytes, used, "Content-Length: ", 16);
    if (memcmp(bytes, "POST /notification ", 19) != 0 || length == NULL)
        return 0;
    size_t body = strtoul(length + 16, NULL, 10);
    if (body > size - used)
        return 0;
    publish(bytes + used, body);
    say(fd, done, sizeof done - 1);
    return used + body;
}

static void receive(int fd)
{
    static char buffer[BUFFER];
    ssize_t size = read(fd, buffer, sizeof buffer);
    size_t at = 0;
    if (size < 0 && errno == EAGAIN)
        return;
    while (size > 0 && at < (size_t) size) {
        size_t used = answer(fd, buffer + at, (size_t) size - at);
        if (used == 0)
            break;
        at += used;
    }
    if (size <= 0 || at < (size_t) size)
        drop(fd);
}

static int listen_on(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* accepted sockets inherit it: no event waits for the acknowledgement of another */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 || listen(fd, 4096) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    uint16_t port = (uint16_t) (argc > 1 ? atoi(argv[1]) : 8080);
    int listener = listen_on(port), poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    signal(SIGPIPE, SIG_IGN);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    printf("listening on http://127.0.0.1:%d (naive, 1 worker)\n", port);
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                receive(fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                event.data.fd = fd;
                if (fd >= DESCRIPTORS || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0)
                    close(fd);
            }
        }
    }
}
