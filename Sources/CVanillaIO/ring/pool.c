// SPDX-License-Identifier: MIT
#include "pool.h"

#include <errno.h>
#include <stdlib.h>

int32_t vn_pool_open(struct vn_pool *pool)
{
    *pool = (struct vn_pool) {.memory = aligned_alloc(4096, VN_POOL_BUFFERS * VN_POOL_BUFFER_SIZE)};
    if (pool->memory == NULL)
        return -ENOMEM;
    for (uint16_t i = VN_POOL_BUFFERS; i > 0; i--)
        vn_pool_give(pool, (uint16_t) (i - 1));
    return 0;
}

void vn_pool_close(struct vn_pool *pool)
{
    free(pool->memory);
    *pool = (struct vn_pool) {0};
}

uint16_t vn_pool_take(struct vn_pool *pool)
{
    assert(pool->count > 0);
    return pool->free[--pool->count];
}

void vn_pool_give(struct vn_pool *pool, uint16_t buffer)
{
    assert(buffer < VN_POOL_BUFFERS && pool->count < VN_POOL_BUFFERS);
    pool->free[pool->count++] = buffer;
}
