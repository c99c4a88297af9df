// SPDX-License-Identifier: MIT
#include "pool.h"

#include <stddef.h>

void *vn_encoders_take(struct vn_encoder_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    void *encoder = pool->count > 0 ? pool->kept[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return encoder;
}

int vn_encoders_give(struct vn_encoder_pool *pool, void *encoder)
{
    pthread_mutex_lock(&pool->lock);
    int is_kept = pool->count < VN_ENCODERS_KEPT_MAX;
    if (is_kept)
        pool->kept[pool->count++] = encoder;
    pthread_mutex_unlock(&pool->lock);
    return is_kept;
}
