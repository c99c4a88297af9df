// SPDX-License-Identifier: MIT
/* wakeup_linux.c - the wakeup by eventfd(2). */
#include "wakeup.h"

#if defined(__linux__)

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int32_t vn_wakeup_descriptor_open(void)
{
    int32_t fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

void vn_wakeup_descriptor_set(int32_t fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void) written; /* it fails only while the descriptor is readable already */
}

bool vn_wakeup_descriptor_clear(int32_t fd)
{
    uint64_t count;
    return read(fd, &count, sizeof count) == (ssize_t) sizeof count;
}

#endif
