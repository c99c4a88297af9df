// SPDX-License-Identifier: MIT
#include "utf8.h"

/* Rows of the table of well-formed sequences in RFC 3629, section 4: the first byte's range, the
 * second's, and the length. All others are 0x80 to 0xbf. */
static const struct {
    uint8_t first_min, first_max, second_min, second_max, count;
} rows[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Bytes of the sequence that these begin with; 0: there is none. */
static size_t measure(vn_span text)
{
    size_t row = 0, rows_count = sizeof rows / sizeof *rows;
    while (row < rows_count &&
           (text.bytes[0] < rows[row].first_min || text.bytes[0] > rows[row].first_max))
        row++;
    if (row == rows_count || text.count < rows[row].count)
        return 0;
    size_t count = rows[row].count;
    if (count > 1 && (text.bytes[1] < rows[row].second_min || text.bytes[1] > rows[row].second_max))
        return 0;
    for (size_t i = 2; i < count; i++)
        if ((text.bytes[i] & 0xc0) != 0x80)
            return 0;
    return count;
}

bool vn_is_utf8(vn_span text)
{
    while (text.count > 0) {
        size_t count = measure(text);
        if (count == 0)
            return false;
        text.bytes += count;
        text.count -= count;
    }
    return true;
}
