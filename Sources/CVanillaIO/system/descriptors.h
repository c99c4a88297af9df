// SPDX-License-Identifier: MIT
/* descriptors.h - how many descriptors this process may have. */
#ifndef VN_SYSTEM_DESCRIPTORS_H
#define VN_SYSTEM_DESCRIPTORS_H

#include "../base/base.h"

/* The soft limit (getrlimit(2)); 0 when it cannot be told. */
uint64_t vn_descriptor_limit(void);

/* A descriptor of the same open file that is closed on exec. Returns it or -errno. */
int32_t vn_descriptor_duplicate(int32_t fd);

#endif
