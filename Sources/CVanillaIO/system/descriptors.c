// SPDX-License-Identifier: MIT
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

uint64_t vn_descriptor_limit(void)
{
    struct rlimit limit = {0};
    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

int32_t vn_descriptor_duplicate(int32_t fd)
{
    int32_t duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return duplicate >= 0 ? duplicate : -errno;
}
