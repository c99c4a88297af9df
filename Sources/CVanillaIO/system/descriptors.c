// SPDX-License-Identifier: MIT
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT_MAX = 1 << 20 };

uint64_t vn_descriptor_limit(void)
{
    struct rlimit limit = {0};
    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : (uint64_t) limit.rlim_cur;
}

void vn_descriptor_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    rlim_t raised = limit.rlim_max < LIMIT_MAX ? limit.rlim_max : LIMIT_MAX;
    if (limit.rlim_cur >= raised)
        return;
    limit.rlim_cur = raised;
    setrlimit(RLIMIT_NOFILE, &limit); /* refused: it stays as it is */
}

void vn_descriptor_open_standard(void)
{
    int32_t fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int32_t vn_descriptor_duplicate(int32_t fd)
{
    int32_t duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return duplicate >= 0 ? duplicate : -errno;
}
