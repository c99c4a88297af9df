// SPDX-License-Identifier: MIT
/* wakeup_other.c - the wakeup by a kqueue(2) with a single event of the user, which poll(2) and
 * another queue find readable. */
#include "wakeup.h"

#if !defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

static int32_t change(int32_t fd, uint16_t flags, uint32_t notes)
{
    struct kevent event;
    EV_SET(&event, 0, EVFILT_USER, flags, notes, 0, NULL);
    return kevent(fd, &event, 1, NULL, 0, NULL) == 0 ? 0 : -errno;
}

int32_t vn_wakeup_descriptor_open(void)
{
    int32_t fd = kqueue();
    if (fd < 0)
        return -errno;
    int32_t error = fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
    if (error == 0)
        error = change(fd, EV_ADD | EV_CLEAR, 0);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

void vn_wakeup_descriptor_set(int32_t fd)
{
    change(fd, 0, NOTE_TRIGGER);
}

bool vn_wakeup_descriptor_clear(int32_t fd)
{
    struct kevent event;
    return kevent(fd, NULL, 0, &event, 1, &(struct timespec) {0}) == 1;
}

#endif
