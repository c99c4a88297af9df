// SPDX-License-Identifier: MIT
/* cpus_other.c - where a process cannot be told which processors to use. */
#include "cpus.h"

#if !defined(__linux__)

#include <errno.h>
#include <unistd.h>

uint32_t vn_cpus_allowed(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t) online : 1;
}

int32_t vn_cpus_pin(uint32_t index)
{
    (void) index;
    return -ENOSYS;
}

#endif
