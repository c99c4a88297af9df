// SPDX-License-Identifier: MIT
/* offline.h - the worker of a server that needs no start: whose handlers it has. */
#ifndef VN_SERVER_OFFLINE_H
#define VN_SERVER_OFFLINE_H

#include "state.h"

/* With the server's offline_lock, and its loop entered. The handlers begin unless they did. */
void vn_offline_begin(struct vn_server *server);

/* They end, where they began. */
void vn_offline_end(struct vn_server *server);

#endif
