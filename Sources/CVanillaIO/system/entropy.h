// SPDX-License-Identifier: MIT
/* entropy.h - a number that nobody foresees and that two processes do not share. */
#ifndef VN_SYSTEM_ENTROPY_H
#define VN_SYSTEM_ENTROPY_H

#include "../base/base.h"

/* 32 bits from the system; from the clock where it has none to give. */
uint32_t vn_entropy(void);

#endif
