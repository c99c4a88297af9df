// SPDX-License-Identifier: MIT
/* acceptor.h - a listening socket on a worker's ring. What it accepts becomes a connection. */
#ifndef VN_SERVE_ACCEPTOR_H
#define VN_SERVE_ACCEPTOR_H

#include "connection.h"

/* What the connections of a listener speak. */
struct vn_lane {
    const struct vn_transport *transport;
    const struct vn_protocol *protocol;
    uint8_t listener; /* its place in vn_config */
};

/* Slots that an acceptor needs beyond those of connections: its own, and what it delivers at its
 * end, when its backlog is this. */
uint32_t vn_acceptor_slots(uint32_t backlog);

/* The size of a slot that holds any source of a worker. */
size_t vn_acceptor_slot_size(void);

/* Accept from a listening descriptor, which is taken over, from now until the worker drains. Where
 * workers hand connections over (handover.h), their first one does this for all. */
void vn_acceptor_open(struct vn_worker *worker, int32_t fd, const struct vn_lane *lane);

/* Once all are open: accept. */
void vn_acceptors_begin(struct vn_worker *worker);

#endif
