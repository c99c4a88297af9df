// SPDX-License-Identifier: MIT
/* pool.h - the receive buffers of a readiness backend: a few, the one given back last used
 * first, so that it is still in the cache. As many requests make one turn, whose queries leave
 * together; twice as many again no longer fit the cache beside the rest, and cost more than that
 * gains. */
#ifndef VN_RING_POOL_H
#define VN_RING_POOL_H

#include "../base/base.h"

enum { VN_POOL_BUFFERS = 32, VN_POOL_BUFFER_SIZE = 16384 };

struct vn_pool {
    uint8_t *memory;
    uint32_t count; /* of free ones */
    uint16_t free[VN_POOL_BUFFERS];
};

/* Returns 0 or -ENOMEM. */
int32_t vn_pool_open(struct vn_pool *pool);
void vn_pool_close(struct vn_pool *pool);

/* One must be free. */
uint16_t vn_pool_take(struct vn_pool *pool);
void vn_pool_give(struct vn_pool *pool, uint16_t buffer);

static inline uint8_t *vn_pool_bytes(const struct vn_pool *pool, uint16_t buffer)
{
    return pool->memory + (size_t) buffer * VN_POOL_BUFFER_SIZE;
}

#endif
