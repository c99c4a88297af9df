// SPDX-License-Identifier: MIT
/* handover.h - how workers come by connections where the system does not spread them over sockets
 * that share a port: the first worker accepts all of them, and hands them to the workers in turn,
 * itself included. The place that a connection takes of those the server has goes with it. */
#ifndef VN_SERVE_HANDOVER_H
#define VN_SERVE_HANDOVER_H

#include <pthread.h>

#include "connection.h"

/* A worker that connections are handed to. */
struct vn_taker {
    struct vn_worker *worker; /* NULL: it does not take any yet */
    struct vn_source *place; /* the worker's own: its loop does not end before this does */
    vn_task over; /* tells it that there will be no more */
};

struct vn_handover {
    uint32_t count; /* of workers; fixed while they run */
    pthread_mutex_t lock; /* for all below */
    uint32_t next; /* whose turn it is */
    bool is_over; /* nothing is handed over any more */
    struct vn_taker *takers;
};

/* Memory for so many workers, that lives from vn_server_open to vn_server_close. Returns 0 or
 * -errno. */
int32_t vn_handover_init(struct vn_handover *handover, uint32_t count);
void vn_handover_deinit(struct vn_handover *handover);

/* Before the workers of a run begin. */
void vn_handover_reset(struct vn_handover *handover);

/* The worker of that number, which is not the first, takes connections from here on: on its thread.
 * Its loop, which has a slot for this, does not end before vn_handover_finish, unless the time of
 * its stop is over. */
void vn_handover_begin(struct vn_worker *worker, uint32_t number);

/* Whoever's turn it is gets a connection that this worker has accepted and has a place for. Returns
 * false where that is this worker, or nobody else can take it. */
bool vn_handover_give(struct vn_worker *worker, int32_t fd, const struct vn_transport *transport,
                      const struct vn_protocol *protocol, uint8_t listener);

/* The first worker stops: what it accepts from here on is its own. */
void vn_handover_finish(struct vn_handover *handover);

#endif
