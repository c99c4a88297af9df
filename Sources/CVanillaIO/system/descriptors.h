// SPDX-License-Identifier: MIT
/* descriptors.h - the descriptors of this process: how many it may have, and the first three. */
#ifndef VN_SYSTEM_DESCRIPTORS_H
#define VN_SYSTEM_DESCRIPTORS_H

#include "../base/base.h"

/* The soft limit (getrlimit(2)); 0 when it cannot be told. */
uint64_t vn_descriptor_limit(void);

/* Raise the soft limit to the hard one, but not above a million, which programs that go through all
 * possible descriptors would not get through. */
void vn_descriptor_raise_limit(void);

/* Open what is closed of standard input, output and error on /dev/null: otherwise a connection gets
 * such a number, and whatever is printed goes to its client. */
void vn_descriptor_open_standard(void);

/* A descriptor of the same open file that is closed on exec. Returns it or -errno. */
int32_t vn_descriptor_duplicate(int32_t fd);

#endif
