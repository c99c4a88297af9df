// SPDX-License-Identifier: MIT
#include "standard_error.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum {
    KINDS = 16, /* lines that are remembered to tell equal ones */
    FLUSH_TIME = 250, /* milliseconds that the end of the process waits */
    SUMMARY_ROOM = 64, /* for the words before and after a line that was repeated */
};

/* A line that was written of late. */
struct kind {
    uint64_t since; /* milliseconds: when it was first written; 0: none */
    uint64_t count;
    size_t size;
    char line[VN_LOG_LINE_MAX];
};

/* Of the process, as its standard error is. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* there is something to write */
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER; /* all is written */
static pid_t writer_process; /* that whose thread it is: a child of fork(2) has none */
static bool is_writing;
static char waiting[VN_LOG_QUEUE_MAX];
static size_t waiting_count;
static uint64_t dropped;
static struct kind kinds[KINDS];
static char writing[VN_LOG_QUEUE_MAX]; /* the thread's */

/* ---- The queue, under the lock ---- */

/* Returns false when there is no room. */
static bool queue_append(const char *line, size_t count)
{
    if (VN_LOG_QUEUE_MAX - waiting_count < count + 1)
        return false;
    memcpy(waiting + waiting_count, line, count);
    waiting[waiting_count + count] = '\n';
    waiting_count += count + 1;
    return true;
}

static void queue_line(const char *line, size_t count)
{
    if (!queue_append(line, count))
        dropped++;
}

/* Say what was dropped, once there is room to. */
static void queue_dropped(void)
{
    char line[80];
    if (dropped == 0)
        return;
    int count = snprintf(line, sizeof line,
                         "vanilla: %" PRIu64 " messages were dropped: nobody read them", dropped);
    if (queue_append(line, (size_t) count))
        dropped = 0;
}

/* ---- Equal lines, under the lock ---- */

/* Forget a line, and say how often it was kept back. */
static void kind_end(struct kind *kind)
{
    static char line[VN_LOG_LINE_MAX + SUMMARY_ROOM];
    if (kind->count > VN_LOG_EQUAL_MAX) {
        int count = snprintf(line, sizeof line, "%.*s (%" PRIu64 " times more)", (int) kind->size,
                             kind->line, kind->count - VN_LOG_EQUAL_MAX);
        queue_line(line, (size_t) count < VN_LOG_LINE_MAX ? (size_t) count : VN_LOG_LINE_MAX - 1);
    }
    kind->since = 0;
}

/* End those whose time is over. Returns milliseconds until the next is. */
static uint64_t kinds_end(uint64_t now)
{
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].since == 0)
            continue;
        uint64_t age = now - kinds[i].since;
        if (age >= VN_LOG_EQUAL_TIME)
            kind_end(&kinds[i]);
        else if (VN_LOG_EQUAL_TIME - age < next)
            next = VN_LOG_EQUAL_TIME - age;
    }
    return next;
}

/* Returns whether the line was written often enough for now. */
static bool kinds_note(const char *line, size_t count, uint64_t now)
{
    struct kind *oldest = &kinds[0];
    kinds_end(now);
    for (int i = 0; i < KINDS; i++) {
        struct kind *kind = &kinds[i];
        if (kind->since != 0 && kind->size == count && memcmp(kind->line, line, count) == 0)
            return ++kind->count > VN_LOG_EQUAL_MAX;
        if (kind->since < oldest->since)
            oldest = kind;
    }
    kind_end(oldest);
    oldest->since = now;
    oldest->count = 1;
    oldest->size = count;
    memcpy(oldest->line, line, count);
    return false;
}

/* ---- The thread ---- */

/* Wait for as long, or until there is more. */
static void wait_for(uint64_t milliseconds)
{
    struct timespec until;
    if (milliseconds == UINT64_MAX) {
        pthread_cond_wait(&changed, &lock);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t) (milliseconds / 1000 + 1);
    pthread_cond_timedwait(&changed, &lock, &until);
}

/* As many whole lines as a pipe takes in one piece. */
static size_t piece_of(const char *bytes, size_t count)
{
    if (count <= VN_LOG_LINE_MAX)
        return count;
    size_t piece = VN_LOG_LINE_MAX;
    while (bytes[piece - 1] != '\n')
        piece--;
    return piece;
}

/* Errors cannot be told to anybody. */
static void write_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, piece_of(bytes, count));
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            /* Somebody who shares it does not want to block. */
            struct pollfd descriptor = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&descriptor, 1, -1);
        } else if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            bytes += written;
            count -= (size_t) written;
        }
    }
}

static void *writer_run(void *context)
{
    (void) context;
    pthread_mutex_lock(&lock);
    for (;;) {
        uint64_t next = kinds_end(vn_clock());
        queue_dropped();
        if (waiting_count == 0) {
            is_writing = false;
            pthread_cond_broadcast(&idle);
            wait_for(next);
            continue;
        }
        is_writing = true;
        size_t count = waiting_count;
        memcpy(writing, waiting, count);
        waiting_count = 0;
        pthread_mutex_unlock(&lock);
        write_all(writing, count);
        pthread_mutex_lock(&lock);
    }
    return NULL;
}

/* Start the thread where there is none. It takes no signals. */
static void writer_begin(void)
{
    pthread_t thread;
    sigset_t all, before;
    if (writer_process == getpid())
        return;
    bool is_first = writer_process == 0;
    if (!is_first) /* what waited is the parent's */
        waiting_count = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, writer_run, NULL) == 0) {
        writer_process = getpid();
        is_writing = false;
        pthread_detach(thread);
        if (is_first)
            atexit(vn_standard_error_flush);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Any thread ---- */

void vn_standard_error_write(const char *line, size_t count)
{
    if (count > VN_LOG_LINE_MAX - 1)
        count = VN_LOG_LINE_MAX - 1;
    pthread_mutex_lock(&lock);
    writer_begin();
    if (!kinds_note(line, count, vn_clock()))
        queue_line(line, count);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

void vn_standard_error_flush(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += FLUSH_TIME * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].since != 0)
            kind_end(&kinds[i]);
    pthread_cond_signal(&changed);
    while (writer_process == getpid() && (is_writing || waiting_count > 0))
        if (pthread_cond_timedwait(&idle, &lock, &until) != 0)
            break;
    pthread_mutex_unlock(&lock);
}
