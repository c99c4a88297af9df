// SPDX-License-Identifier: MIT
#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "file.h"

enum { RACES_MAX = 16 };

/* It came with Linux 5.6, and containers may forbid it. */
static atomic_bool has_no_openat2;

static int32_t open_at(int32_t folder, const char *path, bool refuses_links, uint64_t flags)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve =
            RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (refuses_links ? RESOLVE_NO_SYMLINKS : 0),
    };
    int64_t fd;
    do {
        fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    } while (fd < 0 && errno == EINTR);
    return fd >= 0 ? (int32_t) fd : -errno;
}

/* What the path names now, without opening it: that a FIFO or a device is there has no effect. */
static int32_t look(int32_t folder, const char *path, bool refuses_links, struct stat *status)
{
    int32_t fd = open_at(folder, path, refuses_links, O_PATH);
    if (fd < 0)
        return fd;
    int32_t error = fstat(fd, status) < 0 ? -errno : 0;
    close(fd);
    if (error == 0 && !S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
        return -EPERM;
    return error;
}

/* Returns -EAGAIN when it was replaced meanwhile. */
static int32_t look_and_open(int32_t folder, const char *path, bool refuses_links,
                             struct stat *status)
{
    struct stat seen;
    int32_t error = look(folder, path, refuses_links, &seen);
    if (error < 0)
        return error;
    int32_t fd = open_at(folder, path, refuses_links, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fd;
    error = fstat(fd, status) < 0 ? -errno : 0;
    if (error == 0 && (status->st_dev != seen.st_dev || status->st_ino != seen.st_ino))
        error = -EAGAIN;
    if (error == 0)
        vn_file_wait_for(fd);
    else
        close(fd);
    return error < 0 ? error : fd;
}

int32_t vn_file_open_beneath(int32_t folder, const char *path, bool refuses_links,
                             struct stat *status)
{
    int32_t result = -EAGAIN;
    bool is_missing = atomic_load_explicit(&has_no_openat2, memory_order_relaxed);
    for (int32_t i = 0; i < RACES_MAX && result == -EAGAIN && !is_missing; i++)
        result = look_and_open(folder, *path == '\0' ? "." : path, refuses_links, status);
    if (result == -ENOSYS)
        atomic_store_explicit(&has_no_openat2, true, memory_order_relaxed);
    /* -EPERM says also that a filter of system calls forbids it. */
    bool walks = is_missing || result == -ENOSYS || result == -EPERM;
    return walks ? vn_file_walk_beneath(folder, path, refuses_links, O_PATH, status) : result;
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

int64_t vn_file_read_cached(int32_t fd, uint8_t *bytes, size_t count, uint64_t at)
{
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    ssize_t result = preadv2(fd, &vector, 1, (off_t) at, RWF_NOWAIT);
    if (result > 0)
        return result;
    if (result == 0)
        return -EAGAIN; /* the end, or what Linux 5.9 says of bytes that are not there: preadv2(2) */
    /* A file system that cannot tell, and a system that has no such read. */
    bool cannot_tell = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EINTR;
    return cannot_tell ? -EAGAIN : -errno;
}

#endif
