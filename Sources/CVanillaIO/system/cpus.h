// SPDX-License-Identifier: MIT
/* cpus.h - the processors that this process may use: never the machine's number. */
#ifndef VN_SYSTEM_CPUS_H
#define VN_SYSTEM_CPUS_H

#include "../base/base.h"

/* How many CPUs the affinity mask of the calling thread and the cgroup's quota (cgroup v2 cpu.max,
 * v1 cfs_quota_us; rounded up) allow; at least 1. */
uint32_t vn_cpus_allowed(void);

/* Confine the calling thread to the CPU that is number `index`, modulo their number, in its
 * affinity mask. Returns 0 or -errno. */
int32_t vn_cpus_pin(uint32_t index);

#endif
