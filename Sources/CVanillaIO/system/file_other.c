// SPDX-License-Identifier: MIT
#if !defined(__linux__) && !defined(__APPLE__)

#include <errno.h>
#include <fcntl.h>

#include "file.h"

int32_t vn_file_open_beneath(int32_t folder, const char *path, bool refuses_links,
                             struct stat *status)
{
    return vn_file_walk_beneath(folder, path, refuses_links, O_RDONLY, status);
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t vn_file_modified(const struct stat *status)
{
    return nanoseconds(status->st_mtim);
}

int64_t vn_file_changed(const struct stat *status)
{
    return nanoseconds(status->st_ctim);
}

/* The system does not tell. */
int64_t vn_file_read_cached(int32_t fd, uint8_t *bytes, size_t count, uint64_t at)
{
    (void) fd, (void) bytes, (void) count, (void) at;
    return -EAGAIN;
}

#endif
