// SPDX-License-Identifier: MIT
#include "classes.h"

enum {
    TOKEN = VN_CLASS_TOKEN,
    NAME = VN_CLASS_NAME,
    BOTH = VN_CLASS_TOKEN | VN_CLASS_NAME,
};

/* clang-format off */
const uint8_t vn_classes[256] = {
    ['!'] = BOTH, ['#'] = TOKEN, ['$'] = BOTH, ['%'] = TOKEN, ['&'] = BOTH, ['\''] = BOTH,
    ['('] = NAME, [')'] = NAME, ['*'] = BOTH, ['+'] = BOTH, [','] = NAME, ['-'] = BOTH,
    ['.'] = BOTH, ['0' ... '9'] = BOTH, [';'] = NAME, ['='] = NAME, ['A' ... 'Z'] = BOTH,
    ['^'] = TOKEN, ['_'] = BOTH, ['`'] = TOKEN, ['a' ... 'z'] = BOTH, ['|'] = TOKEN, ['~'] = BOTH,
};
/* clang-format on */
