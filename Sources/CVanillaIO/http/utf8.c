// SPDX-License-Identifier: MIT
#include "utf8.h"

/* Rows of the table of well-formed sequences in RFC 3629, section 4, without that of ASCII: the
 * first byte's range, the second's, and the length. All others are 0x80 to 0xbf. */
static const struct {
    uint8_t first_min, first_max, second_min, second_max, count;
} rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

int32_t vn_utf8_measure(vn_span text)
{
    size_t row = 0, rows_count = sizeof rows / sizeof *rows;
    while (row < rows_count &&
           (text.bytes[0] < rows[row].first_min || text.bytes[0] > rows[row].first_max))
        row++;
    if (row == rows_count)
        return -1;
    for (size_t i = 1; i < rows[row].count; i++) {
        uint8_t min = i == 1 ? rows[row].second_min : 0x80;
        uint8_t max = i == 1 ? rows[row].second_max : 0xbf;
        if (i == text.count)
            return 0;
        if (text.bytes[i] < min || text.bytes[i] > max)
            return -1;
    }
    return rows[row].count;
}
