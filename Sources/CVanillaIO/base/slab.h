// SPDX-License-Identifier: MIT
/* slab.h - fixed slots of one size, found by index, with a generation that tells one tenant from
 * the next.
 *
 * The address range is reserved once and memory is committed as slots are first used. When most
 * slots are free again, the pages that hold none that is taken go back to the system. One thread
 * owns a slab. */
#ifndef VN_BASE_SLAB_H
#define VN_BASE_SLAB_H

#include "base.h"

struct vn_slab {
    uint8_t *slots;
    uint32_t *generations; /* of each slot; odd while it is taken */
    uint32_t *free; /* stack of free indices below `fresh` */
    uint32_t slot_size;
    uint32_t capacity;
    uint32_t fresh; /* slots from here on were never taken */
    uint32_t free_count;
    uint32_t count; /* taken now */
    uint32_t peak; /* the most that were taken since pages last went back */
};

/* Returns 0 or -ENOMEM. */
int32_t vn_slab_open(struct vn_slab *slab, uint32_t slot_size, uint32_t capacity);
void vn_slab_close(struct vn_slab *slab);

/* A zeroed slot and its index, or NULL when all are taken. */
void *vn_slab_take(struct vn_slab *slab, uint32_t *index);
void vn_slab_give(struct vn_slab *slab, uint32_t index);

static inline void *vn_slab_slot(const struct vn_slab *slab, uint32_t index)
{
    return slab->slots + (size_t) index * slab->slot_size;
}

static inline bool vn_slab_is_taken(const struct vn_slab *slab, uint32_t index)
{
    return (slab->generations[index] & 1) != 0;
}

/* The slot if this very tenant is still in it, else NULL. */
static inline void *vn_slab_find(const struct vn_slab *slab, uint32_t index, uint32_t generation)
{
    if (index >= slab->fresh || slab->generations[index] != generation || (generation & 1) == 0)
        return NULL;
    return vn_slab_slot(slab, index);
}

#endif
