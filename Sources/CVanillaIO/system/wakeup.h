// SPDX-License-Identifier: MIT
/* wakeup.h - a descriptor by which one thread, or a signal handler, wakes another: readable once it
 * was asked. */
#ifndef VN_SYSTEM_WAKEUP_H
#define VN_SYSTEM_WAKEUP_H

#include <stdatomic.h>

#include "../base/base.h"

/* A counter to poll(2) for. Returns the descriptor or -errno. */
int32_t vn_wakeup_descriptor_open(void);

/* Make it readable. Safe in a signal handler. */
void vn_wakeup_descriptor_set(int32_t fd);

/* Make it unreadable. Returns whether it was readable. */
bool vn_wakeup_descriptor_clear(int32_t fd);

/* Wakes a ring's thread. Writing to the descriptor costs a system call, so only the first of many
 * wakes does. */
struct vn_wakeup {
    int32_t fd;
    atomic_bool is_asked;
};

/* Returns 0 or -errno. */
static inline int32_t vn_wakeup_open(struct vn_wakeup *wakeup)
{
    atomic_init(&wakeup->is_asked, false);
    wakeup->fd = vn_wakeup_descriptor_open();
    return wakeup->fd >= 0 ? 0 : wakeup->fd;
}

/* Any thread. The counter need not be read: every write makes a new edge, and 2^64 of them do not
 * come. */
static inline void vn_wakeup_ask(struct vn_wakeup *wakeup)
{
    if (!atomic_exchange_explicit(&wakeup->is_asked, true, memory_order_acq_rel))
        vn_wakeup_descriptor_set(wakeup->fd);
}

/* Before WOKEN is reported: what was written before a wake that found the flag set is seen by
 * the code that handles WOKEN, and a wake from here on makes an edge of its own. */
static inline void vn_wakeup_answer(struct vn_wakeup *wakeup)
{
    atomic_exchange_explicit(&wakeup->is_asked, false, memory_order_acq_rel);
}

#endif
