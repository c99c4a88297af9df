// SPDX-License-Identifier: MIT
#include "slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0 /* where memory is promised without being there, unasked */
#endif

enum {
    TRIM_MIN = 1 << 20, /* bytes that were in use at the peak; below it pages are kept */
    TRIM_SHARE = 8, /* trimmed when fewer than one in so many of the peak's slots are still taken */
};

static void *reserve(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

int32_t vn_slab_open(struct vn_slab *slab, uint32_t slot_size, uint32_t capacity)
{
    assert(slot_size > 0 && capacity > 0);
    *slab = (struct vn_slab) {.slot_size = slot_size, .capacity = capacity};
    slab->slots = reserve((size_t) slot_size * capacity);
    slab->generations = reserve(sizeof(uint32_t) * capacity);
    slab->free = reserve(sizeof(uint32_t) * capacity);
    if (slab->slots != NULL && slab->generations != NULL && slab->free != NULL)
        return 0;
    vn_slab_close(slab);
    return -ENOMEM;
}

void vn_slab_close(struct vn_slab *slab)
{
    if (slab->slots != NULL)
        munmap(slab->slots, (size_t) slab->slot_size * slab->capacity);
    if (slab->generations != NULL)
        munmap(slab->generations, sizeof(uint32_t) * slab->capacity);
    if (slab->free != NULL)
        munmap(slab->free, sizeof(uint32_t) * slab->capacity);
    *slab = (struct vn_slab) {0};
}

void *vn_slab_take(struct vn_slab *slab, uint32_t *index)
{
    if (slab->free_count > 0)
        *index = slab->free[--slab->free_count];
    else if (slab->fresh < slab->capacity)
        *index = slab->fresh++;
    else
        return NULL;

    slab->count++;
    if (slab->count > slab->peak)
        slab->peak = slab->count;
    slab->generations[*index]++;
    void *slot = vn_slab_slot(slab, *index);
    memset(slot, 0, slab->slot_size);
    return slot;
}

/* Give back each run of whole pages without a taken slot, and have the lowest slots taken next.
 * Generations stay: a name from before must never fit a later tenant. */
static void slab_trim(struct vn_slab *slab)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);
    size_t free_from = 0; /* bytes: where the run of free slots began */
    slab->free_count = 0;
    slab->peak = slab->count;
    for (uint32_t i = slab->fresh; i > 0; i--)
        if ((slab->generations[i - 1] & 1) == 0)
            slab->free[slab->free_count++] = i - 1;

    for (uint32_t i = 0; i <= slab->fresh; i++) {
        size_t at = (size_t) i * slab->slot_size;
        if (i < slab->fresh && (slab->generations[i] & 1) == 0)
            continue;
        size_t first = (free_from + page - 1) / page * page;
        size_t last = at / page * page;
        if (first < last)
            madvise(slab->slots + first, last - first, MADV_DONTNEED);
        free_from = at + slab->slot_size;
    }
}

void vn_slab_give(struct vn_slab *slab, uint32_t index)
{
    assert((slab->generations[index] & 1) == 1);
    slab->generations[index]++;
    slab->free[slab->free_count++] = index;
    slab->count--;
    if (slab->count < slab->peak / TRIM_SHARE && (size_t) slab->peak * slab->slot_size >= TRIM_MIN)
        slab_trim(slab);
}
