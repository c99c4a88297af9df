// SPDX-License-Identifier: MIT
/* random.h - numbers that spread things out and are not secret, the same on every machine. */
#ifndef VN_BASE_RANDOM_H
#define VN_BASE_RANDOM_H

#include "base.h"

/* A number below `below`, which is not 0, by xorshift64*. `state` is not 0. */
static inline uint64_t vn_draw(uint64_t *state, uint64_t below)
{
    assert(*state != 0 && below != 0);
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(2685821657736338717) >> 16) % below;
}

#endif
