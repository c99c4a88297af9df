// SPDX-License-Identifier: MIT
/* trim.h - memory goes back to the system once a load is over. */
#ifndef VN_LOOP_TRIM_H
#define VN_LOOP_TRIM_H

#include "loop.h"

struct vn_trim {
    struct vn_entry entry; /* no source of the ring: it has a deadline and nothing else */
    struct vn_loop *loop; /* NULL: memory is kept */
    uint64_t turn; /* at which it was planned */
    uint8_t delays; /* since the loop was busy */
    bool is_planned;
};

/* A loop was opened, and nothing is to be given back yet. `loop` is NULL where nothing will be. */
void vn_trim_begin(struct vn_trim *trim, struct vn_loop *loop);

/* Out of line part of vn_trim_later. */
void vn_trim_plan(struct vn_trim *trim);

/* Memory was freed, or will be before long: some seconds from now, or when the loop is less busy,
 * what is free then goes back. */
static inline void vn_trim_later(struct vn_trim *trim)
{
    if (vn_unlikely(!trim->is_planned))
        vn_trim_plan(trim);
}

#endif
