// SPDX-License-Identifier: MIT
/* digits.h - numbers to text and back, for lengths and chunk sizes. */
#ifndef VN_HTTP_DIGITS_H
#define VN_HTTP_DIGITS_H

#include "../base/base.h"

enum { VN_DECIMAL_MAX = 20, VN_HEX_MAX = 16 };

/* Write `value` in decimal; returns one past the last digit. */
static inline uint8_t *vn_write_decimal(uint8_t *at, uint64_t value)
{
    uint8_t digits[VN_DECIMAL_MAX];
    size_t count = 0;
    do {
        digits[count++] = (uint8_t) ('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

/* Write `value` in lower-case hexadecimal; returns one past the last digit. */
static inline uint8_t *vn_write_hex(uint8_t *at, uint64_t value)
{
    int shift = value == 0 ? 0 : (63 - __builtin_clzll(value)) / 4 * 4;
    for (; shift >= 0; shift -= 4)
        *at++ = (uint8_t) "0123456789abcdef"[value >> shift & 15];
    return at;
}

/* The value of 1*DIGIT, or -1: empty, another byte, or above 2^63-1. */
static inline int64_t vn_parse_decimal(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    if (count == 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        uint8_t digit = (uint8_t) (bytes[i] - '0');
        if (digit > 9 || value > ((uint64_t) INT64_MAX - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    return (int64_t) value;
}

/* The value of a hexadecimal digit, or -1. */
static inline int32_t vn_parse_hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

#endif
