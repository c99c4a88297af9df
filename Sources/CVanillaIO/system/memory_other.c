// SPDX-License-Identifier: MIT
/* memory_other.c - allocators that are left to themselves. */
#include "memory.h"

#include <stdlib.h>

#if !defined(__GLIBC__)

void vn_memory_tune(void)
{
}

bool vn_memory_trim(void)
{
    return true;
}

#endif
