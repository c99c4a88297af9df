// SPDX-License-Identifier: MIT
/* watch.h - a descriptor of the user's on the worker's ring. */
#ifndef VN_SERVE_WATCH_H
#define VN_SERVE_WATCH_H

#include "worker.h"

struct vn_watch {
    struct vn_source source; /* first: see ring.h */
    struct vn_link link; /* of the worker's watches, until it is closed */
    struct vn_worker *worker;
    vn_ready *ready;
    void *context;
    bool is_closed;
};

/* The worker ends: close those that are left. */
void vn_watches_close(struct vn_worker *worker);

void vn_watch_event(struct vn_watch *watch, const struct vn_event *event);

#endif
