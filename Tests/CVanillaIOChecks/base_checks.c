// SPDX-License-Identifier: MIT
#include "base_checks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/list.h"
#include "base/slab.h"

enum { SLOT = 256 };

const char *vn_check_slab_has_its_capacity(void)
{
    enum { CAPACITY = 1000 };
    struct vn_slab slab;
    uint32_t index;
    bool is_taken[CAPACITY] = {false};
    if (vn_slab_open(&slab, SLOT, CAPACITY) != 0)
        return "no slab";
    for (int32_t i = 0; i < CAPACITY; i++) {
        if (vn_slab_take(&slab, &index) == NULL)
            return "it is full too early";
        if (index >= CAPACITY || is_taken[index])
            return "a slot is taken twice";
        is_taken[index] = true;
    }
    if (vn_slab_take(&slab, &index) != NULL)
        return "there is more than its capacity";
    vn_slab_give(&slab, 17);
    if (vn_slab_take(&slab, &index) == NULL || index != 17)
        return "a slot given back is not free";
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_slab_gives_zeroed_slots(void)
{
    struct vn_slab slab;
    uint32_t index;
    vn_slab_open(&slab, SLOT, 4);
    for (int32_t i = 0; i < 10; i++) {
        uint8_t *slot = vn_slab_take(&slab, &index);
        for (int32_t j = 0; j < SLOT; j++)
            if (slot[j] != 0)
                return "a slot is not zeroed";
        memset(slot, 0xff, SLOT);
        vn_slab_give(&slab, index);
    }
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_slab_finds_tenants(void)
{
    struct vn_slab slab;
    uint32_t index;
    vn_slab_open(&slab, SLOT, 4);
    if (vn_slab_find(&slab, 0, 0) != NULL || vn_slab_find(&slab, 0, 1) != NULL)
        return "a slot is found before it is taken";
    void *slot = vn_slab_take(&slab, &index);
    uint32_t generation = slab.generations[index];
    if (vn_slab_find(&slab, index, generation) != slot)
        return "the tenant is not found";
    vn_slab_give(&slab, index);
    if (vn_slab_find(&slab, index, generation) != NULL)
        return "a tenant is found who is gone";
    if (vn_slab_find(&slab, index, slab.generations[index]) != NULL)
        return "a free slot is found";
    vn_slab_take(&slab, &index);
    if (vn_slab_find(&slab, index, generation) != NULL)
        return "the next tenant answers to the name of the last";
    if (vn_slab_find(&slab, 4, generation) != NULL || vn_slab_find(&slab, UINT32_MAX, 1) != NULL)
        return "a slot is found beyond the end";
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_slab_empties(void)
{
    enum { COUNT = 20000 };
    struct vn_slab slab;
    uint32_t index;
    vn_slab_open(&slab, SLOT, 2 * COUNT);
    for (int32_t round = 0; round < 2; round++) {
        for (int32_t i = 0; i < COUNT; i++)
            memset(vn_slab_take(&slab, &index), 1, SLOT);
        for (uint32_t i = 0; i < COUNT; i++)
            vn_slab_give(&slab, i);
        uint8_t resident[COUNT];
        size_t page = (size_t) sysconf(_SC_PAGESIZE);
        size_t pages = COUNT * SLOT / page;
        size_t kept = 0;
        if (mincore(slab.slots, pages * page, resident) == 0)
            for (size_t i = 0; i < pages; i++)
                kept += resident[i] & 1;
        if (kept > pages / 4)
            return "an emptied slab keeps its memory";
        if (vn_slab_find(&slab, 5, (uint32_t) round * 2 + 1) != NULL)
            return "a name from before fits";
    }
    if (vn_slab_take(&slab, &index) == NULL || slab.generations[index] != 5)
        return "generations begin anew";
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_slab_at_random(void)
{
    enum { CAPACITY = 50, STEPS = 20000 };
    struct vn_slab slab;
    uint32_t held[CAPACITY];
    uint32_t names[CAPACITY];
    uint32_t count = 0;
    uint32_t random = 1;
    vn_slab_open(&slab, SLOT, CAPACITY);
    for (int32_t i = 0; i < STEPS; i++) {
        random = random * 1664525 + 1013904223;
        bool takes = (random >> 16) % 2 == 0;
        uint32_t index;
        if (takes && vn_slab_take(&slab, &index) != NULL) {
            held[count] = index;
            names[count++] = slab.generations[index];
        } else if (!takes && count > 0) {
            uint32_t victim = (random >> 17) % count;
            vn_slab_give(&slab, held[victim]);
            held[victim] = held[--count];
            names[victim] = names[count];
        }
        if (slab.count != count)
            return "the count is wrong";
        for (uint32_t j = 0; j < count; j++)
            if (vn_slab_find(&slab, held[j], names[j]) == NULL)
                return "a tenant is lost";
    }
    vn_slab_close(&slab);
    return NULL;
}

const char *vn_check_list(void)
{
    struct vn_link list;
    struct vn_link links[3];
    vn_list_init(&list);
    if (!vn_list_is_empty(&list))
        return "a new list is not empty";
    for (int32_t i = 0; i < 3; i++)
        vn_list_append(&list, &links[i]);
    if (list.next != &links[0] || links[0].next != &links[1] || list.previous != &links[2])
        return "the order is wrong";
    vn_list_remove(&links[1]);
    vn_list_remove(&links[1]);
    if (links[0].next != &links[2] || links[2].previous != &links[0])
        return "the neighbours of a removed link do not know each other";
    vn_list_remove(&links[0]);
    vn_list_remove(&links[2]);
    return vn_list_is_empty(&list) ? NULL : "an emptied list is not empty";
}
