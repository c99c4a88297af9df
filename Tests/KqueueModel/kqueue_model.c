// SPDX-License-Identifier: MIT
/* kqueue_model.c - kqueue(2) and kevent(2) for tests, on Linux, by epoll(7), eventfd(2) and
 * timerfd_create(2). It follows FreeBSD's manual page: a knote is made active when its filter holds
 * as it is added or enabled, and by what happens to its descriptor afterwards; what is retrieved is
 * tested once more, and an event that no longer holds is not returned.
 *
 * What it does not model:
 * - Filters other than EVFILT_READ, EVFILT_WRITE, EVFILT_TIMER and EVFILT_USER; EV_FORCEONESHOT,
 *   EV_KEEPUDATA; NOTE_FILE_POLL, NOTE_ABSTIME; cancellation.
 * - A close that it does not see: only files that include sys/event.h have the queue forget what
 *   they close. What was closed elsewhere is found out when its number is added once more, as
 *   another file.
 * - fflags as the error of a socket, because asking for it would take it away; SO_RCVLOWAT.
 * - The backlog of a listening socket: `data` is 1.
 * - Room for output as BSD counts it: EVFILT_WRITE holds when Linux says so, and by EV_CLEAR it is
 *   told once after a send that did not fit, and not after each acknowledgement.
 * - Bytes behind urgent data are counted as one: Linux does not tell how many there are.
 * - A file that grows: it is told of when it is added, or was told of before.
 * - A queue in a queue: its descriptor cannot be polled. Nor can it be inherited or sent.
 *
 * A core that is built on it deals connections out to workers, as on macOS. */
#define KQUEUE_MODEL_ITSELF
#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

enum { HEARD_MAX = 64, BUCKETS = 1024 };
enum { SECOND = 1000000000 };

struct knote {
    struct knote *next; /* in its bucket */
    struct knote *later; /* on the queue */
    struct kevent event; /* as it was added; of EVFILT_USER also what was triggered */
    dev_t device; /* which file the descriptor was */
    ino_t file;
    int timer; /* of EVFILT_TIMER */
    bool is_active; /* something happened: to be tested when it is retrieved */
    bool is_queued;
    bool is_disabled;
};

/* A queue's descriptor is a file in memory that has its address: so the number alone finds it, in
 * whatever descriptor table it is. */
struct queue {
    uint64_t magic;
    struct queue *next;
    pthread_mutex_t lock;
    int epoll;
    int waker; /* readable while a waiting thread is to look again */
    struct knote *buckets[BUCKETS]; /* all, by ident */
    struct knote *first, *last; /* active ones, first come, first served */
};

static const uint64_t MAGIC = 0x6b7175657565206d;
static pthread_mutex_t queues_lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue *queues;

static struct queue *queue_of(int kq)
{
    struct {
        uint64_t magic;
        struct queue *queue;
    } content;
    if (pread(kq, &content, sizeof content, 0) != (ssize_t) sizeof content ||
        content.magic != MAGIC)
        return NULL;
    return content.queue;
}

/* ---- What a filter finds ---- */

static bool is_listening(int fd)
{
    int is = 0;
    socklen_t size = sizeof is;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &size) == 0 && is != 0;
}

static short poll_now(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    return poll(&asked, 1, 0) == 1 ? asked.revents : 0;
}

static bool is_regular(int fd, struct stat *status)
{
    return fstat(fd, status) == 0 && S_ISREG(status->st_mode);
}

static bool find_input(const struct knote *knote, struct kevent *event)
{
    int fd = (int) event->ident, count = 0;
    struct stat status;
    if (is_regular(fd, &status)) {
        event->data = status.st_size - lseek(fd, 0, SEEK_CUR);
        return event->data != 0;
    }
    short found = poll_now(fd);
    if (is_listening(fd)) {
        event->data = found & POLLIN ? 1 : 0;
        return event->data > 0;
    }
    if (ioctl(fd, FIONREAD, &count) < 0)
        count = found & POLLIN ? 1 : 0;
    event->data = count + (found & POLLPRI ? 1 : 0);
    if (found & (POLLRDHUP | POLLHUP | POLLERR)) {
        event->flags |= EV_EOF;
        return true;
    }
    int64_t least = knote->event.fflags & NOTE_LOWAT ? knote->event.data : 1;
    return event->data >= least;
}

static bool find_output(struct kevent *event)
{
    int fd = (int) event->ident, size = 0, used = 0;
    socklen_t size_of_size = sizeof size;
    short found = poll_now(fd);
    if (found & (POLLHUP | POLLERR))
        event->flags |= EV_EOF;
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &size_of_size) == 0 &&
        ioctl(fd, TIOCOUTQ, &used) == 0)
        event->data = size > used ? size - used : 0;
    return found & (POLLOUT | POLLHUP | POLLERR);
}

static bool find_time(const struct knote *knote, struct kevent *event)
{
    uint64_t count = 0;
    struct pollfd asked = {.fd = knote->timer, .events = POLLIN};
    if (poll(&asked, 1, 0) != 1 || read(knote->timer, &count, sizeof count) != sizeof count)
        return false;
    event->data = (int64_t) count;
    return true;
}

/* Whether it holds; `event` is then what kevent returns. */
static bool run_filter(const struct knote *knote, struct kevent *event)
{
    *event = knote->event;
    event->data = 0;
    switch (event->filter) {
    case EVFILT_READ:
        event->fflags = 0;
        return find_input(knote, event);
    case EVFILT_WRITE:
        event->fflags = 0;
        return find_output(event);
    case EVFILT_TIMER:
        return find_time(knote, event);
    default:
        event->fflags &= NOTE_FFLAGSMASK;
        return knote->event.fflags & NOTE_TRIGGER;
    }
}

/* ---- Knotes ---- */

static bool is_of_descriptor(const struct kevent *event)
{
    return event->filter == EVFILT_READ || event->filter == EVFILT_WRITE;
}

static struct knote *find_knote(struct queue *queue, uintptr_t ident, int16_t filter)
{
    struct knote *knote = queue->buckets[ident % BUCKETS];
    while (knote != NULL && (knote->event.ident != ident || knote->event.filter != filter))
        knote = knote->next;
    return knote;
}

static int descriptor_of(const struct knote *knote)
{
    return knote->event.filter == EVFILT_TIMER ? knote->timer : (int) knote->event.ident;
}

static void activate(struct queue *queue, struct knote *knote)
{
    knote->is_active = true;
    if (knote->is_queued || knote->is_disabled)
        return;
    knote->is_queued = true;
    knote->later = NULL;
    if (queue->first == NULL)
        queue->first = knote;
    else
        queue->last->later = knote;
    queue->last = knote;
}

static struct knote *next_active(struct queue *queue)
{
    struct knote *knote = queue->first;
    queue->first = knote->later;
    knote->is_queued = false;
    return knote;
}

static void take_off(struct queue *queue, struct knote *gone)
{
    struct knote *before = NULL, *knote = queue->first;
    while (knote != gone) {
        before = knote;
        knote = knote->later;
    }
    if (before == NULL)
        queue->first = gone->later;
    else
        before->later = gone->later;
    if (queue->last == gone)
        queue->last = before;
}

static void forget(struct queue *queue, struct knote *gone)
{
    struct knote **place = &queue->buckets[gone->event.ident % BUCKETS];
    while (*place != gone)
        place = &(*place)->next;
    *place = gone->next;
    if (gone->is_queued)
        take_off(queue, gone);
    int16_t other = gone->event.filter == EVFILT_READ ? EVFILT_WRITE : EVFILT_READ;
    bool is_last =
        !is_of_descriptor(&gone->event) || find_knote(queue, gone->event.ident, other) == NULL;
    if (gone->event.filter != EVFILT_USER && is_last)
        epoll_ctl(queue->epoll, EPOLL_CTL_DEL, descriptor_of(gone), NULL);
    if (gone->event.filter == EVFILT_TIMER)
        close(gone->timer);
    free(gone);
}

/* Every edge of a descriptor is heard, for both filters. A file has none, and always its state. */
static int listen_to(struct queue *queue, const struct knote *knote)
{
    struct stat status;
    if (knote->event.filter == EVFILT_USER)
        return 0;
    int fd = descriptor_of(knote);
    if (fcntl(fd, F_GETFD) < 0)
        return EBADF;
    if (is_of_descriptor(&knote->event) && is_regular(fd, &status))
        return knote->event.filter == EVFILT_WRITE ? EINVAL : 0;
    struct epoll_event event = {.events = EPOLLET | EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI,
                                .data.u64 = (uint64_t) fd << 1};
    if (knote->event.filter == EVFILT_TIMER)
        event.data.u64 = (uint64_t) (uintptr_t) knote | 1; /* the bit says that it is an address */
    if (epoll_ctl(queue->epoll, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST)
        return 0;
    return errno;
}

static int set_timer(struct knote *knote)
{
    uint64_t unit = knote->event.fflags & NOTE_SECONDS    ? SECOND
                    : knote->event.fflags & NOTE_USECONDS ? 1000
                    : knote->event.fflags & NOTE_NSECONDS ? 1
                                                          : 1000000;
    uint64_t span = (uint64_t) knote->event.data * unit;
    span = span == 0 ? 1 : span;
    struct timespec time = {.tv_sec = (time_t) (span / SECOND), .tv_nsec = (long) (span % SECOND)};
    struct itimerspec timer = {.it_value = time};
    if (!(knote->event.flags & EV_ONESHOT))
        timer.it_interval = time;
    return timerfd_settime(knote->timer, 0, &timer, NULL) < 0 ? errno : 0;
}

static void identify(struct knote *knote)
{
    struct stat status = {0};
    if (is_of_descriptor(&knote->event))
        fstat((int) knote->event.ident, &status);
    knote->device = status.st_dev;
    knote->file = status.st_ino;
}

static bool is_same_file(const struct knote *knote)
{
    struct knote now = {.event = knote->event};
    identify(&now);
    return now.device == knote->device && now.file == knote->file;
}

/* Returns 0 or the error. */
static int add(struct queue *queue, const struct kevent *change, struct knote **added)
{
    struct knote *knote = calloc(1, sizeof *knote);
    if (knote == NULL)
        return ENOMEM;
    knote->event = *change;
    knote->event.flags &= (uint16_t) ~(EV_ADD | EV_ENABLE | EV_DISABLE | EV_RECEIPT);
    knote->event.fflags &= change->filter == EVFILT_USER ? NOTE_FFLAGSMASK : UINT32_MAX;
    identify(knote);
    int error = 0;
    if (change->filter == EVFILT_TIMER) {
        knote->event.flags |= EV_CLEAR;
        knote->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        error = knote->timer < 0 ? errno : set_timer(knote);
    }
    if (error == 0)
        error = listen_to(queue, knote);
    if (error != 0) {
        if (change->filter == EVFILT_TIMER && knote->timer >= 0)
            close(knote->timer);
        free(knote);
        return error;
    }
    struct knote **bucket = &queue->buckets[change->ident % BUCKETS];
    knote->next = *bucket;
    *bucket = knote;
    *added = knote;
    return 0;
}

/* The parameters of a knote that is there; its flags stay. */
static int modify(struct knote *knote, const struct kevent *change)
{
    knote->event.udata = change->udata;
    memcpy(knote->event.ext, change->ext, sizeof change->ext);
    if (change->filter == EVFILT_USER)
        return 0;
    knote->event.fflags = change->fflags;
    knote->event.data = change->data;
    return change->filter == EVFILT_TIMER ? set_timer(knote) : 0;
}

static void touch(struct knote *knote, const struct kevent *change)
{
    uint32_t bits = change->fflags & NOTE_FFLAGSMASK;
    switch (change->fflags & NOTE_FFCTRLMASK) {
    case NOTE_FFAND:
        knote->event.fflags &= bits | ~(uint32_t) NOTE_FFLAGSMASK;
        break;
    case NOTE_FFOR:
        knote->event.fflags |= bits;
        break;
    case NOTE_FFCOPY:
        knote->event.fflags = (knote->event.fflags & ~(uint32_t) NOTE_FFLAGSMASK) | bits;
        break;
    default:
        break;
    }
    if (change->fflags & NOTE_TRIGGER)
        knote->event.fflags |= NOTE_TRIGGER;
}

static int apply(struct queue *queue, const struct kevent *change)
{
    if (!is_of_descriptor(change) && change->filter != EVFILT_TIMER &&
        change->filter != EVFILT_USER)
        return EINVAL;
    if (is_of_descriptor(change) && fcntl((int) change->ident, F_GETFD) < 0)
        return EBADF;
    struct knote *knote = find_knote(queue, change->ident, change->filter);
    if (knote != NULL && !is_same_file(knote)) {
        forget(queue, knote);
        knote = NULL;
    }
    int error = 0;
    if (knote == NULL && !(change->flags & EV_ADD))
        return ENOENT;
    if (change->flags & EV_DELETE) {
        forget(queue, knote);
        return 0;
    }
    if (knote == NULL)
        error = add(queue, change, &knote);
    else if (change->flags & EV_ADD)
        error = modify(knote, change);
    if (error != 0)
        return error;
    if (change->filter == EVFILT_USER)
        touch(knote, change);
    if (change->flags & EV_DISABLE)
        knote->is_disabled = true;
    else if (change->flags & (EV_ADD | EV_ENABLE))
        knote->is_disabled = false;
    struct kevent found;
    if (knote->is_active || (knote->event.filter != EVFILT_TIMER && run_filter(knote, &found)))
        activate(queue, knote);
    return 0;
}

/* ---- Retrieving ---- */

/* Make active what epoll has heard of. Returns the number of things heard, or -1. */
static int hear(struct queue *queue)
{
    struct epoll_event heard[HEARD_MAX];
    int count = epoll_wait(queue->epoll, heard, HEARD_MAX, 0);
    for (int i = 0; i < count; i++) {
        uint64_t name = heard[i].data.u64;
        if (name & 1) {
            activate(queue, (struct knote *) (uintptr_t) (name & ~UINT64_C(1)));
            continue;
        }
        for (int filter = EVFILT_WRITE; filter <= EVFILT_READ; filter++) {
            struct knote *knote = find_knote(queue, (uintptr_t) (name >> 1), (int16_t) filter);
            if (knote != NULL)
                activate(queue, knote);
        }
    }
    return count;
}

static void drain_waker(struct queue *queue)
{
    uint64_t count;
    while (read(queue->waker, &count, sizeof count) > 0)
        ;
}

/* One active knote. Returns whether it holds, and is then an event. */
static bool tell(struct queue *queue, struct knote *knote, struct kevent *event)
{
    knote->is_active = run_filter(knote, event);
    if (!knote->is_active)
        return false;
    if (knote->event.flags & EV_ONESHOT) {
        forget(queue, knote);
        return true;
    }
    if (knote->event.flags & EV_CLEAR && knote->event.filter == EVFILT_USER)
        knote->event.fflags = 0;
    if (knote->event.flags & (EV_CLEAR | EV_DISPATCH))
        knote->is_active = false;
    if (knote->event.flags & EV_DISPATCH)
        knote->is_disabled = true;
    if (knote->is_active)
        activate(queue, knote); /* behind the others */
    return true;
}

static int retrieve(struct queue *queue, struct kevent *events, int capacity)
{
    int count = 0;
    struct knote *last = queue->first == NULL ? NULL : queue->last, *knote = NULL;
    while (queue->first != NULL && knote != last && count < capacity) {
        knote = next_active(queue);
        if (!knote->is_disabled && tell(queue, knote, &events[count]))
            count++;
    }
    return count;
}

static struct timespec time_until(int64_t until)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = until - (now.tv_sec * (int64_t) SECOND + now.tv_nsec);
    left = left > 0 ? left : 0;
    return (struct timespec) {.tv_sec = left / SECOND, .tv_nsec = left % SECOND};
}

static int64_t end_of(const struct timespec *timeout)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t begin = now.tv_sec * (int64_t) SECOND + now.tv_nsec;
    if (timeout->tv_sec > INT64_MAX / SECOND / 2)
        return INT64_MAX;
    return begin + timeout->tv_sec * (int64_t) SECOND + timeout->tv_nsec;
}

/* Wait for events, at most until the timeout. The queue is locked but while it waits. */
static int scan(struct queue *queue, struct kevent *events, int capacity,
                const struct timespec *timeout)
{
    int64_t until = timeout == NULL ? 0 : end_of(timeout);
    for (;;) {
        while (hear(queue) == HEARD_MAX)
            ;
        drain_waker(queue);
        int count = retrieve(queue, events, capacity);
        if (count > 0)
            return count;
        struct timespec left = timeout == NULL ? (struct timespec) {0} : time_until(until);
        if (timeout != NULL && left.tv_sec == 0 && left.tv_nsec == 0)
            return 0;
        struct pollfd waits[] = {{.fd = queue->epoll, .events = POLLIN},
                                 {.fd = queue->waker, .events = POLLIN}};
        pthread_mutex_unlock(&queue->lock);
        int found = ppoll(waits, 2, timeout == NULL ? NULL : &left, NULL);
        int error = errno;
        pthread_mutex_lock(&queue->lock);
        if (found < 0) {
            errno = error;
            return -1;
        }
    }
}

int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout)
{
    struct queue *queue = queue_of(kq);
    if (queue == NULL) {
        errno = EBADF;
        return -1;
    }
    int told = 0, result = 0;
    pthread_mutex_lock(&queue->lock);
    for (int i = 0; i < change_count; i++) {
        struct kevent change = changes[i]; /* the same array may be used for both */
        int error = apply(queue, &change);
        if (error == 0 && !(change.flags & EV_RECEIPT))
            continue;
        if (told == event_count) {
            errno = error;
            result = error == 0 ? told : -1;
            goto unlock;
        }
        change.flags = EV_ERROR;
        change.data = error;
        events[told++] = change;
    }
    if (told > 0)
        result = told;
    else if (event_count > 0)
        result = scan(queue, events, event_count, timeout);
    else if (change_count > 0) {
        uint64_t one = 1;
        ssize_t written = write(queue->waker, &one, sizeof one);
        (void) written; /* it fails only while it is readable */
    }
unlock:
    pthread_mutex_unlock(&queue->lock);
    return result;
}

/* ---- What the core asks of the system beside it: system/listener.h ---- */

#if defined(VN_KQUEUE_MODEL) /* a core is built on it */

bool vn_listener_is_balanced(void);

bool vn_listener_is_balanced(void)
{
    return false;
}

#endif

/* ---- Opening and closing ---- */

static void destroy(struct queue *queue)
{
    pthread_mutex_lock(&queues_lock);
    struct queue **place = &queues;
    while (*place != queue)
        place = &(*place)->next;
    *place = queue->next;
    pthread_mutex_unlock(&queues_lock);
    for (int i = 0; i < BUCKETS; i++)
        while (queue->buckets[i] != NULL)
            forget(queue, queue->buckets[i]);
    close(queue->epoll);
    close(queue->waker);
    pthread_mutex_destroy(&queue->lock);
    queue->magic = 0;
    free(queue);
}

int kqueue(void)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        return -1;
    struct {
        uint64_t magic;
        struct queue *queue;
    } content = {MAGIC, queue};
    pthread_mutex_init(&queue->lock, NULL);
    queue->magic = MAGIC;
    queue->epoll = epoll_create1(EPOLL_CLOEXEC);
    queue->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int kq = memfd_create("kqueue", MFD_CLOEXEC);
    if (queue->epoll < 0 || queue->waker < 0 || kq < 0 ||
        pwrite(kq, &content, sizeof content, 0) != (ssize_t) sizeof content) {
        int error = errno;
        close(queue->epoll);
        close(queue->waker);
        close(kq);
        free(queue);
        errno = error;
        return -1;
    }
    pthread_mutex_lock(&queues_lock);
    queue->next = queues;
    queues = queue;
    pthread_mutex_unlock(&queues_lock);
    return kq;
}

/* Only knotes of this very file: threads of the tests have descriptor tables of their own, in which
 * the number is another's. */
static void forget_descriptor(struct queue *queue, int fd)
{
    pthread_mutex_lock(&queue->lock);
    for (int filter = EVFILT_WRITE; filter <= EVFILT_READ; filter++) {
        struct knote *knote = find_knote(queue, (uintptr_t) fd, (int16_t) filter);
        if (knote != NULL && is_same_file(knote))
            forget(queue, knote);
    }
    pthread_mutex_unlock(&queue->lock);
}

int kqueue_model_close(int fd)
{
    struct queue *queue = queue_of(fd);
    if (queue != NULL) {
        destroy(queue);
        return close(fd);
    }
    pthread_mutex_lock(&queues_lock);
    for (queue = queues; queue != NULL; queue = queue->next)
        forget_descriptor(queue, fd);
    pthread_mutex_unlock(&queues_lock);
    return close(fd);
}
