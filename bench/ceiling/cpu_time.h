// SPDX-License-Identifier: MIT
/* cpu_time.h - what a server's work has cost so far, for the load that measures it. Linux. */
#ifndef CPU_TIME_H
#define CPU_TIME_H
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* CPU time of all threads of a process, in nanoseconds; 0 of none. Ends the program where there is
 * no such process. */
static uint64_t cpu_time(int pid)
{
    char path[300];
    uint64_t total = 0;
    if (pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        perror(path);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        unsigned long long time;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file != NULL && fscanf(file, "%llu", &time) == 1)
            total += time;
        if (file != NULL)
            fclose(file);
    }
    closedir(folder);
    return total;
}
#endif
