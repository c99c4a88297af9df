// SPDX-License-Identifier: MIT
#include "stall.h"

#include "wheel.h"

enum { LOOKS_IN_SPAN = 4 }; /* at least, in the time after which a client must have taken bytes */

uint64_t vn_stall_deadline(const struct vn_stall *stall, uint64_t progress, uint32_t span)
{
    return span == 0 ? 0 : vn_sooner(stall->looked + span / LOOKS_IN_SPAN + 1, progress + span);
}

bool vn_stall_note(struct vn_stall *stall, uint64_t now, uint64_t taken, bool begins)
{
    if (stall->begun == 0 || begins) {
        *stall = (struct vn_stall) {now, taken, now, taken};
        return false;
    }
    bool took = taken > stall->taken;
    if (took)
        stall->taken = taken;
    stall->looked = now;
    return took;
}

bool vn_stall_is_fast(struct vn_stall *stall, uint64_t now, uint32_t span, uint32_t rate)
{
    uint64_t time = now - stall->begun;
    if (time < span)
        return true;
    if ((stall->taken - stall->base) * 1000 < rate * time)
        return false;
    stall->begun = now;
    stall->base = stall->taken;
    return true;
}
