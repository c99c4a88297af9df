// SPDX-License-Identifier: MIT
/* scan_arm.c - the scanner with NEON, which every 64-bit ARM has. */
#if defined(__aarch64__)

#include <arm_neon.h>
#include <stdint.h>

enum { MARK_BITS = 4 };

typedef uint8x16_t block;

static inline block load(const uint8_t *bytes)
{
    return vld1q_u8(bytes);
}

/* There is no movemask: shifting each pair of bytes right by 4 and narrowing it leaves 4 bits of
 * each. */
static inline block load_halves(const uint8_t *first, const uint8_t *second)
{
    return vcombine_u8(vld1_u8(first), vld1_u8(second));
}

static inline uint64_t marks(block marked)
{
    uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(marked), 4);
    return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
}

static inline block equal(block bytes, uint8_t byte)
{
    return vceqq_u8(bytes, vdupq_n_u8(byte));
}

static inline block either(block a, block b)
{
    return vorrq_u8(a, b);
}

static inline block mark_not_visible(block bytes)
{
    return vcgeq_u8(vsubq_u8(bytes, vdupq_n_u8(0x21)), vdupq_n_u8(0x7f - 0x21));
}

/* From `low` on, `count` bytes. */
static inline block mark_range(block bytes, uint8_t low, uint8_t count)
{
    return vcltq_u8(vsubq_u8(bytes, vdupq_n_u8(low)), vdupq_n_u8(count));
}

static inline block mark_controls(block bytes)
{
    block low = vcltq_u8(bytes, vdupq_n_u8(0x20));
    return either(vbicq_u8(low, equal(bytes, '\t')), equal(bytes, 0x7f));
}

static inline block mark_letters(block bytes)
{
    block lower = either(bytes, vdupq_n_u8(0x20));
    return either(mark_range(lower, 'a', 26), equal(bytes, '-'));
}

static inline block mark_target_ends(block bytes, uint8_t also)
{
    return either(mark_not_visible(bytes), either(equal(bytes, '#'), equal(bytes, also)));
}

#include "scan_blocks.c.h"

#endif
