// SPDX-License-Identifier: MIT
/* watched.h - files that are looked at now and then, to learn whether they have changed. */
#ifndef VN_TLS_WATCHED_H
#define VN_TLS_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

/* A sum over what the system says of the files: another one stands for other files. */
struct vn_tls_watched {
    uint64_t used; /* when they were loaded last, or were found not to be usable */
    uint64_t seen; /* at the last look */
};

/* What is seen at the begin. */
void vn_tls_watched_begin(struct vn_tls_watched *watched, uint64_t sum);

/* A look. Whether they have changed since they were used, and have not since the last look: who
 * writes them has had time to be through with both. They count as used then. */
bool vn_tls_watched_look(struct vn_tls_watched *watched, uint64_t sum);

/* Add a file, which need not exist. Begins with 0. */
uint64_t vn_tls_watched_add(uint64_t sum, const char *path);

#endif
