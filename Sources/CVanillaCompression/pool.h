// SPDX-License-Identifier: MIT
/* pool.h - encoders between two answers. They are large, and made anew they would cost more than a
 * small answer: all workers share a few. */
#ifndef VN_COMPRESSION_POOL_H
#define VN_COMPRESSION_POOL_H

#include <pthread.h>

enum { VN_ENCODERS_KEPT_MAX = 16 }; /* encoders that are kept */

struct vn_encoder_pool {
    pthread_mutex_t lock;
    int count;
    void *kept[VN_ENCODERS_KEPT_MAX];
};

/* One that is kept; NULL: none is. */
void *vn_encoders_take(struct vn_encoder_pool *pool);

/* Keep one. Returns whether it is kept. */
int vn_encoders_give(struct vn_encoder_pool *pool, void *encoder);

#endif
