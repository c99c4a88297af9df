// SPDX-License-Identifier: MIT
/* freelist.h - memory for what lives as long as an exchange: the piece that was given back last is
 * the next one of its size to be taken, while it is still in the cache. One thread owns a list. */
#ifndef VN_BASE_FREELIST_H
#define VN_BASE_FREELIST_H

#include <stdlib.h>

#include "base.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VN_FREELIST_KEEPS_NONE /* it finds what is used after it was given back */
#endif
#endif

enum {
    VN_FREELIST_STEP = 16,
    VN_FREELIST_BEYOND = 8, /* what malloc has room for beyond whole steps */
    VN_FREELIST_SIZES = 224, /* larger pieces are left to the allocator */
#ifdef VN_FREELIST_KEEPS_NONE
    VN_FREELIST_MAX = 0,
#else
    VN_FREELIST_MAX = 256 * 1024, /* bytes that are kept */
#endif
};

struct vn_free_piece {
    struct vn_free_piece *next;
};

/* Zeroed, it is empty. */
struct vn_freelist {
    struct vn_free_piece *first[VN_FREELIST_SIZES];
    size_t kept; /* bytes */
};

/* Pieces of the same number of steps are alike. */
static inline size_t vn_freelist_steps(size_t size)
{
    return (size + VN_FREELIST_STEP - 1 - VN_FREELIST_BEYOND) / VN_FREELIST_STEP;
}

static inline size_t vn_freelist_size(size_t steps)
{
    return steps * VN_FREELIST_STEP + VN_FREELIST_BEYOND;
}

/* A piece of at least `size` bytes, aligned to 16; NULL when memory ran out. */
static inline void *vn_freelist_take(struct vn_freelist *list, size_t size)
{
    size_t steps = vn_freelist_steps(size);
    if (vn_unlikely(steps >= VN_FREELIST_SIZES))
        return malloc(size);
    struct vn_free_piece *piece = list->first[steps];
    if (piece == NULL)
        return malloc(vn_freelist_size(steps));
    list->first[steps] = piece->next;
    list->kept -= vn_freelist_size(steps);
    return piece;
}

/* Give back a piece, with the size that it was taken for. */
static inline void vn_freelist_give(struct vn_freelist *list, void *memory, size_t size)
{
    size_t steps = vn_freelist_steps(size), kept = list->kept + vn_freelist_size(steps);
    if (vn_unlikely(steps >= VN_FREELIST_SIZES || kept > VN_FREELIST_MAX)) {
        free(memory);
        return;
    }
    struct vn_free_piece *piece = memory;
    piece->next = list->first[steps];
    list->first[steps] = piece;
    list->kept = kept;
}

static inline void vn_freelist_close(struct vn_freelist *list)
{
    for (size_t steps = 0; steps < VN_FREELIST_SIZES; steps++)
        for (struct vn_free_piece *piece = list->first[steps], *next; piece != NULL; piece = next) {
            next = piece->next;
            free(piece);
        }
    *list = (struct vn_freelist) {0};
}

#endif
