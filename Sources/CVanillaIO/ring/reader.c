// SPDX-License-Identifier: MIT
#include "reader.h"

#include <errno.h>
#include <signal.h>

#include "../system/file.h"

/* A disk gains from a few reads at once, and a process that reads much from memory needs none. */
enum { THREADS_MAX = 4 };

/* Of the process, so that workers share them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct vn_read *first;
static struct vn_read *last;
static uint32_t threads;
static uint32_t idle;
static uint32_t queued;

static void finish(struct vn_read *read)
{
    /* Within the lock, so that the ring is not closed before this thread is done with it. */
    struct vn_reader *reader = read->reader;
    pthread_mutex_lock(&reader->lock);
    read->next = reader->first;
    reader->first = read;
    vn_ring_wake(reader->ring);
    pthread_mutex_unlock(&reader->lock);
}

static void *run(void *context)
{
    (void) context;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (first == NULL) {
            idle++;
            pthread_cond_wait(&changed, &lock);
            idle--;
        }
        struct vn_read *read = first;
        first = read->next;
        queued--;
        pthread_mutex_unlock(&lock);
        read->result = vn_file_read(read->fd, read->bytes, read->count, read->at);
        finish(read);
        pthread_mutex_lock(&lock);
    }
    return NULL;
}

/* Start a thread where all have something to do. It takes no signals. Returns 0, or -errno when
 * there is none at all. */
static int32_t ensure_thread(void)
{
    pthread_t thread;
    sigset_t all, before;
    if (idle > queued || threads == THREADS_MAX)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int32_t error = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return threads > 0 ? 0 : -ENOMEM; /* -EAGAIN would say: at once again */
    pthread_detach(thread);
    threads++;
    return 0;
}

int32_t vn_reader_open(struct vn_reader *reader, struct vn_ring *ring)
{
    *reader = (struct vn_reader) {.ring = ring};
    return -pthread_mutex_init(&reader->lock, NULL);
}

void vn_reader_close(struct vn_reader *reader)
{
    assert(reader->outstanding == 0);
    pthread_mutex_lock(&reader->lock); /* the thread that finished the last one has left */
    pthread_mutex_unlock(&reader->lock);
    pthread_mutex_destroy(&reader->lock);
}

int32_t vn_reader_submit(struct vn_reader *reader, struct vn_read *read, int32_t fd)
{
    read->reader = reader;
    read->fd = fd;
    read->next = NULL;
    pthread_mutex_lock(&lock);
    int32_t error = ensure_thread();
    if (error == 0) {
        if (first == NULL)
            first = read;
        else
            last->next = read;
        last = read;
        queued++;
        reader->outstanding++;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&lock);
    return error;
}

bool vn_reader_has_done(struct vn_reader *reader)
{
    if (vn_likely(reader->outstanding == 0))
        return false;
    pthread_mutex_lock(&reader->lock);
    bool has_done = reader->first != NULL;
    pthread_mutex_unlock(&reader->lock);
    return has_done;
}

struct vn_read *vn_reader_take(struct vn_reader *reader)
{
    if (reader->outstanding == 0)
        return NULL;
    pthread_mutex_lock(&reader->lock);
    struct vn_read *done = reader->first;
    if (done != NULL) {
        reader->first = done->next;
        reader->outstanding--;
    }
    pthread_mutex_unlock(&reader->lock);
    return done;
}
