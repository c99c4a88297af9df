// SPDX-License-Identifier: MIT
/* live_server.h - a server over real sockets, and a client that asks it, for checks. */
#ifndef VN_CHECKS_LIVE_SERVER_H
#define VN_CHECKS_LIVE_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "include/CVanillaIO.h"

enum { WAIT_MAX = 60000 }; /* milliseconds in which a test must see what it waits for */

/* What a check says that failed, in memory of the thread. */
__attribute__((unused, format(printf, 1, 2))) static const char *failed(const char *format, ...)
{
    static _Thread_local char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return message;
}

static inline uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

/* ---- The server under test ---- */

struct stage {
    sem_t entered; /* a handler is in /block */
    sem_t leave;
};

static inline void handle(void *context, const vn_request *request, vn_response *response)
{
    struct stage *stage = context;
    vn_span path = vn_request_path(request);
    if (path.count == 6 && memcmp(path.bytes, "/block", 6) == 0) {
        sem_post(&stage->entered);
        while (sem_wait(&stage->leave) != 0) {
        }
    }
    if (path.count == 6 && memcmp(path.bytes, "/later", 6) == 0) {
        sem_post(&stage->entered);
        vn_response_defer(response);
        return;
    }
    vn_response_send(response, vn_span_of("text/plain"), vn_span_of("Hello"));
}

static inline void no_log(void *context, int32_t level, const char *line)
{
    (void) context, (void) level, (void) line;
}

static inline void stage_init(struct stage *stage)
{
    sem_init(&stage->entered, 0, 0);
    sem_init(&stage->leave, 0, 0);
}

static inline vn_config config_of(struct stage *stage, uint8_t backend)
{
    vn_config config;
    vn_config_init(&config);
    config.listeners[0].host = "127.0.0.1";
    config.listeners[0].port = 0;
    config.workers = 1;
    config.backend = backend;
    config.handlers = (vn_handlers) {.context = stage, .handle = handle};
    config.log = no_log;
    config.lame_duck = 0; /* a check that leaves connections open need not wait for them */
    config.bind_retry = 0;
    config.keeps_descriptor_limit = true; /* as a check sets it */
    return config;
}

/* ---- A client ---- */

static inline int dial(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline int dial_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void ask(int fd, const char *request)
{
    (void) !send(fd, request, strlen(request), MSG_NOSIGNAL);
}

static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char get_block[] = "GET /block HTTP/1.1\r\nHost: a\r\n\r\n";
static const char get_later[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";

/* Read until "Hello" was received, the end, or patience is over. Returns bytes read into `answer`,
 * -1 for the latter. */
static inline ssize_t hear(int fd, char answer[1024], int patience)
{
    size_t count = 0;
    uint64_t due = milliseconds() + (uint64_t) patience;
    answer[0] = '\0';
    while (strstr(answer, "Hello") == NULL) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        uint64_t now = milliseconds();
        if (now >= due || poll(&readable, 1, (int) (due - now)) <= 0)
            return -1;
        ssize_t got = recv(fd, answer + count, 1023 - count, 0);
        if (got <= 0)
            break;
        count += (size_t) got;
        answer[count] = '\0';
    }
    return (ssize_t) count;
}

static inline bool says_hello(int fd)
{
    char answer[1024];
    ask(fd, get);
    return hear(fd, answer, WAIT_MAX) > 0 && strstr(answer, "200 OK") != NULL;
}

static inline bool is_at_end(int fd)
{
    char byte;
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    return poll(&readable, 1, WAIT_MAX) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

#endif
