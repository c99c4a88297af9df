// SPDX-License-Identifier: MIT
/* serving.h - a worker without sockets, for checks: what opens it, and what is in it. */
#ifndef VN_CHECKS_SERVING_H
#define VN_CHECKS_SERVING_H

#include "ring/loopback.h"
#include "serve/acceptor.h"
#include "serve/http1.h"

/* Returns 0 or -errno. */
static inline int32_t serving_open(struct vn_worker *worker, vn_ring_opener *opener,
                                   uint32_t connections, uint32_t watches)
{
    return vn_worker_open(worker, opener, vn_acceptor_slot_size(), connections, watches, 64, 0);
}

/* A connection that speaks HTTP/1.1 as it is. */
static inline struct vn_connection *serving_connect(struct vn_worker *worker)
{
    return vn_connection_open(worker, -1, &vn_transport_plain, &vn_protocol_http1, 0);
}

/* The connection that is number `skip` in the order of their slots, or NULL. */
static inline struct vn_connection *serving_find(const struct vn_worker *worker, uint32_t skip)
{
    const struct vn_slab *slab = &worker->loop.sources;
    for (uint32_t i = 0; i < slab->fresh; i++) {
        struct vn_connection *connection =
            vn_slab_is_taken(slab, i) ? vn_connection_of(vn_slab_slot(slab, i)) : NULL;
        if (connection != NULL && skip-- == 0)
            return connection;
    }
    return NULL;
}

static inline struct vn_connection *serving_first(const struct vn_worker *worker)
{
    return serving_find(worker, 0);
}

#endif
