// SPDX-License-Identifier: MIT
/* tag_hash.c - XXH3-128 for entity tags, compiled into this file from the header of libxxhash, so
 * that nothing is linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../base/base.h"
#include "../include/vn_conditional.h"

/* A state of the library wants more of its address than a uint64_t does. */
enum { ALIGNMENT = _Alignof(XXH3_state_t) };
static_assert(sizeof(XXH3_state_t) + ALIGNMENT <= sizeof(vn_tag_hasher), "vn_tag_hasher.state");

/* Write 8 digits at once: a nibble becomes a byte, and bytes above 9 are letters. */
static void write_digits(uint8_t *text, uint32_t bits)
{
    uint64_t digits = bits;
    digits = (digits | digits << 16) & 0x0000ffff0000ffff;
    digits = (digits | digits << 8) & 0x00ff00ff00ff00ff;
    digits = (digits | digits << 4) & 0x0f0f0f0f0f0f0f0f;
    uint64_t letters = (digits + 0x0606060606060606) >> 4 & 0x0101010101010101;
    digits += 0x3030303030303030 + letters * ('a' - '0' - 10);
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        digits = __builtin_bswap64(digits); /* the first digit is the highest */
    memcpy(text, &digits, sizeof digits);
}

static void write_half(uint8_t *text, uint64_t half)
{
    write_digits(text, (uint32_t) (half >> 32));
    write_digits(text + 8, (uint32_t) half);
}

/* In the order of the canonical form, which is what xxhsum prints. */
static void write_hash(uint8_t *text, XXH128_hash_t hash)
{
    write_half(text, hash.high64);
    write_half(text + VN_TAG_HASH_SIZE / 2, hash.low64);
}

void vn_tag_hash(vn_span bytes, uint8_t text[VN_TAG_HASH_SIZE])
{
    write_hash(text, XXH3_128bits(bytes.bytes, bytes.count));
}

/* The bytes of a hasher hold a state of the library from its begin on. */
static XXH3_state_t *state_of(const vn_tag_hasher *hasher)
{
    uintptr_t at = (uintptr_t) hasher;
    return (XXH3_state_t *) ((at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

void vn_tag_hasher_begin(vn_tag_hasher *hasher)
{
    XXH3_128bits_reset(state_of(hasher));
}

void vn_tag_hasher_add(vn_tag_hasher *hasher, vn_span bytes)
{
    if (bytes.count > 0)
        XXH3_128bits_update(state_of(hasher), bytes.bytes, bytes.count);
}

void vn_tag_hasher_write(const vn_tag_hasher *hasher, uint8_t text[VN_TAG_HASH_SIZE])
{
    write_hash(text, XXH3_128bits_digest(state_of(hasher)));
}
