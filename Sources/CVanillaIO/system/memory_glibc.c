// SPDX-License-Identifier: MIT
/* memory_glibc.c - the allocator of the GNU C library. */
#include "memory.h"

#include <stdlib.h>

#if defined(__GLIBC__)

#include <malloc.h>
#include <string.h>

#include "clock.h"

enum {
    LARGE = 128 * 1024, /* bytes of a block that is a mapping of its own */
    KEPT = 512 * 1024, /* bytes that may be free at the end of a heap */
    PAUSE = 5, /* seconds between two times that it is trimmed */
    SHARE = 200, /* of the time at most goes into that */
};

/* Whether the user has chosen. */
static bool is_chosen(void)
{
    const char *tunables = getenv("GLIBC_TUNABLES");
    return getenv("MALLOC_MMAP_THRESHOLD_") != NULL || getenv("MALLOC_TRIM_THRESHOLD_") != NULL ||
           getenv("MALLOC_TOP_PAD_") != NULL ||
           (tunables != NULL && strstr(tunables, "glibc.malloc") != NULL);
}

void vn_memory_tune(void)
{
    if (is_chosen())
        return;
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}

bool vn_memory_trim(void)
{
    static uint64_t next; /* nanoseconds */
    uint64_t now = vn_clock_nanoseconds(), due = __atomic_load_n(&next, __ATOMIC_RELAXED);
    uint64_t after = now + PAUSE * UINT64_C(1000000000);
    if (now < due ||
        !__atomic_compare_exchange_n(&next, &due, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return false;
    malloc_trim(0);
    uint64_t took = vn_clock_nanoseconds() - now;
    if (took * SHARE > PAUSE * UINT64_C(1000000000))
        __atomic_store_n(&next, now + took * SHARE, __ATOMIC_RELAXED);
    return true;
}

#endif
