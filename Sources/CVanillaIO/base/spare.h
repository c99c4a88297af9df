// SPDX-License-Identifier: MIT
/* spare.h - memory for what lives as long as an exchange: a piece that was given back is the next one
 * of its size to be taken, while it is in the cache. One thread. */
#ifndef VN_BASE_SPARE_H
#define VN_BASE_SPARE_H

#include <stdlib.h>

#include "base.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VN_SPARE_KEEPS_NONE /* it is to see what is used after it was given back */
#endif
#endif

enum {
    VN_SPARE_STEP = 16,
    VN_SPARE_BEYOND = 8, /* what malloc has room for beyond whole steps */
    VN_SPARE_SIZES = 80, /* larger pieces are left to the allocator */
#ifdef VN_SPARE_KEEPS_NONE
    VN_SPARE_MOST = 0,
#else
    VN_SPARE_MOST = 256 * 1024, /* bytes that are kept */
#endif
};

struct vn_spare {
    struct vn_spare *next;
};

/* Zeroed, it is empty. */
struct vn_spares {
    struct vn_spare *first[VN_SPARE_SIZES];
    size_t kept; /* bytes */
};

/* Pieces of so many steps are alike. */
static inline size_t vn_spare_steps(size_t size)
{
    return (size + VN_SPARE_STEP - 1 - VN_SPARE_BEYOND) / VN_SPARE_STEP;
}

static inline size_t vn_spare_size(size_t steps)
{
    return steps * VN_SPARE_STEP + VN_SPARE_BEYOND;
}

/* A piece of at least `size` bytes, aligned to 16; NULL when memory ran out. */
static inline void *vn_spares_take(struct vn_spares *spares, size_t size)
{
    size_t steps = vn_spare_steps(size);
    if (vn_unlikely(steps >= VN_SPARE_SIZES))
        return malloc(size);
    struct vn_spare *spare = spares->first[steps];
    if (spare == NULL)
        return malloc(vn_spare_size(steps));
    spares->first[steps] = spare->next;
    spares->kept -= vn_spare_size(steps);
    return spare;
}

/* With the size that it was taken for. */
static inline void vn_spares_give(struct vn_spares *spares, void *piece, size_t size)
{
    size_t steps = vn_spare_steps(size), kept = spares->kept + vn_spare_size(steps);
    if (vn_unlikely(steps >= VN_SPARE_SIZES || kept > VN_SPARE_MOST)) {
        free(piece);
        return;
    }
    struct vn_spare *spare = piece;
    spare->next = spares->first[steps];
    spares->first[steps] = spare;
    spares->kept = kept;
}

static inline void vn_spares_close(struct vn_spares *spares)
{
    for (size_t steps = 0; steps < VN_SPARE_SIZES; steps++)
        for (struct vn_spare *spare = spares->first[steps], *next; spare != NULL; spare = next) {
            next = spare->next;
            free(spare);
        }
    *spares = (struct vn_spares) {0};
}

#endif
