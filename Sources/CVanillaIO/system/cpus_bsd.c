// SPDX-License-Identifier: MIT
/* cpus_bsd.c - processors of FreeBSD: its sets, of which a jail has one as well. */
#include "cpus.h"

#if defined(__FreeBSD__)

#include <sys/param.h>

#include <errno.h>
#include <pthread.h>
#include <pthread_np.h>
#include <sys/cpuset.h>
#include <sys/sysctl.h>

static bool read_allowed(cpuset_t *set)
{
    return cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1, sizeof *set, set) == 0;
}

uint32_t vn_cpus_allowed(void)
{
    cpuset_t set;
    int32_t count = 0;
    size_t size = sizeof count;
    if (read_allowed(&set))
        count = (int32_t) CPU_COUNT(&set);
    else if (sysctlbyname("hw.ncpu", &count, &size, NULL, 0) < 0) /* more than a set holds */
        count = 1;
    return count > 0 ? (uint32_t) count : 1;
}

int32_t vn_cpus_pin(uint32_t index)
{
    cpuset_t allowed, one;
    if (!read_allowed(&allowed) || CPU_COUNT(&allowed) == 0)
        return -errno;
    index %= (uint32_t) CPU_COUNT(&allowed);
    uint32_t cpu = 0;
    while (!CPU_ISSET(cpu, &allowed) || index-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return -pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

#endif
