// SPDX-License-Identifier: MIT
#include "sha1.h"

#include "../base/base.h"

enum { BLOCK = 64, ROUNDS = 80 };

static uint32_t rotate(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           bytes[3];
}

static void write_word(uint8_t *bytes, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t) (word >> (24 - 8 * i));
}

static void expand(const uint8_t *block, uint32_t words[ROUNDS])
{
    for (int i = 0; i < 16; i++)
        words[i] = read_word(block + (ptrdiff_t) 4 * i);
    for (int i = 16; i < ROUNDS; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
}

/* Section 4.1.1: the function of a round, with its constant. */
static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + 0x5a827999;
    if (round < 40)
        return (b ^ c ^ d) + 0x6ed9eba1;
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void digest_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t words[ROUNDS];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    expand(block, words);
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t next = rotate(a, 5) + mix(i, b, c, d) + e + words[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void vn_sha1(vn_span text, uint8_t digest[VN_SHA1_SIZE])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t blocks[2 * BLOCK] = {0};
    assert(text.count <= VN_SHA1_TEXT_MAX);
    memcpy(blocks, text.bytes, text.count);
    blocks[text.count] = 0x80;
    size_t size = text.count + 1 + 8 <= BLOCK ? BLOCK : 2 * BLOCK;
    write_word(blocks + size - 4, (uint32_t) text.count * 8);
    for (size_t at = 0; at < size; at += BLOCK)
        digest_block(state, blocks + at);
    for (int i = 0; i < 5; i++)
        write_word(digest + (ptrdiff_t) 4 * i, state[i]);
}
