// SPDX-License-Identifier: MIT
#include "trim.h"

#include "../system/memory.h"

enum {
    TRIM_AFTER = 10000, /* milliseconds */
    /* Turns in that time of a loop that is busy, and how often one is waited for to be less so:
     * memory is back within a minute. */
    BUSY_TURNS = 20000,
    DELAYS_MAX = 3,
};

static void plan(struct vn_trim *trim)
{
    struct vn_loop *loop = trim->loop;
    trim->turn = loop->turn;
    vn_wheel_set(&loop->wheel, &trim->entry.timeout, loop->now + TRIM_AFTER);
}

static void trim_expire(struct vn_source *source)
{
    struct vn_trim *trim = vn_holder(source, struct vn_trim, entry.source);
    bool is_busy = trim->loop->turn - trim->turn > BUSY_TURNS;
    if ((is_busy && trim->delays++ < DELAYS_MAX) || !vn_memory_trim())
        plan(trim);
    else
        trim->is_planned = false;
}

static const struct vn_kind trim_kind = {.expire = trim_expire};

void vn_trim_begin(struct vn_trim *trim, struct vn_loop *loop)
{
    *trim = (struct vn_trim) {.entry.source.kind = &trim_kind, .loop = loop};
}

vn_cold void vn_trim_plan(struct vn_trim *trim)
{
    trim->is_planned = true;
    trim->delays = 0;
    if (trim->loop != NULL)
        plan(trim);
}
