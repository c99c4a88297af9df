// SPDX-License-Identifier: MIT
/* scan_blocks.c.h - the scanner by blocks of 16 bytes. A processor's file includes it after
 *
 *     block                      the vector type
 *     load(bytes)                16 bytes, unaligned
 *     load_halves(first, second) 8 bytes of each, unaligned
 *     mark_controls(block), mark_target_ends(block, also), mark_letters(block)
 *                                the block with the bytes in question set to 0xff, the others
 *                                to 0; letters are those of ASCII and "-"
 *     marks(block)               such a block as MARK_BITS bits a byte, the first byte lowest
 *
 * No byte outside of [0, count) is ever read: the last block of a search overlaps the one before
 * it. */

#include "classes.h"
#include "scan.h"

enum { BLOCK = 16, HALF = 8 };

typedef uint64_t find(block bytes, uint8_t also);

static inline uint64_t find_controls(block bytes, uint8_t also)
{
    (void) also;
    return marks(mark_controls(bytes));
}

static inline uint64_t find_target_ends(block bytes, uint8_t also)
{
    return marks(mark_target_ends(bytes, also));
}

/* Most tokens are made of letters and "-". */
static inline uint64_t find_other_than_letters(block bytes, uint8_t also)
{
    (void) also;
    return marks(mark_letters(bytes)) ^ (UINT64_MAX >> (64 - BLOCK * MARK_BITS));
}

/* The first byte in [from, count) that is found, or `count`. There are at least BLOCK bytes in
 * all. */
static inline __attribute__((always_inline)) size_t search(const uint8_t *bytes, size_t from,
                                                           size_t count, find *find, uint8_t also)
{
    size_t last = count - BLOCK;
    for (; from <= last; from += BLOCK) {
        uint64_t found = find(load(bytes + from), also);
        if (found != 0)
            return from + (size_t) __builtin_ctzll(found) / MARK_BITS;
    }
    if (from == count)
        return count;
    size_t seen = BLOCK - (count - from);
    uint64_t found = find(load(bytes + last), also) >> seen * MARK_BITS;
    return found != 0 ? from + (size_t) __builtin_ctzll(found) / MARK_BITS : count;
}

/* The same for fewer than BLOCK bytes in all, of which there are at least HALF: the halves
 * overlap. */
static inline size_t search_halves(const uint8_t *bytes, size_t from, size_t count)
{
    uint64_t found = find_controls(load_halves(bytes, bytes + count - HALF), 0);
    uint64_t first = found & ((UINT64_C(1) << HALF * MARK_BITS) - 1);
    uint64_t last = found >> HALF * MARK_BITS;
    found = (first | last << (count - HALF) * MARK_BITS) >> from * MARK_BITS;
    return found != 0 ? from + (size_t) __builtin_ctzll(found) / MARK_BITS : count;
}

static inline size_t search_control(const uint8_t *bytes, size_t from, size_t count)
{
    if (vn_likely(count >= BLOCK))
        return search(bytes, from, count, find_controls, 0);
    return count >= HALF ? search_halves(bytes, from, count)
                         : vn_scan_control_portable(bytes, from, count);
}

/* Bytes other than these are rare in a token, and are looked at one by one. */
static inline size_t search_token(const uint8_t *bytes, size_t from, size_t count)
{
    if (count >= BLOCK)
        from = search(bytes, from, count, find_other_than_letters, 0);
    while (from < count && vn_is_token_byte(bytes[from]))
        from++;
    return from;
}

static inline size_t search_target(const uint8_t *bytes, size_t from, size_t count, uint8_t also)
{
    return count >= BLOCK ? search(bytes, from, count, find_target_ends, also)
                          : vn_scan_target_portable(bytes, from, count, also);
}

#include "scan_grammar.c.h"

int32_t vn_scan_head(vn_request *request, const uint8_t *bytes, size_t count,
                     const struct vn_scan_limits *limits)
{
    return scan_head(request, bytes, count, limits);
}

int32_t vn_scan_trailers(vn_request *request, const uint8_t *bytes, size_t count,
                         const struct vn_scan_limits *limits)
{
    return scan_trailers(request, bytes, count, limits);
}

size_t vn_scan_control(const uint8_t *bytes, size_t from, size_t count)
{
    return search_control(bytes, from, count);
}

size_t vn_scan_token(const uint8_t *bytes, size_t from, size_t count)
{
    return search_token(bytes, from, count);
}

size_t vn_scan_target(const uint8_t *bytes, size_t from, size_t count, uint8_t also)
{
    return search_target(bytes, from, count, also);
}
