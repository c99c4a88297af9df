// SPDX-License-Identifier: MIT
#include "wheel.h"

void vn_wheel_init(struct vn_wheel *wheel, uint64_t now)
{
    wheel->now = now / VN_WHEEL_TICK;
    wheel->next = 0;
    wheel->next_slot = 0;
    for (int level = 0; level < VN_WHEEL_LEVELS; level++) {
        wheel->occupied[level] = 0;
        for (int slot = 0; slot < VN_WHEEL_SLOTS; slot++)
            vn_list_init(&wheel->slots[level][slot]);
    }
}

void vn_wheel_remove(struct vn_timeout *timeout)
{
    if (timeout->visited != 0)
        vn_list_remove(&timeout->link);
    timeout->visited = 0;
    timeout->due = 0;
}

/* A slot has to be visited at a tick. What was found to be next stays so, unless this comes
 * sooner. */
static void note_next(struct vn_wheel *wheel, uint64_t tick, int level, unsigned slot)
{
    wheel->next = tick;
    wheel->next_slot = (uint32_t) level * VN_WHEEL_SLOTS + slot;
}

/* The lowest level at which `due` is less than a turn away: there its slot is still ahead, so it
 * will be visited. What is further away than the highest level reaches waits in that level's last
 * slot and is placed again from there. */
void vn_wheel_place(struct vn_wheel *wheel, struct vn_timeout *timeout)
{
    if (timeout->visited != 0)
        vn_list_remove(&timeout->link);

    uint64_t due = timeout->due > wheel->now ? timeout->due : wheel->now + 1;
    int level = 0;
    while (level < VN_WHEEL_LEVELS - 1 &&
           (due >> (level * VN_WHEEL_BITS)) - (wheel->now >> (level * VN_WHEEL_BITS)) >=
               VN_WHEEL_SLOTS)
        level++;

    int shift = level * VN_WHEEL_BITS;
    uint64_t index = due >> shift;
    uint64_t last = (wheel->now >> shift) + VN_WHEEL_SLOTS - 1;
    if (index > last)
        index = last;

    unsigned slot = (unsigned) index % VN_WHEEL_SLOTS;
    timeout->visited = index << shift;
    wheel->occupied[level] |= UINT64_C(1) << slot;
    vn_list_append(&wheel->slots[level][slot], &timeout->link);
    if (timeout->visited < wheel->next)
        note_next(wheel, timeout->visited, level, slot);
}

static uint64_t rotate_right(uint64_t bits, unsigned count)
{
    return count == 0 ? bits : bits >> count | bits << (64 - count);
}

/* The first tick after now at which a slot of this level has to be visited. */
static uint64_t next_of_level(struct vn_wheel *wheel, int level)
{
    uint64_t next = (wheel->now >> (level * VN_WHEEL_BITS)) + 1;
    for (;;) {
        uint64_t ahead = rotate_right(wheel->occupied[level], (unsigned) next % VN_WHEEL_SLOTS);
        if (ahead == 0)
            return UINT64_MAX;
        uint64_t index = next + (uint64_t) __builtin_ctzll(ahead);
        unsigned slot = (unsigned) index % VN_WHEEL_SLOTS;
        if (!vn_list_is_empty(&wheel->slots[level][slot]))
            return index << (level * VN_WHEEL_BITS);
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    }
}

uint64_t vn_wheel_find_next(struct vn_wheel *wheel)
{
    uint64_t next = UINT64_MAX;
    for (int level = 0; level < VN_WHEEL_LEVELS; level++) {
        uint64_t tick = next_of_level(wheel, level);
        if (tick >= next)
            continue;
        next = tick;
        note_next(wheel, tick, level,
                  (unsigned) (tick >> (level * VN_WHEEL_BITS)) % VN_WHEEL_SLOTS);
    }
    return next == UINT64_MAX ? UINT64_MAX : next * VN_WHEEL_TICK;
}

static void visit(struct vn_wheel *wheel, int level, unsigned slot, struct vn_link *due)
{
    /* Emptied first: what is not due yet may be placed in this very slot, for its next turn. */
    struct vn_link list = wheel->slots[level][slot];
    if (list.next == &wheel->slots[level][slot])
        return;
    list.next->previous = &list;
    list.previous->next = &list;
    vn_list_init(&wheel->slots[level][slot]);
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);

    while (!vn_list_is_empty(&list)) {
        struct vn_timeout *timeout = vn_holder(list.next, struct vn_timeout, link);
        vn_list_remove(&timeout->link);
        timeout->visited = 0;
        if (timeout->due > wheel->now)
            vn_wheel_place(wheel, timeout);
        else if (timeout->due != 0) {
            timeout->due = 0;
            vn_list_append(due, &timeout->link);
        }
    }
}

void vn_wheel_advance(struct vn_wheel *wheel, uint64_t now, struct vn_link *due)
{
    uint64_t before = wheel->now;
    uint64_t after = now / VN_WHEEL_TICK;
    if (after <= before)
        return;
    wheel->now = after;

    for (int level = VN_WHEEL_LEVELS - 1; level >= 0; level--) {
        int shift = level * VN_WHEEL_BITS;
        uint64_t first = (before >> shift) + 1;
        uint64_t last = after >> shift;
        if (last >= first + VN_WHEEL_SLOTS)
            first = last - VN_WHEEL_SLOTS + 1;
        for (uint64_t index = first; index <= last; index++) {
            unsigned slot = (unsigned) index % VN_WHEEL_SLOTS;
            if (wheel->occupied[level] & UINT64_C(1) << slot)
                visit(wheel, level, slot, due);
        }
    }
}
