// SPDX-License-Identifier: MIT
/* uring_new.h - constants of the kernel's interface that are newer than the headers of liburing
 * 2.3. */
#ifndef VN_RING_URING_NEW_H
#define VN_RING_URING_NEW_H

/* Linux 6.6: the submission queue is its entries, with no array of indices before them. */
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

#endif
