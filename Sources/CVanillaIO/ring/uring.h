// SPDX-License-Identifier: MIT
/* uring.h - an io_uring of a given kind, so that tests can have what an older kernel would give. */
#ifndef VN_RING_URING_H
#define VN_RING_URING_H

#include "ring.h"

struct vn_uring_setup {
    uint32_t flags; /* IORING_SETUP_... */
    uint32_t entries; /* of the submission queue */
    uint32_t completions; /* of the completion queue */
};

/* Open a ring with exactly this setup. Returns 0, -errno, or -EOPNOTSUPP when the kernel takes
 * the setup but does not receive as it should. */
int32_t vn_uring_open_with(struct vn_ring **ring, struct vn_slab *slab,
                           const struct vn_uring_setup *setup);

#endif
