// SPDX-License-Identifier: MIT
/* wheel.h - deadlines in a hierarchical timer wheel: O(1) to set, nothing to scan, no wake-up
 * while none is near.
 *
 * Moving a deadline later, which every request does, only stores a number: the entry stays where it
 * is and is put in its right place when the wheel reaches it. Times are milliseconds of one
 * monotonic clock, or another unit that is the same for all timeouts of a wheel. */
#ifndef VN_LOOP_WHEEL_H
#define VN_LOOP_WHEEL_H

#include "../base/base.h"
#include "../base/list.h"

enum {
    VN_WHEEL_TICK = 8, /* units of time: how late a deadline may be seen */
    VN_WHEEL_LEVELS = 4,
    VN_WHEEL_BITS = 6,
    VN_WHEEL_SLOTS = 1 << VN_WHEEL_BITS,
};

/* The moment that is `span` after another; without a span never, which is 0. */
static inline uint64_t vn_after(uint64_t since, uint32_t span)
{
    return span == 0 ? 0 : since + span;
}

/* The sooner of two moments, of which 0 is never. */
static inline uint64_t vn_sooner(uint64_t a, uint64_t b)
{
    return b == 0 || (a != 0 && a < b) ? a : b;
}

/* One deadline. Zeroed, it is not set. */
struct vn_timeout {
    struct vn_link link;
    uint64_t due; /* tick; 0: none */
    uint64_t visited; /* tick at which the wheel comes to it; 0: it is in no slot */
};

struct vn_wheel {
    uint64_t now; /* tick */
    /* The tick at which a slot is visited next, and that slot, numbered through all levels: while
     * it is ahead, and timeouts are in the slot. Else it has to be found, and no slot that holds a
     * timeout is visited sooner as long as it is ahead. */
    uint64_t next;
    uint32_t next_slot;
    uint64_t occupied[VN_WHEEL_LEVELS]; /* a bit a slot; may be set for one that has become empty */
    struct vn_link slots[VN_WHEEL_LEVELS][VN_WHEEL_SLOTS];
};

void vn_wheel_init(struct vn_wheel *wheel, uint64_t now);

/* False as well where only timeouts were in it that are gone. */
static inline bool vn_wheel_is_empty(const struct vn_wheel *wheel)
{
    uint64_t occupied = 0;
    for (int level = 0; level < VN_WHEEL_LEVELS; level++)
        occupied |= wheel->occupied[level];
    return occupied == 0;
}

/* An empty wheel that nobody has turned meanwhile goes on from here. */
static inline void vn_wheel_catch_up(struct vn_wheel *wheel, uint64_t now)
{
    if (vn_wheel_is_empty(wheel) && now / VN_WHEEL_TICK > wheel->now)
        wheel->now = now / VN_WHEEL_TICK;
}

/* Out of line part of vn_wheel_set. */
void vn_wheel_place(struct vn_wheel *wheel, struct vn_timeout *timeout);

/* Set, move or (with `due` 0) clear a deadline. */
static inline void vn_wheel_set(struct vn_wheel *wheel, struct vn_timeout *timeout, uint64_t due)
{
    timeout->due = (due + VN_WHEEL_TICK - 1) / VN_WHEEL_TICK;
    if (timeout->due != 0 && (timeout->visited == 0 || timeout->due < timeout->visited))
        vn_wheel_place(wheel, timeout);
}

/* Take it out of the wheel, before its memory goes. */
void vn_wheel_remove(struct vn_timeout *timeout);

/* Out of line part of vn_wheel_next. */
uint64_t vn_wheel_find_next(struct vn_wheel *wheel);

/* The time at which vn_wheel_advance next has something to look at; UINT64_MAX when the wheel is
 * empty. */
static inline uint64_t vn_wheel_next(struct vn_wheel *wheel)
{
    const struct vn_link *slot =
        &wheel->slots[wheel->next_slot / VN_WHEEL_SLOTS][wheel->next_slot % VN_WHEEL_SLOTS];
    if (vn_likely(wheel->next > wheel->now && !vn_list_is_empty(slot)))
        return wheel->next * VN_WHEEL_TICK;
    return vn_wheel_find_next(wheel);
}

/* Let time pass and append to `due` the link of every timeout that is reached; each is cleared. */
void vn_wheel_advance(struct vn_wheel *wheel, uint64_t now, struct vn_link *due);

#endif
