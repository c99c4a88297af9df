// SPDX-License-Identifier: MIT
/* classes.h - what a byte may be part of. */
#ifndef VN_HTTP_CLASSES_H
#define VN_HTTP_CLASSES_H

#include "../base/base.h"

enum {
    VN_CLASS_TOKEN = 1 << 0, /* tchar: RFC 9110, section 5.6.2 */
    VN_CLASS_NAME = 1 << 1,  /* unreserved and sub-delims: RFC 3986, sections 2.2 and 2.3 */
};

extern const uint8_t vn_classes[256];

static inline bool vn_is_token_byte(uint8_t byte)
{
    return (vn_classes[byte] & VN_CLASS_TOKEN) != 0;
}

static inline bool vn_is_name_byte(uint8_t byte)
{
    return (vn_classes[byte] & VN_CLASS_NAME) != 0;
}

/* A control byte other than HTAB: what no field value may hold (RFC 9110, section 5.5). */
static inline bool vn_is_control_byte(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

static inline bool vn_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static inline bool vn_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

#endif
