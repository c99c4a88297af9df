// SPDX-License-Identifier: MIT
#include "ring.h"

int32_t vn_ring_open(struct vn_ring **ring, enum vn_ring_backend backend, struct vn_slab *slab,
                     int32_t *refusal)
{
    *refusal = 0;
    if (backend == VN_RING_EPOLL)
        return vn_epoll_open(ring, slab);

    int32_t opened = vn_uring_open(ring, slab);
    if (opened == 0 || backend == VN_RING_URING)
        return opened;
    *refusal = opened;
    return vn_epoll_open(ring, slab);
}
