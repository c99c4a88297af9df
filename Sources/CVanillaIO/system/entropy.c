// SPDX-License-Identifier: MIT
#include "entropy.h"

#include <sys/random.h>
#include <unistd.h>

#include "clock.h"

uint32_t vn_entropy(void)
{
    uint32_t number;
    if (getentropy(&number, sizeof number) < 0)
        number = (uint32_t) (vn_clock_second() ^ (int64_t) vn_clock_nanoseconds());
    return number;
}
