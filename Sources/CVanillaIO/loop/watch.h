// SPDX-License-Identifier: MIT
/* watch.h - a descriptor of the user's on the loop's ring. */
#ifndef VN_LOOP_WATCH_H
#define VN_LOOP_WATCH_H

#include "loop.h"

enum {
    VN_WATCHES_MAX = 65536, /* descriptors that are watched on one loop */
    VN_WATCHES_OFFLINE = 64, /* the same without a started server */
};

struct vn_watch {
    struct vn_source source; /* first: see ring.h */
    struct vn_loop *loop;
    vn_ready *ready;
    void *context;
    bool is_closed;
};

#endif
