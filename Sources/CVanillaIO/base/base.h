// SPDX-License-Identifier: MIT
/* base.h - words that every file may use. No I/O. */
#ifndef VN_BASE_BASE_H
#define VN_BASE_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define vn_likely(condition) __builtin_expect(!!(condition), 1)
#define vn_unlikely(condition) __builtin_expect(!!(condition), 0)

/* Part of its caller: the kernel leaves no prediction of where a function returns to, and so each
 * return after a system call waits for its address. */
#define vn_flat inline __attribute__((always_inline))

/* Out of line, and away from the usual path. */
#define vn_cold __attribute__((cold, noinline))

/* The struct that holds `member` at `pointer`. */
#define vn_holder(pointer, type, member)                                                           \
    ((type *) (void *) ((char *) (pointer) - offsetof(type, member)))

static inline size_t vn_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum { VN_CACHE_LINE = 64 }; /* bytes */

/* Have memory that is written to soon come while something else is done. */
static inline void vn_prefetch(const void *memory, size_t count)
{
    for (size_t at = 0; at < count; at += VN_CACHE_LINE)
        __builtin_prefetch((const char *) memory + at, 1);
    __builtin_prefetch((const char *) memory + count - 1, 1);
}

#endif
