// SPDX-License-Identifier: MIT
/* listener_other.c - listening on systems that cannot end it, or share it, as Linux does. */
#include "listener.h"

#if !defined(__linux__)

void vn_listener_finish(int32_t fd)
{
    (void) fd;
}

bool vn_listener_is_balanced(void)
{
    return false;
}

#endif
