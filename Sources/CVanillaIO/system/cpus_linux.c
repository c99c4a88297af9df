// SPDX-License-Identifier: MIT
/* cpus_linux.c - affinity masks and control groups. */
#include "cpus.h"

#if defined(__linux__)

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* CPUs that a quota allows, rounded up; UINT32_MAX for none. */
static uint32_t quota_of(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return UINT32_MAX;
    long long cpus = (quota + period - 1) / period;
    return cpus < UINT32_MAX ? (uint32_t) cpus : UINT32_MAX;
}

/* A group's own limit, by cgroup v2 or v1. */
static uint32_t quota_in(const char *folder)
{
    char path[PATH_SIZE];
    long long quota = -1, period = -1;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2) /* "max 100000" */
            quota = -1;
        fclose(file);
        return quota_of(quota, period);
    }
    const char *const names[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us"};
    long long *const values[] = {&quota, &period};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if ((file = fopen(path, "re")) == NULL)
            return UINT32_MAX;
        if (fscanf(file, "%lld", values[i]) != 1)
            *values[i] = -1;
        fclose(file);
    }
    return quota_of(quota, period);
}

/* The least quota of a group and all above it, up to the folder `root`. */
static uint32_t quota_up(const char *root, const char *group)
{
    char folder[PATH_SIZE];
    int count = snprintf(folder, sizeof folder, "%s%s", root, group);
    if (count < 0 || (size_t) count >= sizeof folder)
        return UINT32_MAX;
    uint32_t least = UINT32_MAX;
    for (size_t length = (size_t) count; length >= strlen(root);) {
        uint32_t quota = quota_in(folder);
        least = quota < least ? quota : least;
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
        length = strlen(folder);
    }
    return least;
}

/* Lines of /proc/self/cgroup: "0::/group" (v2), "4:cpu,cpuacct:/group" (v1). */
static uint32_t quota_of_process(void)
{
    char line[PATH_SIZE];
    uint32_t least = UINT32_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL)
        return least;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *group++ = '\0';
        controllers++;
        uint32_t quota = UINT32_MAX;
        if (*controllers == '\0')
            quota = quota_up("/sys/fs/cgroup", group);
        else if (strstr(controllers, "cpu") != NULL && strstr(controllers, "cpuset") == NULL)
            quota = quota_up("/sys/fs/cgroup/cpu", group);
        least = quota < least ? quota : least;
    }
    fclose(file);
    return least;
}

uint32_t vn_cpus_allowed(void)
{
    cpu_set_t set;
    uint32_t count = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = (uint32_t) CPU_COUNT(&set);
    else {
        long online = sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than a cpu_set_t holds */
        count = online > 0 ? (uint32_t) online : 1;
    }
    uint32_t quota = quota_of_process();
    count = quota < count ? quota : count;
    return count == 0 ? 1 : count;
}

int32_t vn_cpus_pin(uint32_t index)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) < 0)
        return -errno;
    index %= (uint32_t) CPU_COUNT(&allowed);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed) || index-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return -pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

#endif
