// SPDX-License-Identifier: MIT
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int32_t vn_file_open_folder(const char *path)
{
    int32_t fd;
    do {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd >= 0 ? fd : -errno;
}

void vn_file_wait_for(int32_t fd)
{
    int32_t flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int64_t vn_file_read(int32_t fd, uint8_t *bytes, size_t count, uint64_t at)
{
    ssize_t result;
    do {
        result = pread(fd, bytes, count, (off_t) at);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}
