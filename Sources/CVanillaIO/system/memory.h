// SPDX-License-Identifier: MIT
/* memory.h - what the C library's allocator keeps for itself of memory that was freed. It is the
 * process's: whatever asked for it, in C or Swift. */
#ifndef VN_SYSTEM_MEMORY_H
#define VN_SYSTEM_MEMORY_H

#include "../base/base.h"

/* Have the allocator give large blocks back as they are freed. By itself it stops doing so once
 * some were freed, and keeps up to 64 MiB at the end of each of its heaps. Nothing where the
 * environment says how it is to be. Any thread. */
void vn_memory_tune(void);

/* Give what is free back to the system, unless that was done a moment ago, by any thread. It may
 * take a millisecond for each 100 MB that were in use. Returns whether it was done. */
bool vn_memory_trim(void);

#endif
