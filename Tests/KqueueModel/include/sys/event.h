// SPDX-License-Identifier: MIT
/* sys/event.h - kqueue(2) for tests on Linux, with the names and numbers of FreeBSD. kqueue_model.c
 * says what it is and what it is not. */
#ifndef KQUEUE_MODEL_SYS_EVENT_H
#define KQUEUE_MODEL_SYS_EVENT_H

#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_TIMER (-7)
#define EVFILT_USER (-11)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_LOWAT 0x00000001
#define NOTE_SECONDS 0x00000001
#define NOTE_MSECONDS 0x00000002
#define NOTE_USECONDS 0x00000004
#define NOTE_NSECONDS 0x00000008
#define NOTE_FFNOP 0x00000000
#define NOTE_FFAND 0x40000000
#define NOTE_FFOR 0x80000000
#define NOTE_FFCOPY 0xc0000000
#define NOTE_FFCTRLMASK 0xc0000000
#define NOTE_FFLAGSMASK 0x00ffffff
#define NOTE_TRIGGER 0x01000000

struct kevent {
    uintptr_t ident;
    int16_t filter;
    uint16_t flags;
    uint32_t fflags;
    int64_t data;
    void *udata;
    uint64_t ext[4];
};

#define EV_SET(event, of, by, doing, noting, counting, carrying)                                   \
    (*(event) = (struct kevent) {                                                                  \
         .ident = (of),                                                                            \
         .filter = (by),                                                                           \
         .flags = (uint16_t) (doing),                                                              \
         .fflags = (noting),                                                                       \
         .data = (counting),                                                                       \
         .udata = (carrying),                                                                      \
     })

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

/* As close(2), which has a queue forget the descriptor. */
int kqueue_model_close(int fd);
#ifndef KQUEUE_MODEL_ITSELF
#define close(fd) kqueue_model_close(fd)
#endif

#endif
