// SPDX-License-Identifier: MIT
#include "watched.h"

#include <stddef.h>
#include <sys/stat.h>

static uint64_t mix(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 29;
}

uint64_t vn_tls_watched_add(uint64_t sum, const char *path)
{
    struct stat found;
    if (path == NULL)
        return sum;
    if (stat(path, &found) != 0)
        return mix(sum, 1);
    sum = mix(sum, (uint64_t) found.st_dev);
    sum = mix(sum, (uint64_t) found.st_ino);
    sum = mix(sum, (uint64_t) found.st_size);
    sum = mix(sum, (uint64_t) found.st_mtim.tv_sec);
    return mix(sum, (uint64_t) found.st_mtim.tv_nsec);
}

void vn_tls_watched_begin(struct vn_tls_watched *watched, uint64_t sum)
{
    *watched = (struct vn_tls_watched) {.used = sum, .seen = sum};
}

bool vn_tls_watched_look(struct vn_tls_watched *watched, uint64_t sum)
{
    bool is_settled = sum == watched->seen && sum != watched->used;
    watched->seen = sum;
    if (is_settled)
        watched->used = sum;
    return is_settled;
}
