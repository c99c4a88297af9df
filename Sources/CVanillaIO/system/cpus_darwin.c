// SPDX-License-Identifier: MIT
/* cpus_darwin.c - processors of macOS, which tells no process which of them to use. */
#include "cpus.h"

#if defined(__APPLE__)

#include <errno.h>
#include <sys/sysctl.h>

uint32_t vn_cpus_allowed(void)
{
    int32_t count = 0;
    size_t size = sizeof count;
    return sysctlbyname("hw.activecpu", &count, &size, NULL, 0) == 0 && count > 0 ? (uint32_t) count
                                                                                  : 1;
}

int32_t vn_cpus_pin(uint32_t index)
{
    (void) index;
    return -ENOSYS;
}

#endif
