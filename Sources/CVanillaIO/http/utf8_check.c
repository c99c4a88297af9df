// SPDX-License-Identifier: MIT
#include "utf8_check.h"

#include "../base/base.h"

enum { STEP = 32 }; /* bytes that are looked at together: the compiler has registers for these */

/* Rows of the table in RFC 3629, section 4: a first byte up to `first_max`, beyond those of the
 * row before; how many follow it, and the range of the next. */
static const struct {
    uint8_t first_max, left, min, max;
} rows[] = {
    {0xdf, 1, 0x80, 0xbf}, {0xe0, 2, 0xa0, 0xbf}, {0xec, 2, 0x80, 0xbf}, {0xed, 2, 0x80, 0x9f},
    {0xef, 2, 0x80, 0xbf}, {0xf0, 3, 0x90, 0xbf}, {0xf3, 3, 0x80, 0xbf}, {0xf4, 3, 0x80, 0x8f},
};

/* The first byte of a sequence beyond ASCII. Returns false where there is none like it. */
static bool begin_sequence(struct vn_utf8_check *check, uint8_t byte)
{
    size_t row = 0;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    while (byte > rows[row].first_max)
        row++;
    *check = (struct vn_utf8_check) {rows[row].left, rows[row].min, rows[row].max};
    return true;
}

static inline bool check_byte(struct vn_utf8_check *check, uint8_t byte)
{
    if (check->left == 0)
        return byte < 0x80 || begin_sequence(check, byte);
    if (byte < check->min || byte > check->max)
        return false;
    *check = (struct vn_utf8_check) {(uint8_t) (check->left - 1), 0x80, 0xbf};
    return true;
}

size_t vn_utf8_check_portable(struct vn_utf8_check *check, vn_span piece)
{
    for (size_t i = 0; i < piece.count; i++)
        if (!check_byte(check, piece.bytes[i]))
            return i;
    return piece.count;
}

static inline bool is_ascii(const uint8_t *bytes)
{
    uint64_t words[STEP / 8];
    memcpy(words, bytes, sizeof words);
    return ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080) == 0;
}

size_t vn_utf8_check(struct vn_utf8_check *check, vn_span piece)
{
    size_t at = 0;
    while (at < piece.count) {
        if (check->left == 0) {
            while (piece.count - at >= STEP && is_ascii(piece.bytes + at))
                at += STEP;
            if (at == piece.count)
                break;
        }
        /* Beyond ASCII, where the next bytes mostly are so too. */
        size_t end = vn_smaller(at + STEP, piece.count);
        for (; at < end; at++)
            if (!check_byte(check, piece.bytes[at]))
                return at;
    }
    return at;
}
