// SPDX-License-Identifier: MIT
/* stall.h - how a client takes its bytes, looked at now and then while some wait for it.
 *
 * What the socket took says little: its buffer hides a client that reads, but slowly, and one that
 * reads a little now and then to keep the connection. What the client acknowledged tells both.
 * Times are milliseconds. */
#ifndef VN_LOOP_STALL_H
#define VN_LOOP_STALL_H

#include "../base/base.h"

struct vn_stall {
    uint64_t looked; /* when that was, or when there was output first */
    uint64_t taken; /* bytes that had arrived there then */
    uint64_t begun; /* when the time began over which the rate is measured; 0: not yet */
    uint64_t base; /* bytes that had arrived then */
};

/* When to look, or to be sure that it takes nothing: `progress` is when it last took bytes, `span`
 * the time in which it must; 0: never. */
uint64_t vn_stall_deadline(const struct vn_stall *stall, uint64_t progress, uint32_t span);

/* Note how many bytes have arrived there. `begins`: the rate is measured from now on. Returns
 * whether it took any since the last look. */
bool vn_stall_note(struct vn_stall *stall, uint64_t now, uint64_t taken, bool begins);

/* Whether it took `rate` bytes a second over each `span` of time. */
bool vn_stall_is_fast(struct vn_stall *stall, uint64_t now, uint32_t span, uint32_t rate);

#endif
