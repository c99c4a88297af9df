// SPDX-License-Identifier: MIT
/* scan_x86.c - the scanner with SSE2, which every x86-64 has. */
#if defined(__x86_64__)

#include <emmintrin.h>
#include <stdint.h>

enum { MARK_BITS = 1 };

typedef __m128i block;

static inline block load(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *) (const void *) bytes);
}

static inline block load_halves(const uint8_t *first, const uint8_t *second)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *) (const void *) first),
                              _mm_loadl_epi64((const __m128i *) (const void *) second));
}

static inline uint64_t marks(block marked)
{
    return (uint32_t) _mm_movemask_epi8(marked);
}

static inline block equal(block bytes, char byte)
{
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}

static inline block either(block a, block b)
{
    return _mm_or_si128(a, b);
}

/* Below 0x21, or above 0x7f: as signed bytes both are less than 0x21. */
static inline block mark_not_visible(block bytes)
{
    return either(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x21)), equal(bytes, 0x7f));
}

/* From `low` on, `count` bytes. */
static inline block mark_range(block bytes, char low, char count)
{
    block above = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char) (count - 1))), above);
}

static inline block mark_controls(block bytes)
{
    block low = mark_range(bytes, 0, 0x20);
    return either(_mm_andnot_si128(equal(bytes, '\t'), low), equal(bytes, 0x7f));
}

static inline block mark_letters(block bytes)
{
    block lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    return either(mark_range(lower, 'a', 26), equal(bytes, '-'));
}

static inline block mark_target_ends(block bytes, uint8_t also)
{
    return either(mark_not_visible(bytes), either(equal(bytes, '#'), equal(bytes, (char) also)));
}

#include "scan_blocks.c.h"

#endif
