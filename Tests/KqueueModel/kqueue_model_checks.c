// SPDX-License-Identifier: MIT
#include "kqueue_model_checks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { EVENTS = 8 };

struct scene {
    int kq;
    int fd;
    int peer;
    struct kevent events[EVENTS];
};

static const struct timespec at_once;

static struct kevent change(uintptr_t ident, int16_t filter, uint16_t flags, uint32_t notes,
                            int64_t data)
{
    struct kevent event;
    EV_SET(&event, ident, filter, flags, notes, data, (void *) (ident + 1));
    return event;
}

static int apply(struct scene *scene, int16_t filter, uint16_t flags)
{
    struct kevent event = change((uintptr_t) scene->fd, filter, flags, 0, 0);
    return kevent(scene->kq, &event, 1, NULL, 0, NULL);
}

static int look(struct scene *scene)
{
    return kevent(scene->kq, NULL, 0, scene->events, EVENTS, &at_once);
}

static void pour(const struct scene *scene, size_t count)
{
    static const uint8_t bytes[4096];
    ssize_t sent = send(scene->peer, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void) sent;
}

static void drain(const struct scene *scene, size_t count)
{
    uint8_t bytes[4096];
    ssize_t received = recv(scene->fd, bytes, count, MSG_DONTWAIT);
    (void) received;
}

static const char *find_what_was_there(struct scene *scene)
{
    pour(scene, 7);
    if (apply(scene, EVFILT_READ, EV_ADD | EV_CLEAR) != 0)
        return "it is refused";
    if (look(scene) != 1)
        return "what came before is not told";
    struct kevent event = scene->events[0];
    if (event.data != 7 || event.filter != EVFILT_READ || event.ident != (uintptr_t) scene->fd)
        return "the count is wrong";
    return event.udata == (void *) (event.ident + 1) ? NULL : "udata is not what it was";
}

static const char *tell_transitions(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_CLEAR);
    pour(scene, 1);
    if (look(scene) != 1 || look(scene) != 0)
        return "by EV_CLEAR it is told twice, or not";
    pour(scene, 1);
    return look(scene) == 1 && scene->events[0].data == 2 ? NULL : "more is not told";
}

static const char *tell_state(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD);
    pour(scene, 2);
    if (look(scene) != 1 || look(scene) != 1)
        return "a state is told once only";
    drain(scene, 2);
    return look(scene) == 0 ? NULL : "what holds no longer is told";
}

static const char *test_what_is_retrieved(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_CLEAR);
    pour(scene, 2);
    drain(scene, 2);
    return look(scene) == 0 ? NULL : "what holds no longer is told";
}

static const char *aggregate(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_CLEAR);
    pour(scene, 2);
    pour(scene, 3);
    return look(scene) == 1 && scene->events[0].data == 5 ? NULL : "two events are not one";
}

static const char *tell_the_end(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_CLEAR);
    pour(scene, 3);
    shutdown(scene->peer, SHUT_WR);
    if (look(scene) != 1 || !(scene->events[0].flags & EV_EOF) || scene->events[0].data != 3)
        return "the end is not told beside what waits";
    return look(scene) == 0 ? NULL : "the end is told twice";
}

static const char *forget_once_told(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_ONESHOT);
    pour(scene, 1);
    if (look(scene) != 1 || look(scene) != 0)
        return "by EV_ONESHOT it is told twice, or not";
    return apply(scene, EVFILT_READ, EV_DELETE) == -1 && errno == ENOENT ? NULL
                                                                         : "it is still there";
}

static const char *disable_once_told(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_DISPATCH);
    pour(scene, 1);
    if (look(scene) != 1 || look(scene) != 0)
        return "by EV_DISPATCH it is told twice, or not";
    pour(scene, 1);
    if (look(scene) != 0)
        return "a disabled one is told";
    apply(scene, EVFILT_READ, EV_ENABLE);
    return look(scene) == 1 && scene->events[0].data == 2 ? NULL : "an enabled one is not told";
}

static const char *disable(struct scene *scene)
{
    apply(scene, EVFILT_READ, EV_ADD | EV_DISABLE);
    pour(scene, 1);
    if (look(scene) != 0)
        return "a disabled one is told";
    apply(scene, EVFILT_READ, EV_ADD);
    return look(scene) == 1 ? NULL : "adding it again does not enable it";
}

static const char *tell_of_room(struct scene *scene)
{
    apply(scene, EVFILT_WRITE, EV_ADD | EV_ONESHOT);
    if (look(scene) != 1 || scene->events[0].data <= 0)
        return "room is not told";
    static const uint8_t bytes[65536];
    while (send(scene->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
    apply(scene, EVFILT_WRITE, EV_ADD | EV_ONESHOT);
    if (look(scene) != 0)
        return "room is told where there is none";
    close(scene->peer);
    scene->peer = -1;
    return look(scene) == 1 && scene->events[0].flags & EV_EOF ? NULL : "no reader is not told";
}

static const char *give_receipts(struct scene *scene)
{
    pour(scene, 1);
    struct kevent changes[] = {
        change((uintptr_t) scene->fd, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0),
        change((uintptr_t) scene->fd, EVFILT_WRITE, EV_DELETE | EV_RECEIPT, 0, 0),
        change(1 << 20, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0),
    };
    if (kevent(scene->kq, changes, 3, changes, 3, &at_once) != 3)
        return "not every change has a receipt";
    for (int i = 0; i < 3; i++)
        if (!(changes[i].flags & EV_ERROR))
            return "a receipt is an event";
    if (changes[0].data != 0 || changes[1].data != ENOENT || changes[2].data != EBADF)
        return "a receipt has another error";
    return look(scene) == 1 ? NULL : "receipts took an event away";
}

static const char *tell_errors(struct scene *scene)
{
    struct kevent wrong = change((uintptr_t) scene->fd, EVFILT_READ, EV_DELETE, 0, 0);
    if (kevent(scene->kq, &wrong, 1, NULL, 0, NULL) != -1 || errno != ENOENT)
        return "without room an error is not the call's";
    if (kevent(scene->kq, &wrong, 1, scene->events, EVENTS, NULL) != 1)
        return "an error is not an event";
    if (!(scene->events[0].flags & EV_ERROR) || scene->events[0].data != ENOENT)
        return "the event is not an error";
    int pipe_end = scene->kq;
    struct kevent unknown = change((uintptr_t) pipe_end, -9, EV_ADD, 0, 0);
    return kevent(scene->kq, &unknown, 1, NULL, 0, NULL) == -1 && errno == EINVAL
               ? NULL
               : "an unknown filter is taken";
}

static const char *apply_changes_first(struct scene *scene)
{
    pour(scene, 1);
    struct kevent add = change((uintptr_t) scene->fd, EVFILT_READ, EV_ADD, 0, 0);
    return kevent(scene->kq, &add, 1, scene->events, EVENTS, NULL) == 1 &&
                   scene->events[0].data == 1
               ? NULL
               : "a change and its event are not one call";
}

static const char *forget_what_is_closed(struct scene *scene)
{
    int other = dup(scene->fd); /* the file lives on */
    apply(scene, EVFILT_READ, EV_ADD);
    pour(scene, 1);
    close(scene->fd);
    scene->fd = other;
    return look(scene) == 0 ? NULL : "what was closed is told";
}

static const char *keep_a_low_water_mark(struct scene *scene)
{
    struct kevent add = change((uintptr_t) scene->fd, EVFILT_READ, EV_ADD, NOTE_LOWAT, 10);
    kevent(scene->kq, &add, 1, NULL, 0, NULL);
    pour(scene, 9);
    if (look(scene) != 0)
        return "it is told below the mark";
    pour(scene, 1);
    return look(scene) == 1 && scene->events[0].data == 10 ? NULL : "it is not told at the mark";
}

static const char *trigger(struct scene *scene)
{
    struct kevent add = change(5, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
    kevent(scene->kq, &add, 1, NULL, 0, NULL);
    if (look(scene) != 0)
        return "it is told before it was triggered";
    struct kevent set = change(5, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFOR | 3, 0);
    kevent(scene->kq, &set, 1, NULL, 0, NULL);
    kevent(scene->kq, &set, 1, NULL, 0, NULL);
    if (look(scene) != 1 || scene->events[0].fflags != 3 || scene->events[0].ident != 5)
        return "two triggers are not one event";
    return look(scene) == 0 ? NULL : "it is told twice";
}

static void *trigger_from_elsewhere(void *argument)
{
    const struct scene *scene = argument;
    struct kevent set = change(5, EVFILT_USER, 0, NOTE_TRIGGER, 0);
    kevent(scene->kq, &set, 1, NULL, 0, NULL);
    return NULL;
}

static const char *wake_who_waits(struct scene *scene)
{
    struct kevent add = change(5, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
    kevent(scene->kq, &add, 1, NULL, 0, NULL);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, trigger_from_elsewhere, scene) != 0)
            return "no thread";
        int count = kevent(scene->kq, NULL, 0, scene->events, EVENTS, NULL);
        pthread_join(thread, NULL);
        if (count != 1)
            return "a trigger is lost";
    }
    return NULL;
}

static const char *run_a_timer(struct scene *scene)
{
    struct kevent add = change(9, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_USECONDS, 300);
    if (kevent(scene->kq, &add, 1, scene->events, EVENTS, NULL) != 1)
        return "a timer is not told";
    if (scene->events[0].data != 1 || scene->events[0].ident != 9)
        return "a timer is told wrong";
    return look(scene) == 0 ? NULL : "a timer is told twice";
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static const char *keep_the_timeout(struct scene *scene)
{
    enum { SPAN = 3000000 };
    int64_t before = now();
    if (kevent(scene->kq, NULL, 0, scene->events, EVENTS, &(struct timespec) {0, SPAN}) != 0)
        return "an event from nowhere";
    if (now() - before < SPAN)
        return "it returns early";
    return kevent(scene->kq, NULL, 0, NULL, 0, NULL) == 0 ? NULL : "without room it waits";
}

static const char *know_files(struct scene *scene)
{
    int file = memfd_create("file", MFD_CLOEXEC);
    struct kevent add = change((uintptr_t) file, EVFILT_READ, EV_ADD, 0, 0);
    struct kevent write_to = change((uintptr_t) file, EVFILT_WRITE, EV_ADD, 0, 0);
    const char *problem = NULL;
    if (kevent(scene->kq, &write_to, 1, NULL, 0, NULL) != -1 || errno != EINVAL)
        problem = "a file has EVFILT_WRITE";
    else if (kevent(scene->kq, &add, 1, NULL, 0, NULL) != 0 || look(scene) != 0)
        problem = "the end of a file is told";
    else if (ftruncate(file, 12) != 0 || kevent(scene->kq, &add, 1, NULL, 0, NULL) != 0 ||
             look(scene) != 1 || scene->events[0].data != 12)
        problem = "the rest of a file is not told";
    close(file);
    return problem;
}

static const struct {
    const char *sentence;
    const char *(*check)(struct scene *scene);
} sentences[] = {
    {"a condition from before is told", find_what_was_there},
    {"EV_CLEAR tells of transitions", tell_transitions},
    {"without it the state is told", tell_state},
    {"what is retrieved is tested once more", test_what_is_retrieved},
    {"events are aggregated", aggregate},
    {"EV_EOF comes beside the bytes that wait", tell_the_end},
    {"EV_ONESHOT deletes", forget_once_told},
    {"EV_DISPATCH disables", disable_once_told},
    {"EV_DISABLE and EV_ADD", disable},
    {"EVFILT_WRITE tells of room, and of no reader", tell_of_room},
    {"EV_RECEIPT makes every change an event", give_receipts},
    {"errors are events where there is room", tell_errors},
    {"changes are applied before events are read", apply_changes_first},
    {"a closed descriptor is forgotten", forget_what_is_closed},
    {"NOTE_LOWAT is kept", keep_a_low_water_mark},
    {"EVFILT_USER is triggered", trigger},
    {"a trigger wakes another thread", wake_who_waits},
    {"EVFILT_TIMER runs", run_a_timer},
    {"timeouts are kept", keep_the_timeout},
    {"files end", know_files},
};

const char *kqueue_model_sentence(int32_t index)
{
    return index < (int32_t) (sizeof sentences / sizeof *sentences) ? sentences[index].sentence
                                                                    : NULL;
}

const char *kqueue_model_check(int32_t index)
{
    struct scene scene = {.kq = kqueue()};
    int pair[2];
    if (scene.kq < 0 || fcntl(scene.kq, F_GETFD) < 0)
        return "there is no queue";
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return "there are no sockets";
    scene.fd = pair[0];
    scene.peer = pair[1];
    const char *problem = sentences[index].check(&scene);
    close(scene.fd);
    if (scene.peer >= 0)
        close(scene.peer);
    close(scene.kq);
    return problem;
}
