// SPDX-License-Identifier: MIT
#include "ring.h"

#include <errno.h>

static const struct backend {
    const char *name;
    vn_ring_opener *open;
    const char *systems;
} backends[] = {
    [VN_RING_URING] = {"io_uring", vn_uring_open, "Linux"},
    [VN_RING_EPOLL] = {"epoll", vn_epoll_open, "Linux"},
    [VN_RING_KQUEUE] = {"kqueue", vn_kqueue_open, "macOS and FreeBSD"},
};

vn_ring_opener *vn_ring_opener_of(enum vn_ring_backend backend)
{
    return backends[backend].open;
}

const char *vn_ring_name(enum vn_ring_backend backend)
{
    return backends[backend].name;
}

const char *vn_ring_systems(enum vn_ring_backend backend)
{
    return backends[backend].systems;
}

int32_t vn_ring_open(struct vn_ring **ring, enum vn_ring_backend backend, struct vn_slab *slab,
                     int32_t *refusal)
{
    *refusal = 0;
    if (backend != VN_RING_AUTO)
        return vn_ring_opener_of(backend)(ring, slab);

    int32_t opened = vn_uring_open(ring, slab);
    if (opened == 0)
        return 0;
    if (opened == -ENOTSUP)
        return vn_kqueue_open(ring, slab);
    *refusal = opened;
    return vn_epoll_open(ring, slab);
}
